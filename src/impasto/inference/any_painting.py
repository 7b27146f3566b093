"""The network for any painting, without torch: statistics of paintings, and photographs painted by them.

A picture is processed in stages, split where features are transported: each stage returns the moments from
which the next map is computed. Large pictures go through each stage in bands of rows, together with the
neighbouring rows in the stage's receptive field. The moments of the bands are combined, so the result is the
same as in one pass.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.inference.any_painting_graphs import (
    AT_ONCE,
    BESIDE,
    IN_BANDS,
    INNER,
    MAPS,
    NOISE_STRIDE,
    STAGES,
    STRIDES,
    TILE,
    local_graph,
    make_noise,
    stage_graph,
)
from impasto.inference.any_painting_numbers import BUNDLED, LAYERS, MARGIN, STRIDE
from impasto.inference.any_painting_weights import describe_encoder, digest_of, mix_weights
from impasto.inference.options import MINIMUM_SIDE
from impasto.inference.pictures import check_pixels, planes, to_pixels
from impasto.inference.sessions import choose_device, open_first, run
from impasto.inference.transport import LayerMoments, Statistics, between, mixture, transport
from impasto.types import Pixels

Features = NDArray[np.float32]
Feed = Mapping[str, NDArray[Any]]
Maps = Mapping[str, NDArray[Any]]
"""The affine maps for ``MAPS``, as inputs of the graphs."""

BAND_PIXELS = 1_000_000
"""Pixels in a band; smaller pictures are painted in one."""


class AnyPaintingPainter:
    """Measures paintings and paints photographs; several threads may use one at once.

    ``digest``: the SHA-256 of both files. ``device``: cpu, cuda or cuda:N.
    """

    def __init__(
        self,
        path: Path | Mapping[Path, float] = BUNDLED,
        *,
        threads: int | None = None,
        device: str = "auto",
        band_pixels: int = BAND_PIXELS,
    ) -> None:
        """``path``: the file of the decoder, alone or in a style file; or several files, each with its share
        in the network interpolated between them. ``threads``: how many threads to compute with; by default
        as many as the environment allows. ``device``: cpu; cuda, cuda:1 and so on; or auto, which is cuda if
        ONNX Runtime has it. If ONNX Runtime has CUDA but cannot use it, auto falls back to the processor and
        warns (RuntimeWarning).

        Raises WeightsMissingError and CorruptWeightsError for the network's files, OptionError for a device
        that cannot be used.
        """
        chosen = choose_device(device)
        shares = path if isinstance(path, Mapping) else {path: 1.0}
        self._weights, self.digest = mix_weights(shares), digest_of(shares)
        first = stage_graph(self._weights, "colours", cropped=False)
        self._sessions, session = open_first(first, chosen, threads, auto=device == "auto")
        self.device, self._band_pixels = self._sessions.device, band_pixels
        self._opened: dict[tuple[str, bool], Any] = {("colours", False): session}
        self._lock = threading.Lock()

    @property
    def encoder(self) -> dict[str, object]:
        """The encoder's description, as from ``encoders.Encoder.describe``."""
        return describe_encoder()

    def measure(self, pixels: Pixels) -> Statistics:
        """Return the statistics of a painting (H, W, 3) in [0, 1], at least 16 pixels a side.

        Raises PictureError.
        """
        return _moments(self._run("measure", {"image": planes(check_pixels(pixels))}))

    def paint(
        self,
        pixels: Pixels,
        *styles: Statistics,
        boldness: float = 1.0,
        strength: float = 1.0,
    ) -> tuple[Pixels, Maps]:
        """Return ``pixels`` (H, W, 3) in [0, 1], at least 16 a side, painted in a style, and the maps used.

        ``styles``: the statistics of the painting at its own size, then at half of it, at a quarter, and so
        on. Each further size adds a pass at half the photograph's size, before the larger ones, as long as
        the photograph has 16 pixels a side there; its strokes are twice as large. ``boldness``: the share of
        the first pass's change that is kept, if there are several passes. ``strength``: 0 reproduces the
        photograph, 1 paints in this style, more exaggerates it. Raises PictureError.
        """
        fitting = passes_that_fit(pixels, len(styles))
        bold = boldness if fitting == len(styles) else 1.0
        maps: dict[str, NDArray[Any]] = {}

        def paint(image: Features, number: int) -> Features:
            painting, found = self._staged(image, styles[number], strength)
            maps.update({f"{number}/{name}": array for name, array in found.items()})
            return painting

        image = planes(_whole_strides(check_pixels(pixels), STRIDE << (fitting - 1)))
        return _pixels(_in_passes(image, paint, fitting, bold), pixels), maps

    def paint_with(self, pixels: Pixels, maps: Maps, boldness: float = 1.0) -> Pixels:
        """Return ``pixels`` painted with the maps of another picture of its size, such as an earlier frame.

        ``boldness``: the value with which the other picture was painted.
        """
        passes = 1 + max(int(name.split("/")[0]) for name in maps)
        image = planes(_whole_strides(check_pixels(pixels), STRIDE << (passes - 1)))

        def paint(image: Features, number: int) -> Features:
            return self._local(image, maps, f"{number}/")

        return _pixels(_in_passes(image, paint, passes, boldness), pixels)

    def _staged(self, image: Features, style: Statistics, strength: float) -> tuple[Features, Maps]:
        """Paint ``image`` stage by stage; return the painting and its maps.

        If painted in bands, the painting overwrites ``image``.
        """
        height, width = image.shape[2:]
        bands = self._bands(height, width)
        kept = {"image": image, "noise": _noise(height, width)}
        del image
        maps: dict[str, NDArray[Any]] = {}
        names = AT_ONCE if len(bands) == 1 else IN_BANDS
        for number, name in enumerate(names):
            needed = {taken for later in names[number + 1 :] for taken in STAGES[later].takes}
            found = self._sweep(name, kept, maps, bands, needed)
            moments = _moments(found)
            if name == "encode" and strength != 1:
                style = {layer: between(moments[layer], style[layer], strength) for layer in LAYERS}
            for made, ours in moments.items():
                maps |= _map(made, ours, style[MAPS[made]])
            kept = {n: f for n, f in {**kept, **found}.items() if n in needed}
        return found["painting"], maps

    def _local(self, image: Features, maps: Maps, prefix: str) -> Features:
        """Return ``image`` painted with those of ``maps`` whose names begin with ``prefix``."""
        given = {n.removeprefix(prefix): array for n, array in maps.items() if n.startswith(prefix)}
        height, width = image.shape[2:]
        noise, found = _noise(height, width), np.empty_like(image)
        for start, stop in self._bands(height, width):
            first, last = max(0, start - BESIDE), min(height, stop + BESIDE)
            feed = {"image": image[:, :, first:last], "noise": _rows(noise, "noise", first, last)}
            painted = self._run("local", {**feed, **given})["painting"]
            found[:, :, start:stop] = painted[:, :, start - first : stop - first]
        return found

    def _sweep(
        self,
        name: str,
        kept: Mapping[str, Features],
        maps: Feed,
        bands: list[tuple[int, int]],
        needed: Collection[str] = (),
    ) -> dict[str, NDArray[Any]]:
        """Run the stage ``name`` on the ``kept`` features; return its results, and the moments to transport.

        In bands, results overwrite features that are not ``needed`` later.
        """
        stage = STAGES[name]
        given = {n: kept[n] for n in stage.takes}
        used = {n: numbers for n, numbers in maps.items() if n.split("/")[0] in stage.carries}
        if len(bands) == 1:
            return self._run(name, given | used)
        height = bands[-1][1]
        whole: dict[str, NDArray[Any]] = {}
        parts: dict[str, list[LayerMoments]] = {}
        places = {made: _replaced(made, given, needed) for made in stage.makes}
        above: dict[str, Features] = {}  # the rows above a band, before results overwrote them
        for start, stop in bands:
            first, last = max(0, start - stage.beside), min(height, stop + stage.beside)
            near = {n: _rows(f, n, first, last) for n, f in given.items()}
            for n in filter(None, places.values()):
                below = _rows(given[n], n, start, last)
                near[n] = np.concatenate([above[n], below], axis=2) if start else below
                step = _step(n)
                following = max(0, stop - stage.beside)
                above[n] = near[n][:, :, (following - first) // step : (stop - first) // step].copy()
            rows = np.array([start - first, stop - first], np.int64) // STRIDE
            found = self._run(name, {**near, **used, "rows": rows}, cropped=True)
            for made in stage.makes:
                step, part = _step(made), found[made]
                if made not in whole:
                    shape = (1, part.shape[1], height // step, part.shape[3])
                    replaced = places[made]
                    whole[made] = np.empty(shape, np.float32) if replaced is None else given[replaced]
                whole[made][:, :, start // step : stop // step] = part
            for made, moments in _moments(found).items():
                parts.setdefault(made, []).append(moments)
        shares = [stop - start for start, stop in bands]
        for made, some in parts.items():
            together = mixture(some, shares)
            whole |= {f"{made}/mean": together.mean, f"{made}/covariance": together.covariance}
        return whole

    def _bands(self, height: int, width: int) -> list[tuple[int, int]]:
        """Return the first row of each band and the row after its last, multiples of 8."""
        rows = max(STRIDE, self._band_pixels // width // STRIDE * STRIDE)
        return [(start, min(height, start + rows)) for start in range(0, height, rows)]

    def _run(self, name: str, feed: Feed, *, cropped: bool = False) -> dict[str, NDArray[Any]]:
        with self._lock:
            if (name, cropped) not in self._opened:
                self._opened[name, cropped] = self._sessions.open(self._graph(name, cropped=cropped))
        session = self._opened[name, cropped]
        names = [value.name for value in session.get_outputs()]
        ready = {given: np.ascontiguousarray(array) for given, array in feed.items()}
        return dict(zip(names, run(session, self.device, names, ready), strict=True))

    def _graph(self, name: str, *, cropped: bool) -> bytes:
        if name == "local":
            return local_graph(self._weights)
        return stage_graph(self._weights, name, cropped=cropped)


def passes_that_fit(pixels: Pixels, passes: int) -> int:
    """Return how many of ``passes`` the picture is large enough for, each at half the size of the next."""
    height, width = pixels.shape[:2]
    fitting: int = (min(height, width) // MINIMUM_SIDE).bit_length()
    return min(passes, max(1, fitting))


def _in_passes(
    image: Features, paint: Callable[[Features, int], Features], passes: int, boldness: float, number: int = 0
) -> Features:
    """Paint ``image``, which is modified, after passes at half its size if there are several.

    ``paint`` takes the picture and the pass's ``number``, 0 for the largest.
    """
    if number < passes - 1:
        small = _halved(image)
        painted = _in_passes(small.copy(), paint, passes, boldness, number + 1)
        _embolden(image, small, painted, boldness if number == passes - 2 else 1.0)
        del small, painted
    return paint(image, number)


def _moments(found: Feed) -> dict[str, LayerMoments]:
    """Return the moments among a graph's outputs."""
    names = [name.removesuffix("/mean") for name in found if name.endswith("/mean")]
    return {name: LayerMoments(found[f"{name}/mean"], found[f"{name}/covariance"]) for name in names}


def _map(name: str, ours: LayerMoments, theirs: LayerMoments) -> dict[str, NDArray[Any]]:
    """Return the graph inputs of the map from ``ours`` to ``theirs``: x -> T x + (m' - T m)."""
    matrix = transport(ours, theirs)
    shift = theirs.mean - matrix @ ours.mean
    return {
        f"{name}/matrix": matrix.astype(np.float32)[:, :, None, None],
        f"{name}/shift": shift.astype(np.float32),
    }


def _step(name: str) -> int:
    """Return how many rows of pixels correspond to one row of the features ``name``."""
    return STRIDES[MAPS.get(name, "relu1_1")]


def _rows(features: Features, name: str, first: int, last: int) -> Features:
    """Return the features for the pixel rows ``first`` to ``last``; noise includes its margin."""
    if name == "noise":
        return features[:, :, first // NOISE_STRIDE : last // NOISE_STRIDE + 2 * MARGIN]
    return features[:, :, first // _step(name) : last // _step(name)]


def _noise(height: int, width: int) -> Features:
    """Return the noise for a picture of this size: the tile, repeated."""
    rows, columns = (np.arange(n // NOISE_STRIDE + 2 * MARGIN) % TILE for n in (height, width))
    return _tile()[None][:, :, rows[:, None], columns]


@lru_cache(maxsize=1)
def _tile() -> Features:
    return make_noise()


def _whole_strides(pixels: Pixels, stride: int) -> Pixels:
    """Return ``pixels`` padded by reflection at the right and bottom to sides that are multiples of
    ``stride``."""
    beyond = [(0, -n % stride) for n in pixels.shape[:2]]
    return np.pad(pixels, [*beyond, (0, 0)], mode="reflect")


def _halved(image: Features) -> Features:
    """Return ``image`` at half its size, each pixel the mean of two by two."""
    _, channels, height, width = image.shape
    found: Features = image.reshape(1, channels, height // 2, 2, width // 2, 2).mean((3, 5))
    return found


def _embolden(image: Features, small: Features, painted: Features, share: float) -> None:
    """Add a ``share`` of the change from ``small`` to ``painted``, enlarged, to ``image``; clip to [0, 1]."""
    for channel in range(image.shape[1]):
        own = (slice(None), slice(channel, channel + 1))
        change = np.float32(share) * (np.clip(painted[own], 0, 1) - small[own])
        for axis in (2, 3):
            change = _doubled(change, axis)
        np.add(image[own], change, out=image[own])
        np.clip(image[own], 0, 1, out=image[own])


def _doubled(x: Features, axis: int) -> Features:
    """Return ``x`` at twice its length by linear interpolation, without artefacts of period two."""
    places = np.arange(x.shape[axis])

    def beside(x: Features, step: int) -> Features:
        return np.take(x, np.clip(places + step, 0, places[-1]), axis)

    smooth = 0.5 * x + 0.25 * (beside(x, -1) + beside(x, 1))
    both = [0.75 * smooth + 0.25 * beside(smooth, step) for step in (-1, 1)]
    shape = [*x.shape[:axis], 2 * x.shape[axis], *x.shape[axis + 1 :]]
    return np.stack(both, axis + 1).reshape(shape).astype(np.float32, copy=False)


def _replaced(made: str, given: Mapping[str, Features], needed: Collection[str]) -> str | None:
    """Return the name of an input that ``made`` may overwrite: of the same shape, not ``needed`` later."""
    like = "image" if made == "painting" else INNER.get(made)
    return like if like in given and like not in needed else None


def _pixels(painting: Features, like: Pixels) -> Pixels:
    height, width = like.shape[:2]
    return to_pixels(painting[:, :, :height, :width])
