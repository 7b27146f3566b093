"""The contents of the explanation page, computed part by part."""

from __future__ import annotations

import platform
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

import impasto
from impasto import imaging
from impasto.catalogue.measured import PictureStyle, Style
from impasto.encoders import Encoder, FeatureExtractor
from impasto.imaging import fit
from impasto.inspection.features import feature_maps
from impasto.inspection.layers import check_size, growing_sets, network_input, paper_layers, suggest_layers
from impasto.inspection.logs import LossLog, Recorder
from impasto.inspection.page import GramView, IterationPicture, Story
from impasto.inspection.reconstruction import (
    NOISE,
    Reconstruction,
    reconstruct_content,
    reconstruct_style,
    shrunk,
)
from impasto.inspection.stages import Stages
from impasto.inspection.sweeps import RATIO, Axis, Sweep, SweepCell, cells
from impasto.inspection.textures import gram_matrices, shuffled
from impasto.optimize.options import OptimizeOptions
from impasto.painters.sources import LoadedEncoder
from impasto.pipelines import photo as api
from impasto.pipelines.result import Result
from impasto.progress import Cancel, Progress
from impasto.types import Picture

Filters = NDArray[np.float32]

FEATURES_SIDE, RECONSTRUCTION_SIDE, GRID_SIDE = 320, 224, 160
"""Long sides of the pictures of feature maps, of reconstructions, and of the grid of variations."""

STEPS = {"content": 80, "style": 80, "noise": 150, "what if": 30}


class CancelledStory(Exception):  # noqa: N818 - not an error
    """Raised when the user cancels."""


class StoryBuilder:
    """A builder of the page's contents, part by part, that reports to ``stages``.

    For a ``style`` without a picture, such as a named one, its statistics are used.
    """

    def __init__(
        self,
        network: FeatureExtractor,
        photo: Picture,
        style: Style,
        options: OptimizeOptions,
        stages: Stages,
        cancel: Cancel | None,
    ) -> None:
        self.network, self.options, self.stages, self.cancel = network, options, stages, cancel
        self.photo, self.style = photo, style
        self.painting = style.picture if isinstance(style, PictureStyle) else None
        self.seen, self.small = shrunk(photo, FEATURES_SIDE), shrunk(photo, RECONSTRUCTION_SIDE)
        width, height = fit(photo.width, photo.height, options.size)
        used = options.layers
        self.layers = suggest_layers(network)[1]
        self.inverted = paper_layers(network)
        # A style file has statistics for the layers that paintings use.
        own = list(options.style_layers)
        self.sets = growing_sets(self.inverted if self.painting is not None else own)
        self.measured = self.layers if self.painting is not None else own
        check_size(network, used, width, height, "the painting")
        pictures = [(self.small, "the photograph")]
        if self.painting is not None:
            pictures.append((shrunk(self.painting, RECONSTRUCTION_SIDE), "the painting"))
        for picture, what in pictures:
            check_size(network, [*self.layers, *self.inverted], picture.width, picture.height, what)

    def style_at(self, long_side: int) -> Style:
        """Return the style, measured on a picture of at most ``long_side``."""
        return self.style if self.painting is None else PictureStyle(shrunk(self.painting, long_side))

    def build(self) -> Story | None:
        try:
            return self._build()
        except CancelledStory:
            return None

    def _build(self) -> Story:
        views = feature_maps(self.network, self.seen, self.layers, top=4)
        frames, log, result = self._paint()
        noise_frames, noise_log = self._from_noise()
        painted = shrunk(result.picture, FEATURES_SIDE)
        size = max(result.picture.width, result.picture.height)
        return Story(
            photo=shrunk(self.photo, size),
            painting=None if self.painting is None else shrunk(self.painting, size),
            photo_name="",
            painting_name="",
            original=(self.photo.width, self.photo.height),
            seen=self.seen,
            given=network_input(self.network, self.seen),
            filters=_filters(self.network),
            views=views,
            content=self._content(),
            style=self._style(),
            grams=self._grams(painted),
            shuffle=shuffled(self.network, self.seen, self.layers[len(self.layers) // 2]),
            weights=_weights(self.options),
            result=result.picture.pixels,
            seconds=result.seconds,
            log=log,
            frames=frames,
            noise_log=noise_log,
            noise_frames=noise_frames,
            sweep=self._variations(),
            options=self.options.replace(**result.options.to_dict()),
            defaults=OptimizeOptions(),
            network=self.network.describe(),
            slope=self.network.architecture.slope if isinstance(self.network, Encoder) else 0.0,
            command="",
            versions={
                "impasto": impasto.__version__,
                "torch": torch.__version__,
                "python": platform.python_version(),
            },
        )

    def _paint(self) -> tuple[list[IterationPicture], LossLog, Result]:
        recorder = Recorder(when=_spread, then=self.stages.part("painting", "painting your picture"))
        result = api.stylize(
            self.photo,
            self.style,
            options=self.options,
            encoder=LoadedEncoder(self.network),
            on_progress=recorder,
            cancel=self.cancel,
        )
        self._done("painting")
        frames = [IterationPicture(count, pixels) for count, pixels in recorder.frames]
        if self.options.init == "content":
            width, height = frames[0].pixels.shape[1], frames[0].pixels.shape[0]
            frames.insert(0, IterationPicture(0, imaging.resize(self.photo.pixels, width, height)))
        return frames, recorder.log(), result

    def _from_noise(self) -> tuple[list[IterationPicture], LossLog]:
        options = self.options.replace(
            size=max(self.small.width, self.small.height),
            init="noise",
            noise=NOISE.noise,
            min_size=0,
            detail=0.0,
            iterations=STEPS["noise"],
            coarse_iterations=None,
            first_iterations=None,
        )
        tell = self.stages.part("noise", "painting from noise, as the papers do")
        recorder = Recorder(when=lambda count, _: count in _MOMENTS, then=tell)
        api.stylize(
            self.small,
            self.style_at(RECONSTRUCTION_SIDE),
            options=options,
            encoder=LoadedEncoder(self.network),
            on_progress=recorder,
            cancel=self.cancel,
        )
        self._done("noise")
        return [IterationPicture(count, pixels) for count, pixels in recorder.frames], recorder.log()

    def _content(self) -> list[Reconstruction]:
        found = []
        for depth, name in enumerate(self.inverted, 1):
            part = f"content {depth}"
            options = NOISE.replace(
                size=max(self.small.width, self.small.height),
                iterations=STEPS["content"],
                seed=self.options.seed,
            )
            tell = self.stages.part(part, f"what {name} keeps of the photograph")
            found.append(
                reconstruct_content(
                    self.network, self.small, name, options=options, on_progress=tell, cancel=self.cancel
                )
            )
            self._done(part)
        return found

    def _style(self) -> list[Reconstruction]:
        found = []
        canvas = self.small if self.painting is None else shrunk(self.painting, RECONSTRUCTION_SIDE)
        for depth, names in enumerate(self.sets, 1):
            part = f"style {depth}"
            options = NOISE.replace(
                size=(canvas.width, canvas.height), iterations=STEPS["style"], seed=self.options.seed
            )
            tell = self.stages.part(part, f"the painting's style to {names[-1]}")
            source = canvas if self.painting is not None else self.style
            found.append(
                reconstruct_style(
                    self.network, source, names, options=options, on_progress=tell, cancel=self.cancel
                )
            )
            self._done(part)
        return found

    def _grams(self, painted: Picture) -> list[GramView]:
        names = list(dict.fromkeys([self.measured[0], self.measured[len(self.measured) // 2]]))
        with torch.no_grad():
            wanted = self.style_at(FEATURES_SIDE).statistics(self.network, names, FEATURES_SIDE)
        photo, result = (gram_matrices(self.network, picture, names) for picture in (self.seen, painted))
        return [
            GramView(name, photo[name], wanted[name].gram.float().cpu().numpy(), result[name])
            for name in names
        ]

    def _variations(self) -> Sweep:
        sets = growing_sets(list(self.options.style_layers))
        chosen = [sets[i] for i in sorted({0, len(sets) // 2, len(sets) - 1})]
        labels = [s[0] if len(s) == 1 else f"{s[0]} … {s[-1]}" for s in chosen]
        rows = Axis("style_layers", tuple(chosen), tuple(labels))
        own = self.options.content_weight / self.options.style_weight
        ratios = (own / 12, own, own * 4)
        columns = Axis(RATIO, ratios, tuple(f"{ratio:.2g}" for ratio in ratios))
        options = self.options.replace(size=GRID_SIDE, iterations=STEPS["what if"], coarse_iterations=None)
        tell = self.stages.part("what if", "painting it otherwise: nine times")
        grid = cells(options, rows, columns)
        count = sum(map(len, grid))
        photo, style = shrunk(self.photo, 2 * GRID_SIDE), self.style_at(2 * GRID_SIDE)
        made: list[list[SweepCell]] = []
        for r, line in enumerate(grid):
            made.append([])
            for c, one in enumerate(line):
                before = r * len(line) + c

                def on_progress(event: Progress, before: int = before) -> None:
                    tell(replace(event, done=(before + event.done) / count))

                result = api.stylize(
                    photo,
                    style,
                    options=one,
                    encoder=LoadedEncoder(self.network),
                    on_progress=on_progress,
                    cancel=self.cancel,
                )
                self._stop()
                made[-1].append(
                    SweepCell(result.picture.pixels, result.losses, result.iterations, result.seconds)
                )
        self._done("what if")
        return Sweep(rows, columns, tuple(map(tuple, made)))

    def _done(self, part: str) -> None:
        self._stop()
        self.stages.finish(part)

    def _stop(self) -> None:
        if self.cancel is not None and self.cancel():
            raise CancelledStory


_MOMENTS = {1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 24, 28, 32, 36, 40, 45, 50, 55, 60, 66, 72, 80, 90}
_MOMENTS |= {100, 110, 120, 130, 140, 150}


def _spread(count: int, event: Progress) -> bool:
    """Return whether to record this iteration: early ones, and the last of each level."""
    return count == 8 or event.step == event.steps


def _filters(network: FeatureExtractor) -> Filters | None:
    """Return the filters of the first convolution, (N, 3, h, w), for red, green and blue."""
    if not isinstance(network, Encoder):
        return None
    weight = network.get_submodule("conv1_1").weight
    assert isinstance(weight, torch.Tensor)
    kernels = weight.detach().float().cpu()
    return (kernels.flip(1) if network.convention.bgr else kernels).contiguous().numpy()


def _weights(options: OptimizeOptions) -> dict[str, float]:
    style = sum(options.style_layers.values()) or 1.0
    found = {f"content {n}": w * options.content_weight for n, w in options.content_layers.items()}
    return found | {f"style {n}": w * options.style_weight / style for n, w in options.style_layers.items()}


def costs(options: OptimizeOptions, contents: int, styles: int) -> dict[str, float]:
    """Return the relative cost of each part, by pixels and steps. ``contents``, ``styles``: the numbers of
    reconstructions."""

    def work(side: int, steps: int) -> float:
        return (0.7 * side**2 + 10_000) * steps

    side = max(options.sides)
    found = {
        "painting": work(side, 3 * options.iterations),
        "noise": work(RECONSTRUCTION_SIDE, STEPS["noise"]),
        "what if": 9 * work(GRID_SIDE, STEPS["what if"]),
    }
    for kind, count in (("content", contents), ("style", styles)):
        for depth in range(1, count + 1):
            found[f"{kind} {depth}"] = (0.4 + depth / count) * work(RECONSTRUCTION_SIDE, STEPS[kind])
    return found
