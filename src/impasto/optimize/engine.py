"""Painting by optimisation, from coarse to fine.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks" (CVPR 2016); coarse to
fine as in Gatys et al., "Controlling Perceptual Factors in Neural Style Transfer" (CVPR 2017, section 6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from impasto.encoders import Encoder, FeatureExtractor
from impasto.errors import OptionError, PictureError, StyleError
from impasto.imaging import fit, resample_joined, resize, resize_mask
from impasto.objectives import (
    STYLE_LOSSES,
    InterruptedEvaluationError,
    Objective,
    StyleStatistics,
    Window,
)
from impasto.optimize import memory
from impasto.optimize.budget import budget
from impasto.optimize.classes import check_classes, class_losses
from impasto.optimize.descent import Descent, minimize
from impasto.optimize.device import choose_machine
from impasto.optimize.kept_state import check_progress, restoring
from impasto.optimize.one_pass import one_pass
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.pyramid import iterations_at, planned_levels, whole_cells
from impasto.optimize.regions import Place, blended, check_guidance, regions
from impasto.optimize.reports import Reporter
from impasto.optimize.starts import enlarge, initial_image
from impasto.progress import Cancel, ProgressCallback
from impasto.tensors import plane_to_tensor, to_pixels, to_tensor
from impasto.types import Painting, Picture, Pixels, Plane


class Checkpointer(Protocol):
    """The interface for saving the state of a painting in progress."""

    def restore(self) -> Mapping[str, Any] | None:
        """Return the state saved by an earlier run, or None."""

    def save_if_due(self, state: Callable[[], Mapping[str, Any]], *, last: bool = False) -> None:
        """Save ``state()`` if it is due; called after every iteration. ``last``: painting stops after it."""


def paint(
    content: Picture,
    places: Sequence[Place],
    encoder: FeatureExtractor,
    options: OptimizeOptions,
    *,
    start: Picture | None = None,
    protect: Plane | None = None,
    extra_losses: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
    checkpointer: Checkpointer | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Painting:
    """Paint ``content`` with the styles of ``places`` and return the picture at full size.

    ``start``: the picture to begin with, in place of ``options.init``. ``protect`` (H, W) in [0, 1]: 1 where
    the photograph stays unchanged. ``extra_losses``: losses to add, by name, functions from the image
    (1, 3, H, W) to a scalar. ``checkpointer``: saves the state, and restores one to continue from. ``cancel``
    is called after and during every iteration; once it returns True, the picture so far is returned, at full
    size. The result depends only on the arguments and the machine: the same seed gives the same picture.
    """
    return PyramidDescent(content, places, encoder, options, start, protect, extra_losses).paint(
        checkpointer, on_progress, cancel
    )


class PyramidDescent:
    """One painting, level by level: ``sizes`` are their (width, height), ``counts`` their iterations."""

    def __init__(
        self,
        content: Picture,
        places: Sequence[Place],
        encoder: FeatureExtractor,
        options: OptimizeOptions,
        start: Picture | None = None,
        protect: Plane | None = None,
        extra_losses: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
    ) -> None:
        self.content = content
        self.places = places
        self.options = options
        self.start = start
        self.protect = protect
        self.extra_losses = extra_losses or {}
        self.notes: list[str] = []
        self.machine = choose_machine(options)
        self.exact = self.machine.prepare(encoder, torch.float32)
        self.seamless = options.seamless or ""
        rough = self.machine.precision != torch.float32
        own = joined(encoder, options) if self.seamless else encoder
        same = not rough and not self.seamless
        self.network = self.exact if same else self.machine.prepare(own, self.machine.precision)
        stride = largest_stride(encoder, options)
        size = fit(content.width, content.height, options.size, options.rounding)
        self.width, self.height = whole_cells(size, self.seamless, stride)
        if isinstance(options.size, tuple) and size != (self.width, self.height):
            raise OptionError(
                f"expected a seamless picture whose sides that meet are multiples of {stride}, such as "
                f"{self.width}x{self.height}; got {size[0]}x{size[1]}"
            )
        least = least_side(encoder, options, self.width, self.height)
        grown = planned_levels(content.width, content.height, options)
        cells = (whole_cells(size, self.seamless, stride) for size in grown)
        self.sizes = [size for size in dict.fromkeys(cells) if min(size) >= least]
        self.counts = [iterations_at(n, self.sizes, options) for n in range(len(self.sizes))]
        self.layers = options.layers
        self.style_layers = [name for name, weight in options.style_layers.items() if weight]
        self.first = self._first_options() if len(self.sizes) > 1 else options
        check_guidance(places, options)
        check_classes(encoder, options)
        self.allowed = budget(options)  # once, because free memory changes while painting
        # Raises OptionError for what will not fit.
        windows = memory.plan(self.network, self.layers, self.height, self.width, options, self.allowed)
        whole = [f"seamless {self.seamless}"] if self.seamless else []
        whole += ["gradient_scaling l1"] if options.gradient_scaling == "l1" else []
        if whole and len(windows) > 1:
            raise OptionError(
                f"{whole[0]} needs the picture as a whole; at {self.width}x{self.height} it would "
                f"be painted in {len(windows)} parts: expected a smaller size, or more memory"
            )

    def paint(
        self,
        checkpointer: Checkpointer | None = None,
        on_progress: ProgressCallback | None = None,
        cancel: Cancel | None = None,
    ) -> Painting:
        """Paint all levels in turn; arguments as for the function ``paint``."""
        ours, others = (STYLE_LOSSES[each.style_loss].work for each in (self.first, self.options))
        reporter = Reporter(self.sizes, self.counts, on_progress, ours / others)
        kept = None if checkpointer is None else checkpointer.restore()
        with restoring():
            first, last = (0, {}) if kept is None else check_progress(kept, self.sizes)
        descent: Descent | None = None
        stopped = False
        for level in range(first, len(self.sizes)):
            descent = self.descent(level, descent, None if kept is None else kept["descent"])
            if kept is not None:
                with restoring():
                    descent.objective.chance = kept["chance"]
                reporter.resume(level, descent.iteration, kept["iterations"], kept["seconds"])
                kept = None

            def on_step(iteration: int, now: Descent, found: dict[str, float], level: int = level) -> bool:
                nonlocal last, stopped
                last = found
                reporter.report(level, iteration, now.image, found, now.recoveries)
                stopped = cancel is not None and cancel()
                if checkpointer is not None:
                    checkpointer.save_if_due(lambda: self._state(level, now, reporter, found), last=stopped)
                return stopped

            descent.objective.cancel = cancel
            try:
                minimize(descent, self.counts[level], on_step)
            except InterruptedEvaluationError:
                stopped = True
                if checkpointer is not None:
                    state = partial(self._state, level, descent, reporter, last)
                    checkpointer.save_if_due(state, last=True)
            if stopped:
                break
        assert descent is not None
        pixels = self._finished(descent.image)
        notes = tuple(self.notes)
        return Painting(Picture(pixels), last, reporter.iterations, reporter.seconds(), stopped, notes=notes)

    def _state(
        self, level: int, descent: Descent, reporter: Reporter, losses: Mapping[str, float]
    ) -> dict[str, Any]:
        return {
            "level": level,
            "descent": descent.state(),
            "chance": descent.objective.chance,
            "losses": dict(losses),
            "iterations": reporter.iterations,
            "seconds": reporter.seconds(),
        }

    def descent(
        self, level: int, before: Descent | None = None, kept: Mapping[str, Any] | None = None
    ) -> Descent:
        """Return the descent of one level, from the end of the previous level or from a checkpoint."""
        size, options = self.sizes[level], self.options_at(level)
        photo = self._photo(size)
        scaled = self.options.style_side(max(size))
        statistics: list[StyleStatistics] = []
        if self.style_layers and STYLE_LOSSES[options.style_loss].kind == "moments":
            statistics = [
                blended(self.exact, p, self.style_layers, scaled, self._look_at) for p in self.places
            ]
        if kept is not None:
            with restoring():
                image = kept["variable"].to(photo.device).reshape(photo.shape) / self.options.variable_range
        elif before is None:
            generator = torch.Generator().manual_seed(self.options.seed)
            styles = self.places[0].styles
            colours: StyleStatistics = statistics[0] if statistics else {}
            if not statistics and self.options.init == "statistics" and self.start is None:
                colours = blended(self.exact, self.places[0], (), scaled, self._look_at)
            if self.options.init == "fast" and self.start is None:
                image = self._one_pass(photo, scaled)
            else:
                image = initial_image(photo, colours, self.start, self.exact, self.options, generator, styles)
        else:
            smaller = self._photo(self.sizes[level - 1])
            image = enlarge(before.image, smaller, photo, self.options.detail, self.seamless)
        fixed = None
        if self.protect is not None:
            fixed = plane_to_tensor(resize_mask(self.protect, *size), photo.device)
            if kept is None:
                image = image * (1 - fixed) + photo * fixed
        descent = Descent(self._objective(photo, size, statistics, fixed, options), image, options)
        if kept is not None:
            descent.restore(kept)
        elif before is not None and self.options.carry_optimizer and self.options.optimizer == "adam":
            descent.carry(before.state())
        return descent

    def options_at(self, level: int) -> OptimizeOptions:
        """Return the options of a level: the first may have a style loss of its own."""
        return self.first if level == 0 else self.options

    def _first_options(self) -> OptimizeOptions:
        """Return the options of the first of several levels; add a note if its own loss cannot be used."""
        loss = self.options.first_style_loss
        if loss is None or not self.style_layers:
            return self.options
        first = self.options.replace(style_loss=loss)
        kind = STYLE_LOSSES[loss].kind
        reason = None
        if kind != "moments":
            if not all(use.style.has_samples for place in self.places for use in place.styles):
                reason = "that loss needs the paintings themselves, which style files do not hold"
            elif any(use.layers for place in self.places for use in place.styles):
                reason = "that loss cannot blend styles layer by layer"
            elif self.options.guidance == "sum" and any(place.mask is not None for place in self.places):
                reason = "that loss has no guided sums"
            elif self.seamless and kind != "vectors":
                reason = "that loss compares neighbourhoods, and opposite edges have to meet"
        if reason is None:
            return first
        self.notes.append(f"the first level is painted by {self.options.style_loss}, not {loss}: {reason}")
        return self.options

    def _one_pass(self, photo: Tensor, style_side: float) -> Tensor:
        """Return the picture of one pass as the start, or the photograph if one pass is impossible."""
        if not self.style_layers or not self.options.style_weight:
            return photo.clone()
        try:
            found = one_pass(photo.cpu(), self.places, style_side, self.seamless)
        except StyleError as reason:
            self.notes.append(f"the start is the photograph, since {reason}")
            return photo.clone()
        return found.to(photo.device)

    def _objective(
        self,
        photo: Tensor,
        size: tuple[int, int],
        statistics: Sequence[StyleStatistics],
        fixed: Tensor | None,
        options: OptimizeOptions,
    ) -> Objective:
        windows = memory.plan(self.network, self.layers, size[1], size[0], options, self.allowed)
        targets = regions(self.exact, self.places, size, options, statistics, self._look_at, self.protect)
        content = self._content(photo, windows)
        style_sum = sum(options.style_layers.values())
        content_weights = {n: w * options.content_weight for n, w in options.content_layers.items()}
        style_weights = {n: w * options.style_weight / style_sum for n, w in options.style_layers.items()}
        if options.normalise_weights:
            for name, target in content.items():
                content_weights[name] /= max(target.shape[1:])
            for name in self.style_layers:
                style_weights[name] /= self.exact.channels(name)
        return Objective(
            self.network,
            content,
            targets,
            content_weights=content_weights,
            style_weights=style_weights,
            content_loss=options.content_loss,
            style_loss=options.style_loss,
            tv_weight=options.tv_weight,
            tv_loss=options.tv_loss,
            gradient_scaling=options.gradient_scaling,
            windows=windows,
            fixed=fixed,
            extra={**self.extra_losses, **class_losses(self.exact, photo, options)},
            samples=options.samples,
            redraw=options.optimizer != "lbfgs",
            seed=options.seed,
            seamless=self.seamless,
        )

    def _content(self, photo: Tensor, windows: Sequence[Window]) -> dict[str, Tensor]:
        """Return the photograph's activations, window by window, in the network's own precision."""
        layers = [n for n, w in self.options.content_layers.items() if w]
        height, width = photo.shape[2:]
        targets: dict[str, Tensor] = {}
        with torch.no_grad():
            for window in windows:
                for name, found in self.network(window.crop(photo), layers).items():
                    stride = self.network.stride(name)
                    if name not in targets:
                        shape = (1, found.shape[1], height // stride, width // stride)
                        targets[name] = found.new_empty(shape)
                    targets[name][(..., *window.place(stride))] = found[(..., *window.counted(stride))]
        return targets

    def _look_at(self, height: int, width: int) -> list[Window]:
        """Return the windows in which to measure a style; never refuses, because painting may have begun."""
        return memory.plan(self.exact, self.layers, height, width, self.options, self.allowed, refuse=False)

    def _photo(self, size: tuple[int, int]) -> Tensor:
        pixels = resample_joined(self.content.pixels, *size, self.options.resampling, self.seamless)
        return to_tensor(pixels, self.machine.device)

    def _finished(self, image: Tensor) -> Pixels:
        pixels = to_pixels(image)
        if pixels.shape[:2] != (self.height, self.width):
            pixels = resample_joined(pixels, self.width, self.height, "lanczos", self.seamless)
        if self.protect is not None:
            kept = resize_mask(self.protect, self.width, self.height)[..., None]
            pixels = pixels * (1 - kept) + resize(self.content.pixels, self.width, self.height) * kept
        return pixels


def largest_stride(encoder: FeatureExtractor, options: OptimizeOptions) -> int:
    """Return the largest stride of the layers that ``options`` use."""
    return max((encoder.stride(name) for name in options.layers), default=1)


def joined(encoder: FeatureExtractor, options: OptimizeOptions) -> FeatureExtractor:
    """Return ``encoder`` for seamless pictures. Raises OptionError if it or a loss does not support them."""
    if not isinstance(encoder, Encoder):
        raise OptionError(f"seamless works with a VGG only; got encoder {options.encoder}")
    kinds = {name for name, loss in STYLE_LOSSES.items() if loss.kind in ("moments", "vectors")}
    if options.style_loss not in kinds:
        raise OptionError(
            f"expected, for a seamless picture, a style loss that does not compare neighbourhoods, one of "
            f"{', '.join(sorted(kinds))}; got {options.style_loss}"
        )
    assert options.seamless is not None
    return encoder.joined(options.seamless)


def least_side(encoder: FeatureExtractor, options: OptimizeOptions, width: int, height: int) -> int:
    """Return the smallest side the layers can process. Raises PictureError if the final size is below it."""
    least = encoder.minimum_side(options.layers)
    if min(width, height) < least:
        raise PictureError(
            f"the picture would be painted at {width}x{height}; the layers asked for need at least "
            f"{least} pixels on each side; expected a larger --size"
        )
    return least
