"""The fast networks as a painter: one pass, without torch."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto import imaging
from impasto.catalogue.files import FileStyle, network_of, read_style
from impasto.catalogue.loader import StyleLike, load_style
from impasto.catalogue.lookup import find_style
from impasto.catalogue.measured import CollectionStyle, PictureStyle
from impasto.errors import OptionError, PictureError, StyleError
from impasto.imaging.mask_inputs import check_one_each, check_undivided, is_coloured, load_mask
from impasto.inference.any_painting import AnyPaintingPainter, Maps
from impasto.inference.any_painting_numbers import BUNDLED, LAYERS
from impasto.inference.any_painting_weights import networks_between
from impasto.inference.one_style import OneStylePainter
from impasto.inference.options import MINIMUM_SIDE, FastOptions
from impasto.inference.sessions import check_device
from impasto.inference.transport import LayerMoments, Statistics, mixture
from impasto.jobs import Job
from impasto.painters.painter import Materials
from impasto.progress import Cancel, ProgressCallback
from impasto.types import Painting, Picture, Pixels, Plane

if TYPE_CHECKING:
    from impasto.optimize.engine import Checkpointer
    from impasto.painters.painter import Painter

Engine = AnyPaintingPainter | OneStylePainter
ONE_STYLE_SUFFIX = ".onnx"
SAFE_PIXELS = 25_000_000
"""The largest painting, in pixels, if no size is requested; larger photographs are reduced to it."""
OPEN = 4
"""How many networks are kept for the next styles."""
REMEMBERED = 64
"""How many styles' statistics are kept for the next photographs."""
MEMORY = 2e9
"""The most memory, in bytes, that a painting of ``SAFE_PIXELS`` takes."""


class FastPainter:
    """Paints in one pass, with the network for any painting, refined for the styles if possible, or with
    ``options.model``."""

    options: FastOptions
    network: str

    def __init__(self, job: Job, materials: Materials | None = None, *, like: Painter | None = None) -> None:
        """Raises OptionError for what the network cannot do, StyleError for styles that it cannot paint,
        WeightsMissingError and CorruptWeightsError for its file."""
        assert isinstance(job.options, FastOptions)
        device = job.options.device
        check_device(device)
        self._reading = job.reading
        self.styles = [style.place for style in job.styles] if materials is None else list(materials.styles)
        model = None if job.options.model is None else Path(job.options.model)
        self._engines: dict[tuple[Any, str], Engine] = {}
        self._measured: dict[tuple[str, float], Statistics] = {}
        if isinstance(like, FastPainter):
            self._engines, self._measured = like._engines, like._measured
        self._model = model
        self.engine = self._open(self.styles, job.options)
        self.network, self.device = self.engine.digest, self.engine.device
        self.options = job.options.replace(device=self.device)
        if not self.styles and model is not None:
            self.styles = [self.engine.style.name if isinstance(self.engine, OneStylePainter) else str(model)]
        given = Materials.of(job) if materials is None else materials
        self._masks, self._protect = list(given.content_masks), given.protect
        self._check_masks(given)
        self._style: Any = None
        self._apart: list[tuple[Engine, Any]] = []
        if self._masks:
            alone = self.options.replace(style_weights=())
            self._apart = [
                (self._open([style], alone), self._find_style([style], alone)) for style in self.styles
            ]
        elif self.styles:
            self._style = self._find_style(self.styles)

    def _open(self, styles: Sequence[StyleLike], options: FastOptions) -> Engine:
        """Return the network that paints in ``styles``. Those used last are kept."""
        if self._model:
            shares = {self._model: 1.0}
        else:
            weights = _weights(styles, options)
            own = [network_for(style) for style in styles]
            shares = networks_between(own, weights, options.strength)
        source = frozenset(shares.items()), options.device
        engine = self._engines.pop(source, None)
        if engine is None:
            while len(self._engines) >= OPEN:
                del self._engines[next(iter(self._engines))]
            if self._model and self._model.suffix.lower() == ONE_STYLE_SUFFIX:
                engine = OneStylePainter(self._model, device=options.device)
            else:
                engine = AnyPaintingPainter(shares, device=options.device)
        self._engines[source] = engine
        return engine

    def check_style(self, style: str) -> None:
        self._find_style([style], self.options.replace(style_weights=()))

    def memory(self) -> float:
        return MEMORY

    def paint(
        self,
        photo: Picture,
        *,
        checkpointer: Checkpointer | None = None,  # noqa: ARG002 - one pass: there is nothing to keep
        on_progress: ProgressCallback | None = None,  # noqa: ARG002 - nor to tell
        cancel: Cancel | None = None,  # noqa: ARG002 - nor to stop
    ) -> Painting:
        """See ``Painter``. Under transparent pixels the network sees the colours around them."""
        width, height = fit_painting(self.options.size, photo.width, photo.height)
        shrunk = self.options.size is None and (width, height) != (photo.width, photo.height)
        began = time.perf_counter()
        masks = [load_mask(mask, photo, "content mask", self._reading) for mask in self._masks]
        guard = None
        if self._protect is not None:
            guard = load_mask(self._protect, photo, "protect", self._reading)
        pixels = imaging.fill_transparent(photo)
        if pixels.shape[:2] != (height, width):
            pixels = imaging.resize(pixels, width, height)
        painted = self._paint_apart(pixels, masks) if masks else self.paint_pixels(pixels)[0]
        if guard is not None:
            painted = imaging.put_back(painted, pixels, imaging.resize_mask(guard, width, height))
        notes = ("the photo was larger; use --size for more",) if shrunk else ()
        picture = imaging.painted_like(photo, painted)
        return Painting(picture, seconds=time.perf_counter() - began, notes=notes)

    def paint_pixels(self, pixels: Pixels, maps: Maps | None = None) -> tuple[Pixels, Maps]:
        """Return ``pixels`` (H, W, 3) in [0, 1], painted, and the maps that transported their features.

        ``maps``: those of an earlier frame, to be used for this one too.
        """
        return self._paint(pixels, self.engine, self._style, maps)

    def _paint(
        self, pixels: Pixels, engine: Engine, wanted: Any, maps: Maps | None = None
    ) -> tuple[Pixels, Maps]:
        """Return ``pixels`` painted by ``engine`` in the style ``wanted``; see ``paint_pixels``."""
        seamless = self.options.seamless or ""
        around = imaging.continued(pixels, seamless)
        if isinstance(engine, OneStylePainter):
            painted, maps = engine.paint(around), {}
        elif maps:
            painted = engine.paint_with(around, maps, self.options.boldness)
        else:
            options = self.options
            painted, maps = engine.paint(
                around, *wanted, boldness=options.boldness, strength=options.strength
            )
        painted = imaging.joined(painted, seamless)
        if self.options.keep_color:
            painted = imaging.keep_colours(painted, pixels)
        return painted, maps

    def _paint_apart(self, pixels: Pixels, masks: Sequence[Plane]) -> Pixels:
        """Return ``pixels`` painted in each style where its mask is white, and unchanged elsewhere."""
        height, width = pixels.shape[:2]
        planes = [imaging.resize_mask(mask, width, height) for mask in masks]
        whole = np.maximum(sum(planes), 1)
        found = pixels
        for (engine, style), plane in zip(self._apart, planes, strict=True):
            found = found + (plane / whole)[..., None] * (self._paint(pixels, engine, style)[0] - pixels)
        return found.astype(np.float32)

    def _check_masks(self, given: Materials) -> None:
        """Raise OptionError for masks and strokes that one pass cannot follow."""
        if given.style_masks or given.strokes is not None:
            raise OptionError("a fast network takes neither style masks nor strokes; impasto stylize does")
        if not self._masks:
            return
        if any(is_coloured(mask, self._reading) for mask in self._masks):
            raise OptionError("a fast network takes grey masks; impasto stylize takes coloured regions")
        check_one_each(len(self._masks), len(self.styles))
        check_undivided({"style_weights": self.options.style_weights})

    def _find_style(self, styles: Sequence[StyleLike], options: FastOptions | None = None) -> Any:
        """Return ``styles`` as the network takes them."""
        options = options or self.options
        if isinstance(self.engine, OneStylePainter):
            return self._check_one_style(self.engine.style.name, styles, options)
        weights = _weights(styles, options)
        measured = [self.measure_style(style, options) for style in styles]
        return tuple(
            {layer: mixture([one[layer] for one in some], weights) for layer in LAYERS}
            for some in zip(*measured, strict=True)
        )

    def measure_style(self, style: StyleLike, options: FastOptions | None = None) -> tuple[Statistics, ...]:
        """Return the statistics of one style for each pass: at the size that the stroke size requires, at
        half of it, and so on.

        Raises StyleError, PictureError.
        """
        sizes = (options or self.options).style_sizes
        return tuple(self._measure(style, long_side) for long_side in sizes)

    def _check_one_style(self, name: str, styles: Sequence[StyleLike], options: FastOptions) -> None:
        """Raise StyleError and OptionError for what a network of one style cannot do."""
        if list(styles) != [name]:
            raise StyleError(f"{options.model} has a single style, {name}; expected no STYLE, or no --model")
        for option in ("strength", "stroke_size"):
            if getattr(options, option) != 1:
                raise OptionError(
                    f"a network of one style cannot change its {option}; got {getattr(options, option)!r}"
                )

    def _measure(self, style: StyleLike, long_side: float) -> Statistics:
        """Return the statistics of one style, which is measured once. Raises StyleError, PictureError."""
        key = (os.fsdecode(style), long_side) if isinstance(style, (str, os.PathLike)) else None
        if key is None:
            return self._statistics(style, long_side)
        if key not in self._measured:
            while len(self._measured) >= REMEMBERED:
                del self._measured[next(iter(self._measured))]
            self._measured[key] = self._statistics(style, long_side)
        return self._measured[key]

    def _statistics(self, style: StyleLike, long_side: float) -> Statistics:
        assert isinstance(self.engine, AnyPaintingPainter)
        loaded = load_style(style, largest=math.ceil(long_side), reading=self._reading)
        if isinstance(loaded, FileStyle):
            numbers = loaded.numbers(self.engine.encoder, LAYERS, long_side)
            return {
                layer: LayerMoments(mean, gram - mean[:, None] * mean)
                for layer, (mean, gram, _) in numbers.items()
            }
        if isinstance(loaded, PictureStyle):
            return self.engine.measure(loaded.sized(long_side, MINIMUM_SIDE))
        if isinstance(loaded, CollectionStyle):
            found = [self.engine.measure(one.sized(long_side, MINIMUM_SIDE)) for one in loaded.members]
            return {layer: mixture([one[layer] for one in found], [1.0] * len(found)) for layer in LAYERS}
        raise StyleError(
            f"a fast network needs a picture, a style file or a named style; got {type(loaded).__name__}"
        )


def network_for(style: StyleLike) -> Path:
    """Return the file of the network that paints in ``style`` alone."""
    if isinstance(style, (str, os.PathLike)):
        found = find_style(os.fsdecode(style))
        return network_of(read_style(found.path)) if found.kind in ("named", "file") else BUNDLED
    return network_of(style)


def fit_painting(size: int | None, width: int, height: int) -> tuple[int, int]:
    """Return a painting's width and height for a photograph's; ``size``: as in ``FastOptions``.

    Raises PictureError when it would be too small.
    """
    if size is None and width * height > SAFE_PIXELS:
        size = int(max(width, height) * (SAFE_PIXELS / (width * height)) ** 0.5)
    found = (width, height) if size is None else imaging.fit(width, height, size)
    if min(found) < MINIMUM_SIDE:
        raise PictureError(
            f"expected a painting of at least {MINIMUM_SIDE} x {MINIMUM_SIDE} pixels; it would be "
            f"{found[0]} x {found[1]}"
        )
    return found


def _weights(styles: Sequence[StyleLike], options: FastOptions) -> Sequence[float]:
    """Return the weight of each of ``styles``. Raises OptionError for more or fewer."""
    weights = options.style_weights or (1.0,) * len(styles)
    if len(weights) != len(styles):
        raise OptionError(f"expected one style weight per style ({len(styles)}); got {len(weights)}")
    return weights
