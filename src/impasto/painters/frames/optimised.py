"""Painting of frames by optimisation, with a temporal loss to earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Unpack

import torch
from torch import Tensor

from impasto.catalogue.measured import Style, StyleView
from impasto.clips import Guide
from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError
from impasto.objectives import Samples, StyleStatistics
from impasto.optimize import colours
from impasto.optimize.engine import paint
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import style_uses
from impasto.painters.painter import FrameCancelled
from impasto.painters.sources import (
    StyleLike,
    arrange,
    check_style_files,
    load_encoder,
    load_style,
    normalised,
    with_layer_names,
)
from impasto.progress import Cancel, ProgressCallback
from impasto.tensors import plane_to_tensor, to_tensor
from impasto.types import Picture, Pixels


@dataclass(frozen=True)
class CachedStyle:
    """A style that caches its statistics for each size."""

    style: Style
    _known: dict[Any, StyleStatistics] = field(default_factory=dict, repr=False)

    def statistics(
        self, encoder: FeatureExtractor, layers: Sequence[str], long_side: float, **view: Unpack[StyleView]
    ) -> StyleStatistics:
        if view.get("mask") is not None:
            return self.style.statistics(encoder, layers, long_side, **view)
        key = (id(encoder), tuple(layers), long_side)
        if key not in self._known:
            self._known[key] = self.style.statistics(encoder, layers, long_side, **view)
        return self._known[key]

    def samples(self, *arguments: Any, **view: Any) -> Samples:
        return self.style.samples(*arguments, **view)


class OptimisedFramePainter:
    """A painter of frames by optimisation (Gatys et al. 2016; Ruder et al. 2016, section 4).

    The first frame of a scene is painted as ``impasto.stylize`` paints a photograph, from coarse to fine.
    A guided frame starts from the guide, at full size only, for ``next_iterations``; the temporal loss is
    the mean square of its difference to the guide's targets, weighted with ``temporal_weight``.

    A departure: Ruder et al. start guided frames from the warped painting everywhere. Where the flow is
    unreliable, this starts from the photograph, as the first frame does: few iterations cannot repair
    a badly warped region.
    """

    is_guided: Literal[True] = True

    def __init__(
        self,
        styles: Sequence[StyleLike],
        options: OptimizeOptions,
        first: Pixels,
        *,
        temporal_weight: float,
        next_iterations: int,
        on_progress: ProgressCallback | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        """``first``: the first frame, (H, W, 3), on which activations are normalised for all frames.

        Raises OptionError and its subclasses for unusable input, WeightsMissingError without weights.
        """
        if options.init not in ("fast", "content"):
            raise OptionError(
                f"films start from one pass or from the frame itself: expected init fast or content; got "
                f"{options.init}"
            )
        if options.seamless is not None:
            raise OptionError("the frames of a film have seams at their edges: expected no seamless")
        height, width = first.shape[:2]
        sampling = options.replace(size=(width, height)).style_sampling()
        loaded = [load_style(style, **sampling) for style in styles]
        network = normalised(load_encoder(options), options, Picture(first), loaded)
        options = with_layer_names(options, network)
        check_style_files(loaded, network, options)
        self.options = options.replace(size=(width, height))
        self.network = network
        recoloured = options.color in ("match-style", "luminance-first")
        self.styles: list[Style] = list(loaded) if recoloured else [CachedStyle(style) for style in loaded]
        self.temporal_weight = temporal_weight
        self.next_options = self.options.replace(
            min_size=0, iterations=next_iterations, coarse_iterations=None, first_iterations=None
        )
        self.on_progress = on_progress
        self.cancel = cancel

    def paint(self, frame: Pixels, guide: Guide | None) -> Pixels:
        """See ``clips.FramePainter``. Raises FrameCancelled once ``cancel`` returns True."""
        options = self.options if guide is None else self.next_options
        painted, styles = colours.prepare(Picture(frame), self.styles, options)
        places = arrange(painted, style_uses(styles, options), [], [], options)
        painting = paint(
            painted,
            places,
            self.network,
            options,
            start=None if guide is None else Picture(guide.start),
            extra_losses=None if guide is None else {"temporal": self._temporal(guide)},
            on_progress=self.on_progress,
            cancel=self.cancel,
        )
        if painting.cancelled:
            raise FrameCancelled
        return painting.pixels

    def finish(self, pixels: Pixels, frame: Pixels) -> Pixels:
        """Return ``pixels`` with the colours that ``options`` ask for."""
        return colours.finish(pixels, frame, self.options)

    def describe(self) -> str:
        """Return a description of the network: its name, weights and settings."""
        return str(self.network.describe())

    def _temporal(self, guide: Guide) -> Callable[[Tensor], Tensor]:
        """Return the loss of Ruder et al. 2016, equation 7, for all earlier frames together."""
        wanted: list[tuple[Tensor, Tensor]] = []

        def loss(image: Tensor) -> Tensor:
            if not wanted:
                for pixels, weight in guide.wanted:
                    row = to_tensor(pixels, image.device), plane_to_tensor(weight, image.device)
                    wanted.append(row)
            parts = [(weight * (image - pixels).square()).mean() for pixels, weight in wanted]
            return self.temporal_weight * torch.stack(parts).sum()

        return loss
