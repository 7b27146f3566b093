"""Painting of frames by optimisation, with a temporal loss to earlier ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal, Unpack

import torch
from torch import Tensor
from torch.nn import functional

from impasto.catalogue.loader import StyleLike, load_style
from impasto.catalogue.measured import Style, StyleView
from impasto.clips import Aim, Guide, GuidedPainting
from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError, StyleError
from impasto.imaging.read_options import READING, ReadOptions
from impasto.inference.any_painting import AnyPaintingPainter
from impasto.metrics.steadiness import hardness
from impasto.objectives import Samples, StyleStatistics
from impasto.optimize import colours
from impasto.optimize.engine import least_side, paint
from impasto.optimize.one_pass import network_for, one_pass
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import Place, style_uses
from impasto.painters.frames.softness import softened
from impasto.painters.painter import FrameCancelled
from impasto.painters.sources import arrange, check_style_files, encoder_for, normalised, with_layer_names
from impasto.progress import Cancel, Progress, ProgressCallback
from impasto.tensors import plane_to_tensor, to_pixels, to_tensor, with_gradients
from impasto.types import Painting, Picture, Pixels

TEMPORAL = "temporal"
BINOMIAL = torch.tensor([1, 4, 6, 4, 1]) / 16
NEAR = 1.02
"""A guided frame is finished when its loss is at most this multiple of its aim. Frames painted alone end at
0.93 to 1.02 times the loss expected from their start and the first frame of their scene."""
TINY = 1e-12


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

    @property
    def has_samples(self) -> bool:
        return self.style.has_samples

    def samples(self, *arguments: Any, **view: Any) -> Samples:
        return self.style.samples(*arguments, **view)


@dataclass
class _Target:
    """The loss at which a guided frame is finished, without the temporal loss."""

    aim: float
    on_progress: ProgressCallback | None
    cancel: Cancel | None
    loss: float = math.inf

    def report(self, event: Progress) -> None:
        self.loss = event.losses["total"] - event.losses[TEMPORAL]
        if self.on_progress is not None:
            self.on_progress(event)

    @property
    def reached(self) -> bool:
        return self.loss <= self.aim

    def is_over(self) -> bool:
        return self.reached or (self.cancel is not None and self.cancel())


class OptimisedFramePainter:
    """A painter of frames by optimisation (Gatys et al. 2016; Ruder et al. 2016, section 4).

    The first frame of a scene is painted as ``impasto.stylize`` paints a photograph, from coarse to fine.
    A guided frame starts from the guide, at full size only, and is painted until its loss without the
    temporal one is near the guide's aim, or for ``next_iterations``; its finest detail is then reduced if it
    is harder than the aim. The temporal loss is the mean square of its difference from the guide's targets,
    weighted with ``temporal_weight``.

    Departures: Ruder et al. start guided frames from the warped painting everywhere. Where the flow is
    unreliable, this starts from one pass of the network for any painting (with ``init`` content from the
    photograph), as the first frame does: few iterations cannot repair a badly warped region. The finest
    detail of the difference counts a quarter, since warping from frame to frame blurs it and the style loss
    must restore it; softening removes what that restores in excess near the finest frequency, which the loss
    hardly measures.
    """

    is_guided: Literal[True] = True

    @with_gradients()
    def __init__(
        self,
        styles: Sequence[StyleLike],
        options: OptimizeOptions,
        first: Pixels,
        *,
        reading: ReadOptions = READING,
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
                f"films start from the fast network's painting or from the frame itself: expected init "
                f"fast or content; got {options.init}"
            )
        if options.seamless is not None:
            raise OptionError("the frames of a film have seams at their edges: expected no seamless")
        height, width = first.shape[:2]
        sampling = options.replace(size=(width, height)).style_sampling()
        loaded = [load_style(style, **sampling, reading=reading) for style in styles]
        network = normalised(encoder_for(options), options, Picture(first), loaded)
        options = with_layer_names(options, network)
        check_style_files(loaded, network, options)
        self.options = options.replace(size=(width, height))
        least_side(network, options, width, height)
        self.network = network
        recoloured = options.color in ("match-style", "luminance-first")
        self.styles: list[Style] = list(loaded) if recoloured else [CachedStyle(style) for style in loaded]
        self._one_pass_styles = [
            (style, use.weight) for style, use in zip(loaded, style_uses(loaded, options), strict=True)
        ]
        self.temporal_weight = temporal_weight
        self.next_options = self.options.replace(
            min_size=0, iterations=next_iterations, coarse_iterations=None, first_iterations=None
        )
        self.on_progress = on_progress
        self.cancel = cancel

    @with_gradients()
    def paint(self, frame: Pixels, guide: Guide | None) -> GuidedPainting:
        """See ``clips.FramePainter``. Raises FrameCancelled once ``cancel`` returns True."""
        options = self.options if guide is None else self.next_options
        painted, styles = colours.prepare(Picture(frame), self.styles, options)
        places = arrange(painted, style_uses(styles, options), [], [], options)
        fresh = self._fresh(painted.pixels, places)
        paint_on = partial(paint, painted, places, self.network)
        # A photograph's hardness does not predict a painting's: without one pass, use the first frame's.
        scale = Aim(self._loss(paint_on, fresh), 1.0 if fresh is painted.pixels else hardness(fresh))
        if guide is None:
            painting = paint_on(options, on_progress=self.on_progress, cancel=self.cancel)
            if painting.cancelled:
                raise FrameCancelled
            return _painted(painting.pixels, painting.losses["total"], scale)
        start = guide.start + guide.bare[..., None] * (fresh - frame)
        target = _Target(NEAR * guide.aim.loss * scale.loss, self.on_progress, self.cancel)
        painting = paint_on(
            options,
            start=Picture(start),
            extra_losses={TEMPORAL: self._temporal(guide)},
            on_progress=target.report,
            cancel=target.is_over,
        )
        if painting.cancelled and not target.reached:
            raise FrameCancelled
        found = start if target.reached and painting.iterations == 1 else painting.pixels
        return _painted(softened(found, guide.aim.hardness * scale.hardness), target.loss, scale)

    def finish(self, pixels: Pixels, frame: Pixels) -> Pixels:
        """Return ``pixels`` with the colours that ``options`` require."""
        return colours.finish(pixels, frame, self.options)

    def describe(self) -> str:
        """Return a description of the network: its name, weights and settings."""
        return str(self.network.describe())

    def _fresh(self, photo: Pixels, places: Sequence[Place]) -> Pixels:
        """Return the start of a frame painted alone: ``photo`` painted in one pass, or unchanged."""
        if self.options.init != "fast":
            return photo
        side = self.options.style_side(max(photo.shape[:2]))
        try:
            return to_pixels(one_pass(to_tensor(photo), places, side, painter=self._one_pass_network))
        except StyleError:  # a tiny frame or a negative share, as in the first frame
            return photo

    def _loss(self, paint_on: Callable[..., Painting], picture: Pixels) -> float:
        """Return the loss of ``picture``, from which one iteration starts."""
        options = self.next_options.replace(iterations=1)
        painting = paint_on(options, start=Picture(picture), cancel=self.cancel)
        if painting.cancelled:
            raise FrameCancelled
        return painting.losses["total"]

    @cached_property
    def _one_pass_network(self) -> AnyPaintingPainter:
        return network_for(self._one_pass_styles)

    def _temporal(self, guide: Guide) -> Callable[[Tensor], Tensor]:
        """Return the loss of Ruder et al. 2016, equation 7, for all earlier frames together."""
        wanted: list[tuple[Tensor, Tensor]] = []

        def loss(image: Tensor) -> Tensor:
            if not wanted:
                for pixels, weight in guide.wanted:
                    row = to_tensor(pixels, image.device), plane_to_tensor(weight, image.device)
                    wanted.append(row)
            parts = [_weighted_mean_square(weight, image - pixels) for pixels, weight in wanted]
            return self.temporal_weight * torch.stack(parts).sum()

        return loss


def _painted(pixels: Pixels, loss: float, scale: Aim) -> GuidedPainting:
    """Return a painting and its aim, relative to ``scale``, the loss and hardness of a fresh start."""
    return GuidedPainting(
        pixels, Aim(loss / max(scale.loss, TINY), hardness(pixels) / max(scale.hardness, TINY))
    )


def _weighted_mean_square(weight: Tensor, apart: Tensor) -> Tensor:
    """Return the mean square of ``apart`` (1, 3, H, W), weighted by ``weight`` (1, 1, H, W). Its finest
    detail counts a quarter.
    """
    found = weight.sqrt() * apart
    kernel = torch.outer(BINOMIAL, BINOMIAL).to(found).expand(3, 1, 5, 5)
    coarse = functional.conv2d(functional.pad(found, (2, 2, 2, 2), mode="replicate"), kernel, groups=3)
    return ((found + coarse) / 2).square().mean()
