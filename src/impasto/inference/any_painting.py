"""The network for any painting, without torch: statistics of paintings, and photographs painted by them.

A picture goes through in stages, cut where features are carried over: each stage leaves the moments that
the next map is made from. Large pictures go through each stage in bands of rows with as many rows beside
them as it sees; their moments are put together, so that the painting is that of one pass.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import CorruptWeightsError, WeightsMissingError
from impasto.inference.any_painting_graphs import (
    AT_ONCE,
    BESIDE,
    IN_BANDS,
    LAYERS,
    MAPS,
    STAGES,
    STRIDE,
    STRIDES,
    TILE,
    Weights,
    local_graph,
    make_noise,
    stage_graph,
)
from impasto.inference.sessions import Sessions
from impasto.inference.transport import LayerMoments, Statistics, between, mixture, transport
from impasto.types import Pixels

Features = NDArray[np.float32]
Feed = Mapping[str, NDArray[Any]]
Maps = Mapping[str, NDArray[Any]]
"""How features are carried over at each of ``MAPS``: inputs of the graphs."""

BUNDLED = Path(__file__).parents[1] / "networks" / "data" / "any-painting.safetensors"
"""The decoder."""
ENCODER = Path(__file__).parents[1] / "weights" / "data" / "tiny.safetensors"
BAND_PIXELS = 2_500_000
"""Pixels of a band; smaller pictures go through in one."""


class AnyPaintingPainter:
    """Measures and paints; may be used by several threads at once.

    ``digest``: the SHA-256 of both files. ``device``: cpu, cuda or cuda:N.
    """

    def __init__(self, sessions: Sessions, path: Path = BUNDLED, *, band_pixels: int = BAND_PIXELS) -> None:
        """Raises WeightsMissingError and CorruptWeightsError for the network's files."""
        self.device = sessions.device
        self._weights = read_weights(path)
        self.digest = hashlib.sha256(ENCODER.read_bytes() + path.read_bytes()).hexdigest()
        self._sessions, self._band_pixels = sessions, band_pixels
        self._opened: dict[tuple[str, bool], Any] = {}
        self._lock = threading.Lock()

    def measure(self, pixels: Pixels) -> Statistics:
        """Return the statistics of a painting (H, W, 3) in [0, 1], of 16 pixels a side or more."""
        return _moments(self._run("measure", {"image": _planes(pixels)}))

    def paint(self, pixels: Pixels, style: Statistics, strength: float = 1.0) -> tuple[Pixels, Maps]:
        """Return ``pixels`` (H, W, 3) in [0, 1], of 16 a side or more, painted in ``style``, and the maps
        that this took.

        ``strength``: how far from the photograph's own style, which gives it back, to this one; beyond 1
        further.
        """
        image = _planes(_whole_strides(pixels))
        height, width = image.shape[2:]
        bands = self._bands(height, width)
        if strength != 1:
            own = _moments(self._sweep("measure", {"image": image}, {}, bands))
            style = {name: between(own[name], style[name], strength) for name in LAYERS}
        kept = {"image": image, "noise": _noise(height, width)}
        maps: dict[str, NDArray[Any]] = {}
        for name in AT_ONCE if len(bands) == 1 else IN_BANDS:
            found = self._sweep(name, kept, maps, bands)
            for taken in STAGES[name].takes if name != "measure-finest" else ():
                del kept[taken]
            for made, ours in _moments(found).items():
                maps |= _map(made, ours, style[MAPS[made]])
            kept |= {made: found[made] for made in STAGES[name].makes}
        return _pixels(kept["painting"], pixels), maps

    def paint_with(self, pixels: Pixels, maps: Maps) -> Pixels:
        """Return ``pixels`` painted with the maps of another picture, such as an earlier frame."""
        image = _planes(_whole_strides(pixels))
        height, width = image.shape[2:]
        noise, found = _noise(height, width), np.empty_like(image)
        for start, stop in self._bands(height, width):
            first, last = max(0, start - BESIDE), min(height, stop + BESIDE)
            feed = {"image": image[:, :, first:last], "noise": noise[:, :, first // STRIDE : last // STRIDE]}
            painted = self._run("local", {**feed, **maps})["painting"]
            found[:, :, start:stop] = painted[:, :, start - first : stop - first]
        return _pixels(found, pixels)

    def _sweep(
        self, name: str, kept: Mapping[str, Features], maps: Feed, bands: list[tuple[int, int]]
    ) -> dict[str, NDArray[Any]]:
        """Return what the stage ``name`` makes of what was ``kept``, and moments of what is carried over."""
        stage = STAGES[name]
        given = {n: kept[n] for n in stage.takes}
        carried = {"inner2_1", "inner1_1"} if name == "paint" else set(stage.takes)
        used = {n: numbers for n, numbers in maps.items() if n.split("/")[0] in carried}
        if len(bands) == 1:
            return self._run(name, given | used)
        height = bands[-1][1]
        whole: dict[str, NDArray[Any]] = {}
        parts: dict[str, list[LayerMoments]] = {}
        for start, stop in bands:
            first, last = max(0, start - stage.beside), min(height, stop + stage.beside)
            near = {n: f[:, :, first // _step(n) : last // _step(n)] for n, f in given.items()}
            rows = np.array([start - first, stop - first], np.int64) // STRIDE
            found = self._run(name, {**near, **used, "rows": rows}, cropped=True)
            for made in stage.makes:
                step, part = _step(made), found[made]
                shape = (1, part.shape[1], height // step, part.shape[3])
                whole.setdefault(made, np.empty(shape, np.float32))
                whole[made][:, :, start // step : stop // step] = part
            for made, moments in _moments(found).items():
                parts.setdefault(made, []).append(moments)
        shares = [stop - start for start, stop in bands]
        for made, some in parts.items():
            together = mixture(some, shares)
            whole |= {f"{made}/mean": together.mean, f"{made}/covariance": together.covariance}
        return whole

    def _bands(self, height: int, width: int) -> list[tuple[int, int]]:
        """Return the first row of each band and the one after its last, multiples of 8."""
        rows = max(STRIDE, self._band_pixels // width // STRIDE * STRIDE)
        return [(start, min(height, start + rows)) for start in range(0, height, rows)]

    def _run(self, name: str, feed: Feed, *, cropped: bool = False) -> dict[str, NDArray[Any]]:
        with self._lock:
            if (name, cropped) not in self._opened:
                self._opened[name, cropped] = self._sessions.open(self._graph(name, cropped=cropped))
        session = self._opened[name, cropped]
        names = [value.name for value in session.get_outputs()]
        ready = {given: np.ascontiguousarray(array) for given, array in feed.items()}
        return dict(zip(names, session.run(names, ready), strict=True))

    def _graph(self, name: str, *, cropped: bool) -> bytes:
        if name == "local":
            return local_graph(self._weights)
        return stage_graph(self._weights, name, cropped=cropped)


def read_weights(path: Path = BUNDLED) -> Weights:
    """Return the numbers of the bundled encoder and of the decoder at ``path``.

    Raises WeightsMissingError and CorruptWeightsError.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    found: dict[str, NDArray[Any]] = {}
    for source in (ENCODER, path):
        if not source.is_file():
            raise WeightsMissingError(f"expected the network for any painting in {source}; there is no file")
        try:
            found |= load(source.read_bytes())
        except SafetensorError as error:
            raise CorruptWeightsError(f"expected a safetensors file at {source}; got {error}") from error
    if "colours.weight" not in found:
        raise CorruptWeightsError(
            f"expected the network for any painting in {path}; it is of another network"
        )
    return found


def _moments(found: Feed) -> dict[str, LayerMoments]:
    """Return the moments among a graph's outputs."""
    names = [name.removesuffix("/mean") for name in found if name.endswith("/mean")]
    return {name: LayerMoments(found[f"{name}/mean"], found[f"{name}/covariance"]) for name in names}


def _map(name: str, ours: LayerMoments, theirs: LayerMoments) -> dict[str, NDArray[Any]]:
    """Return the inputs of graphs that carry ``ours`` to ``theirs``: x -> T x + (m' - T m)."""
    matrix = transport(ours, theirs)
    shift = theirs.mean - matrix @ ours.mean
    return {
        f"{name}/matrix": matrix.astype(np.float32)[:, :, None, None],
        f"{name}/shift": shift.astype(np.float32),
    }


def _step(name: str) -> int:
    """Return the rows of pixels to one of the features called ``name``."""
    return STRIDE if name == "noise" else STRIDES[MAPS.get(name, "relu1_1")]


def _noise(height: int, width: int) -> Features:
    """Return the noise of a picture of that size: the tile, laid side by side."""
    rows, columns = (np.arange(n // STRIDE) % TILE for n in (height, width))
    return _tile()[None][:, :, rows[:, None], columns]


@lru_cache(maxsize=1)
def _tile() -> Features:
    return make_noise()


def _whole_strides(pixels: Pixels) -> Pixels:
    """Return ``pixels``, mirrored at the right and the bottom until its sides are multiples of 8."""
    beyond = [(0, -n % STRIDE) for n in pixels.shape[:2]]
    return np.pad(pixels, [*beyond, (0, 0)], mode="reflect")


def _planes(pixels: Pixels) -> Features:
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))[None]


def _pixels(painting: Features, like: Pixels) -> Pixels:
    height, width = like.shape[:2]
    return np.clip(painting[0, :, :height, :width].transpose(1, 2, 0), 0, 1)
