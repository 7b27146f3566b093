"""Paint: grow a picture from coarse to fine until its content and style are those asked for.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks" (CVPR 2016);
coarse to fine as in Gatys et al., "Controlling Perceptual Factors in Neural Style Transfer" (CVPR
2017, section 6).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from impasto import losses
from impasto.encoders.network import Encoder
from impasto.errors import OptionError, PictureError
from impasto.imaging import resize
from impasto.objectives import IMAGE, Objective, StyleStatistics, blend_styles
from impasto.optimize.device import choose_machine
from impasto.optimize.minimize import minimize
from impasto.optimize.options import Options
from impasto.optimize.pyramid import fit, levels
from impasto.optimize.style_files import Style
from impasto.progress import Progress, ProgressCallback
from impasto.tensors import to_pixels, to_tensor
from impasto.types import Picture, Pixels

Cancel = Callable[[], bool]


@dataclass(frozen=True)
class Painting:
    """A result: ``pixels`` (H, W, 3) in [0, 1], the last losses, and whether it was cut short."""

    pixels: Pixels
    losses: dict[str, float] = field(default_factory=dict)
    iterations: int = 0
    seconds: float = 0.0
    cancelled: bool = False


class _Reporter:
    """Counts work over all levels, and turns iterations into progress events."""

    def __init__(
        self, sizes: Sequence[tuple[int, int]], counts: Sequence[int], on_progress: ProgressCallback | None
    ) -> None:
        self.sizes = sizes
        self.counts = counts
        self.on_progress = on_progress
        self.began = time.perf_counter()
        self.iterations = 0
        # A small level costs more than its share of pixels: a fixed part per iteration.
        self._costs = [w * h + 10_000 for w, h in sizes]
        self._total = sum(c * n for c, n in zip(self._costs, counts, strict=True))

    def report(self, level: int, iteration: int, image: Tensor, losses: dict[str, float]) -> None:
        self.iterations += 1
        if self.on_progress is None:
            return
        finished = sum(c * n for c, n in zip(self._costs[:level], self.counts[:level], strict=True))
        done = (finished + self._costs[level] * iteration) / self._total
        elapsed = time.perf_counter() - self.began
        width, height = self.sizes[level]
        self.on_progress(
            Progress(
                level=level + 1,
                levels=len(self.sizes),
                iteration=iteration,
                iterations=self.counts[level],
                width=width,
                height=height,
                done=done,
                losses=losses,
                elapsed=elapsed,
                left=elapsed * (1 - done) / done if self.iterations > 2 else None,
                preview=lambda: to_pixels(image),
            )
        )


def paint(
    content: Picture,
    styles: Sequence[Style],
    encoder: Encoder,
    options: Options,
    *,
    start: Picture | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Painting:
    """Paint ``content`` in the manner of ``styles`` and return the picture at full size.

    ``start`` is the picture to begin with when ``options.init`` names a file. ``cancel`` is asked
    after every iteration; once it says True the picture so far is returned, at full size. The
    result depends only on the arguments and the machine: the same seed gives the same picture.
    """
    machine = choose_machine(options)
    exact = machine.prepare(encoder, torch.float32)
    network = machine.prepare(encoder, machine.precision)
    width, height = fit(content.width, content.height, options.size)
    least = _least_side(encoder, options, width, height)
    sizes = [size for size in levels(width, height, options.min_size) if min(size) >= least]
    counts = [iterations_at(size, (width, height), options) for size in sizes]
    reporter = _Reporter(sizes, counts, on_progress)
    generator = torch.Generator().manual_seed(options.seed)
    image: Tensor | None = None
    previous: Tensor | None = None
    last: dict[str, float] = {}
    stopped = False
    for level, (size, count) in enumerate(zip(sizes, counts, strict=True)):
        photo = to_tensor(resize(content.pixels, *size), machine.device)
        statistics = style_statistics(exact, styles, max(size), options)
        objective = make_objective(network, photo, statistics, options)
        if image is None or previous is None:
            image = initial_image(photo, statistics, start, options, generator)
        else:
            image = enlarge(image, previous, photo, options.detail)

        def on_step(iteration: int, now: Tensor, losses: dict[str, float], level: int = level) -> bool:
            nonlocal last, stopped
            last = losses
            reporter.report(level, iteration, now, losses)
            stopped = cancel is not None and cancel()
            return stopped

        image = minimize(objective, image, count, options, on_step)
        previous = photo
        if stopped:
            break
    assert image is not None
    pixels = to_pixels(image)
    if pixels.shape[:2] != (height, width):
        pixels = resize(pixels, width, height)
    seconds = time.perf_counter() - reporter.began
    return Painting(pixels, last, reporter.iterations, seconds, stopped)


def iterations_at(size: tuple[int, int], final: tuple[int, int], options: Options) -> int:
    """How many iterations a level of ``size`` gets on the way to ``final``."""
    if options.coarse_iterations is not None and max(size) < 0.55 * max(final):
        return options.coarse_iterations
    return options.iterations


def style_statistics(
    encoder: Encoder, styles: Sequence[Style], long_side: int, options: Options
) -> StyleStatistics:
    """The blended statistics of all styles for a picture with this ``long_side``."""
    shares = options.style_weights or (1.0,) * len(styles)
    if len(shares) != len(styles):
        raise OptionError(f"expected one style weight per style ({len(styles)}); got {len(shares)}")
    layers = [name for name, weight in options.style_layers.items() if weight]
    wanted = long_side * options.style_scale
    return blend_styles([style.statistics(encoder, layers, wanted) for style in styles], shares)


def make_objective(
    encoder: Encoder, photo: Tensor, statistics: StyleStatistics, options: Options
) -> Objective:
    """The objective of one level, its content targets taken from ``photo`` (1, 3, H, W)."""
    style_sum = sum(options.style_layers.values())
    with torch.no_grad():
        content = encoder(photo, [n for n, w in options.content_layers.items() if w])
    return Objective(
        encoder,
        content,
        statistics,
        content_weights={n: w * options.content_weight for n, w in options.content_layers.items()},
        style_weights={n: w * options.style_weight / style_sum for n, w in options.style_layers.items()},
        content_loss=options.content_loss,
        style_loss=options.style_loss,
        tv_weight=options.tv_weight,
        tv_loss=options.tv_loss,
    )


def initial_image(
    photo: Tensor,
    statistics: StyleStatistics,
    start: Picture | None,
    options: Options,
    generator: torch.Generator,
) -> Tensor:
    """Where the coarsest level starts, of the shape of ``photo`` (1, 3, H, W)."""
    if options.init == "content":
        return photo.clone()
    if options.init == "noise":
        noise = torch.randn(photo.shape, generator=generator).to(photo.device)
        return 0.5 + options.noise * noise
    if options.init == "statistics":
        colours = statistics[IMAGE]
        covariance = losses.covariance_from_gram(colours.mean, colours.gram)
        root = losses.covariance_root(covariance, epsilon=1e-6).float()
        noise = torch.randn((3, photo[0, 0].numel()), generator=generator).to(photo.device)
        return (root @ noise + colours.mean[:, None]).view_as(photo)
    if start is None:
        raise OptionError(f"init must be content, noise, statistics or a picture; it is {options.init!r}")
    return to_tensor(resize(start.pixels, photo.shape[3], photo.shape[2]), photo.device)


def enlarge(image: Tensor, previous: Tensor, photo: Tensor, detail: float) -> Tensor:
    """``image`` at the size of ``photo``, with a share of the detail its coarser ``previous`` lacked."""

    def grow(picture: Tensor) -> Tensor:
        return functional.interpolate(picture, size=photo.shape[2:], mode="bicubic", align_corners=False)

    larger = grow(image)
    if detail:
        larger = larger + detail * (photo - grow(previous))
    return larger.clamp(0, 1)


def _least_side(encoder: Encoder, options: Options, width: int, height: int) -> int:
    """The shortest side the layers can see; PictureError when the final size is below it."""
    layers = [n for n, w in (*options.content_layers.items(), *options.style_layers.items()) if w]
    least = encoder.minimum_side(layers)
    if min(width, height) < least:
        raise PictureError(
            f"the picture would be painted at {width}x{height}; the layers asked for need at least "
            f"{least} pixels on each side"
        )
    return least
