"""The network for any painting as graphs for other programs: one measures a painting, the other paints.

A style is one row of numbers: for each of ``LAYERS``, the deepest first, the mean and the covariance of its
features, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from impasto.inference.any_painting_graphs import (
    CHANNELS,
    COLOUR_SCALE,
    MAPS,
    TILE,
    PaintingGraph,
    Weights,
    cubic_weights,
    draw_numbers,
)
from impasto.inference.any_painting_numbers import LAYERS, MARGIN, STRIDE
from impasto.inference.transport import LayerMoments, Statistics
from impasto.inference.transport_graphs import MomentNames, add_between, add_transport

NUMBERS = sum(CHANNELS[layer] * (CHANNELS[layer] + 1) for layer in LAYERS)
"""How many numbers describe a style at one size."""
LEAST_SIDE = 2 * STRIDE
"""The smallest side, in pixels, of a photograph in its first pass, as the encoder requires."""

_FLOAT, _DOUBLE = 1, 11
_SIZES = [part for layer in LAYERS for part in (CHANNELS[layer], CHANNELS[layer] ** 2)]


def style_row(statistics: Statistics) -> NDArray[np.float32]:
    """Return the numbers (NUMBERS,) of a style."""
    parts = [part for layer in LAYERS for part in (statistics[layer].mean, statistics[layer].covariance)]
    return np.concatenate([part.ravel() for part in parts]).astype(np.float32)


def read_row(row: NDArray[np.float32]) -> Statistics:
    """Return the statistics in ``row`` (NUMBERS,), the inverse of ``style_row``."""
    parts = np.split(row, np.cumsum(_SIZES)[:-1])
    return {
        layer: LayerMoments(mean, covariance.reshape(CHANNELS[layer], CHANNELS[layer]))
        for layer, mean, covariance in zip(LAYERS, parts[::2], parts[1::2], strict=True)
    }


def measuring_graph(weights: Weights, metadata: Mapping[str, str] | None = None) -> bytes:
    """Return the graph from ``image`` (1, 3, H, W), at least 16 pixels a side, to ``style`` (NUMBERS,)."""
    graph = WholeGraph("measure", weights)
    seen = graph.encode(graph.image())
    parts = []
    for layer in LAYERS:
        mean, covariance = graph.moments(seen[layer], CHANNELS[layer])
        parts += [graph.add("Reshape", x, graph.integers(-1)) for x in (mean, covariance)]
    graph.add("Concat", *parts, axis=0, name="style")
    graph.output("style", [NUMBERS])
    return graph.to_bytes(metadata)


def painting_graph(
    weights: Weights,
    styles: NDArray[np.floating] | None = None,
    metadata: Mapping[str, str] | None = None,
    *,
    passes: int = 2,
    boldness: float = 1.0,
    changes: Sequence[Weights] = (),
) -> bytes:
    """Return the graph from ``image`` (1, 3, H, W) and ``strength`` (1,) to ``painting`` (1, 3, H, W), whose
    values may lie outside [0, 1].

    ``styles``: None for a third input ``style`` (passes, NUMBERS), a style at its own size, at half of it and
    so on; or n styles (n, passes, NUMBERS), with a third input ``weights`` (n,), the share of each, if n > 1.
    The photograph needs ``LEAST_SIDE`` pixels a side for one pass, and twice as many for each further one.
    ``boldness``: as in ``AnyPaintingPainter.paint``. ``changes``: what each of the n styles adds to the
    network's weights, the same tensors for all; it is weighted by the style's share, and less below a
    strength of 1.
    """
    graph = WholeGraph("paint", weights)
    image, strength = graph.image(), graph.input("strength", [1])
    strength = graph.add("Cast", strength, to=_DOUBLE)
    if changes:
        graph.changes = changes
        graph.nearness = graph.add("Min", strength, graph.constant(np.ones(1), "whole_strength"))
    sizes = graph.given_style(passes) if styles is None else graph.mixed_style(styles)
    padded = graph.whole_strides(image, STRIDE << (len(sizes) - 1))
    painted = graph.in_passes(padded, sizes, strength, boldness)
    graph.result(graph.like(painted, image), "painting", 3)
    return graph.to_bytes(metadata)


class WholeGraph(PaintingGraph):
    """A graph that paints by itself, including maps and noise.

    ``changes``: what each style adds to the network's weights; empty for none. ``nearness`` (1,): their
    factor.
    """

    changes: Sequence[Weights] = ()
    nearness = ""
    _shares = ""

    def number(self, array: NDArray[np.floating], name: str) -> str:
        """Return a constant as in ``PaintingGraph``; a weight includes the changes of the styles."""
        found = super().number(array, name)
        if not self.changes or name not in self.changes[0]:
            return found
        scale = COLOUR_SCALE if name.startswith("colours.") else 1
        table = np.array([scale * changes[name].ravel() for changes in self.changes], np.float16)
        changed = self.add("MatMul", self._shares, super().number(table, f"{name}/changes"))
        return self.add("Add", found, self.add("Reshape", changed, self.integers(*array.shape)))

    def in_passes(
        self, image: str, styles: Sequence[Mapping[str, MomentNames]], strength: str, boldness: float
    ) -> str:
        """Return ``image`` painted, after passes at half its size if there is more than one style."""
        if len(styles) > 1:
            small = self.add("AveragePool", image, kernel_shape=[2, 2], strides=[2, 2])
            painted = self.clipped(self.in_passes(small, styles[1:], strength, boldness))
            change = self.enlarge(self.add("Sub", painted, small), 3)
            if len(styles) == 2 and boldness != 1:
                change = self.add("Mul", change, self.constant(np.array(boldness, np.float32), "boldness"))
            image = self.clipped(self.add("Add", image, change))
        return self.paint(image, styles[0], strength)

    def given_style(self, passes: int) -> list[dict[str, MomentNames]]:
        """Return the statistics from an input: at the style's own size, at half of it and so on."""
        rows = self.add("Cast", self.input("style", [passes, NUMBERS]), to=_DOUBLE)
        parts = self.add_many("Split", rows, self.integers(*_SIZES), outputs=len(_SIZES), axis=1)
        return self.by_size(passes, parts)

    def mixed_style(self, styles: NDArray[np.floating]) -> list[dict[str, MomentNames]]:
        """Return the statistics of a mixture of ``styles`` (n, passes, NUMBERS); ``weights`` is an input if
        n > 1."""
        rows = self.add("Cast", self.constant(styles, "styles"), to=_DOUBLE)
        parts = self.add_many("Split", rows, self.integers(*_SIZES), outputs=len(_SIZES), axis=2)
        if len(styles) == 1:
            if self.changes:
                self._shares_of_changes(self.constant(np.ones(1), "whole"))
            return self.by_size(
                styles.shape[1], [self.add("Squeeze", part, self.integers(0)) for part in parts]
            )
        weights = self.add("Cast", self.input("weights", [len(styles)]), to=_DOUBLE)
        weights = self.add("Div", weights, self.add("ReduceSum", weights, self.integers(0), keepdims=1))
        if self.changes:
            self._shares_of_changes(weights)
        weights = self.add("Reshape", weights, self.integers(len(styles), 1, 1))

        def mean(x: str) -> str:
            return self.add("ReduceSum", self.add("Mul", weights, x), self.integers(0), keepdims=0)

        found = []
        for means, covariances in zip(parts[::2], parts[1::2], strict=True):
            middle = mean(means)
            apart = self.add("Sub", means, middle)
            across = self.add("Unsqueeze", apart, self.integers(2))
            products = self.add("Mul", self.add("Unsqueeze", apart, self.integers(3)), across)
            flat = self.add("Reshape", products, self.integers(len(styles), styles.shape[1], -1))
            found += [middle, mean(self.add("Add", covariances, flat))]
        return self.by_size(styles.shape[1], found)

    def _shares_of_changes(self, weights: str) -> None:
        """Store the factors of the styles' changes, from their shares ``weights`` (n,)."""
        shares = self.add("Unsqueeze", self.add("Mul", weights, self.nearness), self.integers(0))
        self._shares = self.add("Cast", shares, to=_FLOAT)

    def by_size(self, sizes: int, parts: Sequence[str]) -> list[dict[str, MomentNames]]:
        """Return the statistics at each size; ``parts`` (sizes, N): mean and covariance of each layer."""
        found: list[dict[str, MomentNames]] = [{} for _ in range(sizes)]
        for layer, *both in zip(LAYERS, parts[::2], parts[1::2], strict=True):
            channels = CHANNELS[layer]
            means, covariances = (
                self.add_many("Split", part, self.integers(*[1] * sizes), outputs=sizes, axis=0)
                for part in both
            )
            for size, mean, covariance in zip(found, means, covariances, strict=True):
                size[layer] = MomentNames(
                    self.add("Reshape", mean, self.integers(-1)),
                    self.add("Reshape", covariance, self.integers(channels, channels)),
                    channels,
                )
        return found

    def paint(self, image: str, style: Mapping[str, MomentNames], strength: str) -> str:
        """Return the painting of ``image``, whose sides are multiples of 8."""
        seen = self.encode(image)
        ours = {layer: self.precise(seen[layer], layer) for layer in LAYERS}
        style = self.at_strength(ours, style, strength)
        noise = self.fitting_noise(seen["relu3_1"])
        strokes = self.strokes(seen["relu3_1"], noise)

        def carried(x: str, name: str) -> str:
            layer = MAPS[name]
            return self.moved(x, ours.get(name) or self.precise(x, layer), style[layer])

        deep, *beside = (carried(seen[name], name) for name in LAYERS)
        x = carried(self.coarsest(deep, strokes, beside[0]), "inner3_1")
        x = carried(self.middle(x, noise, beside[1]), "inner2_1")
        x = carried(self.finest(x, noise, beside[2]), "inner1_1")
        return self.colours(x)

    def precise(self, x: str, layer: str) -> MomentNames:
        """Return the moments of features."""
        channels = CHANNELS[layer]
        mean, covariance = self.moments(x, channels)
        flat = self.add("Reshape", mean, self.integers(-1))
        return MomentNames(
            self.add("Cast", flat, to=_DOUBLE), self.add("Cast", covariance, to=_DOUBLE), channels
        )

    def at_strength(
        self, ours: Mapping[str, MomentNames], style: Mapping[str, MomentNames], strength: str
    ) -> dict[str, MomentNames]:
        """Return ``style``, or for a ``strength`` other than 1 an interpolation between ``ours`` and it."""
        whole, part = self.inner("style"), self.inner("between")
        for layer in LAYERS:
            channels = CHANNELS[layer]
            for graph, found in (
                (whole, style[layer]),
                (part, add_between(part, ours[layer], style[layer], strength)),
            ):
                for value, shape in ((found.mean, [channels]), (found.covariance, [channels, channels])):
                    graph.output(graph.add("Identity", value), shape, "float64")
        one = self.constant(np.array([1], np.float64), "one_float64")
        is_whole = self.add("Equal", strength, one)
        values = self.add_many("If", is_whole, outputs=2 * len(LAYERS), then_branch=whole, else_branch=part)
        return {
            layer: MomentNames(mean, covariance, CHANNELS[layer])
            for layer, mean, covariance in zip(LAYERS, values[::2], values[1::2], strict=True)
        }

    def moved(self, x: str, ours: MomentNames, theirs: MomentNames) -> str:
        """Return features transported from moments ``ours`` to ``theirs``: x -> T x + (m' - T m)."""
        matrix = add_transport(self, ours, theirs)
        precise = self.add("Cast", matrix, to=_DOUBLE)
        shift = self.add("Sub", theirs.mean, self.add("MatMul", precise, ours.mean))
        kernel = self.add("Reshape", matrix, self.integers(ours.channels, ours.channels, 1, 1))
        return self.add("Conv", x, kernel, self.add("Cast", shift, to=_FLOAT), kernel_shape=[1, 1])

    def fitting_noise(self, seen: str) -> str:
        """Return the noise for a picture whose relu3_1 is ``seen``: the tile of ``make_noise``, repeated."""
        white, coarse, fine = draw_numbers()
        cubic = self.number(cubic_weights().astype(np.float32), "cubic")
        rows = self.add("MatMul", cubic, self.number(coarse.astype(np.float32), "curves"))
        kind = self.weights["colours.weight"].dtype
        tiles = {
            self.number(white.astype(kind), "white"): TILE,
            self.add("MatMul", rows, self.add("Transpose", cubic, perm=[1, 0])): TILE,
            self.number(fine.astype(kind), "fine"): TILE // 4,
        }
        nought, one = (self.constant(np.array(n, np.int64), f"scalar_{n}") for n in (0, 1))
        places = []
        for axis in (2, 3):
            side = self.add(
                "Add", self.add("Shape", seen, start=axis, end=axis + 1), self.integers(2 * MARGIN)
            )
            places.append(self.add("Range", nought, self.add("Squeeze", side, self.integers(0)), one))
        parts = []
        for tile, length in tiles.items():
            rows, columns = (self.add("Mod", place, self.integers(length)) for place in places)
            parts.append(self.add("Gather", self.add("Gather", tile, rows, axis=1), columns, axis=2))
        return self.add("Unsqueeze", self.add("Concat", *parts, axis=0), self.integers(0))

    def whole_strides(self, image: str, stride: int) -> str:
        """Return ``image`` padded by reflection at the right and bottom to multiples of ``stride``."""
        sides = self.add("Shape", image, start=2, end=4)
        beyond = self.add("Mod", self.add("Neg", sides), self.integers(stride))
        pads = self.add("Concat", self.integers(0, 0, 0, 0, 0, 0), beyond, axis=0)
        return self.add("Pad", image, pads, mode="reflect")

    def like(self, x: str, image: str) -> str:
        """Return ``x`` cropped to the size of ``image``."""
        sides = self.add("Shape", image, start=2, end=4)
        return self.add("Slice", x, self.integers(0, 0), sides, self.integers(2, 3))

    def clipped(self, x: str) -> str:
        """Return ``x`` clipped to [0, 1]."""
        limits = (self.constant(np.array(n, np.float32), f"limit_{n}") for n in (0, 1))
        return self.add("Clip", x, *limits)
