"""The gallery network on pictures too large for one pass: band by band, and yet exactly the whole picture.

An instance normalisation needs the mean and the variance of a whole picture. So the network is cut at its
normalisations: each cut is a sweep over bands of rows, which leaves the moments of the next convolution,
put together in double precision. Features at a quarter and an eighth of the size are kept in between;
finer ones are computed again in each sweep that needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.inference.graphs import (
    COLOUR_NUMBERS,
    EPSILON,
    GRAIN,
    Weights,
    enlarging_segment,
    first_segment,
    last_segment,
    layer_names,
    layer_segment,
    stride,
)
from impasto.types import Pixels

Features = NDArray[np.floating]
Feed = dict[str, Any]
Open = Callable[[bytes], Any]
"""Makes an ``onnxruntime.InferenceSession`` of a graph."""

BAND_NUMBERS = 3_000_000
"""Features of one layer in a band, about: what bounds the memory of a sweep."""
_LEAST_ROWS = 8


@dataclass(frozen=True)
class Affine:
    """A normalisation as an affine map: (1, C, 1, 1) each."""

    scale: Features
    shift: Features

    def feed(self, layer: str) -> Feed:
        return {f"{layer}/scale": self.scale, f"{layer}/shift": self.shift}

    def __call__(self, features: Features) -> Features:
        return features * self.scale + self.shift


class Moments:
    """Mean and variance of each channel, from those of bands.

    Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
    variances" (1979), in float64.
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean: NDArray[np.float64] = np.zeros(1)
        self.spread: NDArray[np.float64] = np.zeros(1)

    def add(self, count: int, mean: Features, spread: Features) -> None:
        """Add moments over ``count`` positions; ``spread``: the sum of squared differences from ``mean``."""
        total = self.count + count
        apart = mean.astype(np.float64) - self.mean
        self.spread = self.spread + spread + apart**2 * (self.count * count / total)
        self.mean = self.mean + apart * (count / total)
        self.count = total

    def affine(self, scale: Features, shift: Features) -> Affine:
        """Return the normalisation with these moments, followed by a style's ``scale`` and ``shift`` (C,)."""
        factor = scale / np.sqrt(self.spread / self.count + EPSILON)
        rest = shift - self.mean * factor
        return Affine(*(n.astype(np.float32)[None, :, None, None] for n in (factor, rest)))


@dataclass(frozen=True)
class Reach:
    """The input rows that a convolution's output rows need, and the number reflected at either edge."""

    start: int
    stop: int
    top: int
    bottom: int
    margin: int

    @classmethod
    def of(cls, start: int, stop: int, height: int, side: int, step: int) -> Reach:
        """Return the reach of output rows ``start`` to ``stop`` of an input of ``height`` rows."""
        margin = side // 2
        first, last = start * step - margin, (stop - 1) * step + margin + 1
        return cls(max(0, first), min(height, last), max(0, -first), max(0, last - height), margin)

    def feed(self, layer: str) -> Feed:
        pads = [0, 0, self.top, self.margin, 0, 0, self.bottom, self.margin]
        return {f"{layer}/pads": np.array(pads, np.int64)}


@dataclass(frozen=True)
class Doubling:
    """The rows to double for output rows ``start`` to ``stop``, and the amount to cut off."""

    start: int
    stop: int
    columns: int

    @property
    def first(self) -> int:
        return self.start // 2

    @property
    def last(self) -> int:
        return (self.stop + 1) // 2

    def feed(self, layer: str) -> Feed:
        skipped = self.start - 2 * self.first
        ends = [skipped + self.stop - self.start, self.columns]
        return {
            f"{layer}/starts": np.array([skipped, 0], np.int64),
            f"{layer}/ends": np.array(ends, np.int64),
        }


class BandPainter:
    """One picture's way through the network. ``numbers``: the blended row of the table."""

    def __init__(
        self,
        pixels: Pixels,
        numbers: Features,
        weights: Weights,
        open_session: Open,
        *,
        band_numbers: int = BAND_NUMBERS,
        store: type[np.floating] = np.float32,
    ) -> None:
        self.pixels, self.numbers, self.weights = pixels, numbers.astype(np.float32), weights
        self.open, self.band_numbers, self.store = open_session, band_numbers, store
        self.sizes = [pixels.shape[:2]]
        for _ in range(3):
            height, width = self.sizes[-1]
            self.sizes.append(((height + 1) // 2, (width + 1) // 2))
        self.layers = layer_names(weights)
        self.applied: dict[str, Affine] = {}

    def run(self) -> Pixels:
        """Return the painting, (H, W, 3) in [0, 1]."""
        self._measure_half()
        quarter = self._store_quarter()
        self._rectify(quarter, "down4.convolution")
        quarter = self._blocks(quarter, "blocks4")
        coarse = self._layer(quarter, "down8.convolution", None)
        self._rectify(coarse, "down8.convolution")
        coarse = self._blocks(coarse, "blocks8")
        self._add_enlarged(quarter, coarse)
        del coarse
        quarter = self._blocks(quarter, "blocks4_up")
        for until in ("fine2", "fine1"):
            self._measure_last(quarter, until)
        return self._paint(quarter)

    def _bands(self, height: int, width: int, channels: int) -> Iterator[tuple[int, int]]:
        rows = max(_LEAST_ROWS, self.band_numbers // (width * channels))
        # Even, so that no band begins between two rows of the next coarser size.
        rows += rows % 2
        for start in range(0, height, rows):
            yield start, min(height, start + rows)

    def _image(self, start: int, stop: int) -> Features:
        return np.ascontiguousarray(self.pixels[start:stop].transpose(2, 0, 1))[None]

    def _image_and_grain(self, start: int, stop: int) -> Features:
        grain = self.weights[GRAIN]
        rows, columns = np.arange(start, stop) % len(grain), np.arange(self.pixels.shape[1]) % len(grain)
        plane = grain[rows[:, None], columns].astype(np.float32)
        return np.concatenate([self._image(start, stop), plane[None, None]], axis=1)

    def _reach(self, start: int, stop: int, level: int, layer: str) -> Reach:
        """Return the reach of ``layer``'s output rows; ``level``: the number of halvings of its input."""
        side = int(self.weights[f"{layer}.weight"].shape[2])
        return Reach.of(start, stop, self.sizes[level][0], side, stride(layer))

    def _channels(self, layer: str) -> int:
        return int(self.weights[f"{layer}.weight"].shape[0])

    def _learn(self, layer: str, moments: Moments) -> None:
        """Keep what the normalisation after ``layer`` comes to."""
        place = COLOUR_NUMBERS
        for name in self.layers[: self.layers.index(layer)]:
            place += 2 * self._channels(name)
        width = self._channels(layer)
        scale, shift = self.numbers[place : place + width], self.numbers[place + width : place + 2 * width]
        self.applied[layer] = moments.affine(scale, shift)

    def _measure_half(self) -> None:
        layer = "down2.convolution"
        session, moments = self.open(first_segment(self.weights, store=False)), Moments()
        height, width = self.sizes[1]
        for start, stop in self._bands(height, width, 2 * self._channels(layer)):
            reach = self._reach(start, stop, 0, layer)
            feed = reach.feed(layer) | {"band": self._image_and_grain(reach.start, reach.stop)}
            moments.add((stop - start) * width, *session.run(["mean", "spread"], feed))
        self._learn(layer, moments)

    def _store_quarter(self) -> Features:
        first, layer = "down2.convolution", "down4.convolution"
        session, moments = self.open(first_segment(self.weights, store=True)), Moments()
        height, width = self.sizes[2]
        found = np.empty((1, self._channels(layer), height, width), self.store)
        for start, stop in self._bands(height, width, 4 * self._channels(first)):
            inner = self._reach(start, stop, 1, layer)
            outer = self._reach(inner.start, inner.stop, 0, first)
            feed = self.applied[first].feed(first) | outer.feed(first) | inner.feed(layer)
            feed["band"] = self._image_and_grain(outer.start, outer.stop)
            features, mean, spread = session.run(["features", "mean", "spread"], feed)
            found[:, :, start:stop] = features
            moments.add((stop - start) * width, mean, spread)
        self._learn(layer, moments)
        return found

    def _layer(self, features: Features, layer: str, before: str | None) -> Features:
        """Return the output of ``layer``, unnormalised; ``before``: the layer to normalise first."""
        session, moments = self.open(layer_segment(self.weights, layer, before)), Moments()
        level = 2 if features.shape[2:] == tuple(self.sizes[2]) else 3
        height, width = self.sizes[level + stride(layer) - 1]
        found = np.empty((1, self._channels(layer), height, width), self.store)
        applied = self.applied[before].feed(before) if before is not None else {}
        for start, stop in self._bands(height, width, max(features.shape[1], self._channels(layer))):
            reach = self._reach(start, stop, level, layer)
            band = features[:, :, reach.start : reach.stop].astype(np.float32)
            made, mean, spread = session.run(
                ["features", "mean", "spread"], applied | reach.feed(layer) | {"band": band}
            )
            found[:, :, start:stop] = made
            moments.add((stop - start) * width, mean, spread)
        self._learn(layer, moments)
        return found

    def _blocks(self, features: Features, group: str) -> Features:
        """Apply the residual blocks, in place."""
        names = [name for name in self.layers if name.startswith(f"{group}.")]
        for first, second in zip(names[::2], names[1::2], strict=True):
            inner = self._layer(self._layer(features, first, None), second, first)
            for band in self._rows(features):
                features[:, :, band] += self.applied[second](inner[:, :, band].astype(np.float32))
        return features

    def _rectify(self, features: Features, layer: str) -> None:
        """Apply the normalisation after ``layer`` and the rectifier, in place."""
        for band in self._rows(features):
            applied = self.applied[layer](features[:, :, band].astype(np.float32))
            features[:, :, band] = np.maximum(applied, 0)

    def _rows(self, features: Features) -> Iterator[slice]:
        for start, stop in self._bands(features.shape[2], features.shape[3], features.shape[1]):
            yield slice(start, stop)

    def _add_enlarged(self, quarter: Features, coarse: Features) -> None:
        session = self.open(enlarging_segment(self.weights, "up4"))
        width = quarter.shape[3]
        for start, stop in self._bands(quarter.shape[2], width, quarter.shape[1]):
            doubling = Doubling(start, stop, width)
            band = coarse[:, :, doubling.first : doubling.last].astype(np.float32)
            quarter[:, :, start:stop] += session.run(["features"], doubling.feed("up4") | {"band": band})[0]

    def _from_quarter(self, quarter: Features, start: int, stop: int) -> Feed:
        """Return the inputs of ``fine2`` for its output rows ``start`` to ``stop``."""
        reach = self._reach(start, stop, 1, "fine2.convolution")
        doubling = Doubling(reach.start, reach.stop, self.sizes[1][1])
        band = quarter[:, :, doubling.first : doubling.last].astype(np.float32)
        return reach.feed("fine2.convolution") | doubling.feed("up2") | {"band": band}

    def _from_half(self, quarter: Features, start: int, stop: int) -> Feed:
        """Return the inputs of ``fine1`` for its output rows ``start`` to ``stop``."""
        reach = self._reach(start, stop, 0, "fine1.convolution")
        doubling = Doubling(reach.start, reach.stop, self.sizes[0][1])
        feed = self._from_quarter(quarter, doubling.first, doubling.last)
        feed |= self.applied["fine2.convolution"].feed("fine2.convolution")
        return feed | reach.feed("fine1.convolution") | doubling.feed("up1")

    def _measure_last(self, quarter: Features, until: str) -> None:
        layer = f"{until}.convolution"
        session, moments = self.open(last_segment(self.weights, until)), Moments()
        height, width = self.sizes[1 if until == "fine2" else 0]
        needed = self._from_quarter if until == "fine2" else self._from_half
        for start, stop in self._bands(height, width, 2 * self._channels(layer)):
            found = session.run(["mean", "spread"], needed(quarter, start, stop))
            moments.add((stop - start) * width, *found)
        self._learn(layer, moments)

    def _paint(self, quarter: Features) -> Pixels:
        session = self.open(last_segment(self.weights, "strokes"))
        height, width = self.sizes[0]
        found: Pixels = np.empty((height, width, 3), np.float32)
        last = "fine1.convolution"
        colours = {"matrix": self.numbers[:9].reshape(3, 3, 1, 1), "shift": self.numbers[9:COLOUR_NUMBERS]}
        for start, stop in self._bands(height, width, 2 * self._channels(last)):
            reach = self._reach(start, stop, 0, "strokes")
            feed = self._from_half(quarter, reach.start, reach.stop) | reach.feed("strokes") | colours
            feed |= self.applied[last].feed(last) | {"image": self._image(start, stop)}
            painting = session.run(["painting"], feed)[0][0]
            np.clip(painting.transpose(1, 2, 0), 0, 1, out=found[start:stop])
        return found
