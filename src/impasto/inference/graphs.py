"""The gallery network as ONNX graphs: whole, and in the segments that bands of large pictures go through.

What is computed is ``feedforward/network.py``, for one picture. Here the numbers of a style go straight
into InstanceNormalization, which leaves no arithmetic for them; enlarging to a size that is twice the
old one, or one less, is doubling and cutting off.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from impasto.inference.onnx_files import Graph

Weights = Mapping[str, NDArray[np.floating]]

EPSILON = 1e-5
COLOUR_NUMBERS = 12
TABLE = "table"
GRAIN = "grain"


def layer_names(weights: Weights) -> list[str]:
    """Return the convolutions that are followed by a normalisation, in the order of a row's numbers."""
    found = ["down2", "down4"]
    for group, after in (("blocks4", "down8"), ("blocks8", None), ("blocks4_up", "fine2")):
        found += [f"{group}.{k}" for k in range(sum(name.startswith(f"{group}.") for name in weights))]
        found += [after] if after else []
    return [f"{name}.convolution" for name in [*found, "fine1"]]


def stride(layer: str) -> int:
    return 2 if layer.startswith("down") else 1


class GraphBuilder:
    """Puts parts of the network into ``graph``, the numbers of ``weights`` as they are stored."""

    def __init__(self, name: str, weights: Weights) -> None:
        self.graph = Graph(name)
        self.weights = weights
        self._cast: dict[str, str] = {}

    def number(self, name: str) -> str:
        """Return the tensor called ``name``, in float32. Runtimes fold the cast of halves when they load."""
        if name not in self._cast:
            array = self.weights[name]
            found = self.graph.constant(np.asarray(array), name)
            self._cast[name] = found if array.dtype == np.float32 else self.graph.add("Cast", found, to=1)
        return self._cast[name]

    def side(self, layer: str) -> int:
        return int(self.weights[f"{layer}.weight"].shape[2])

    def convolve(self, x: str, layer: str, pads: str | None = None) -> str:
        """Add reflection padding, all around or by the eight numbers ``pads``, and the convolution."""
        side = self.side(layer)
        margin = side // 2
        if margin:
            all_around = self.graph.integers(0, 0, margin, margin, 0, 0, margin, margin)
            x = self.graph.add("Pad", x, pads or all_around, mode="reflect")
        filters = [self.number(f"{layer}.weight")]
        if layer == "down2.convolution":
            # The network sees 4 image - 2; what is constant, the normalisation takes away.
            filters = [
                self.graph.add(
                    "Mul", filters[0], self.graph.constant(np.array([4.0], np.float32), "contrast")
                )
            ]
        if f"{layer}.bias" in self.weights:
            filters.append(self.number(f"{layer}.bias"))
        step = stride(layer)
        return self.graph.add("Conv", x, *filters, kernel_shape=[side, side], strides=[step, step])

    def with_grain(self, image: str) -> str:
        """Return ``image`` (1, 3, H, W) and, as a fourth channel, the grain laid side by side."""
        graph = self.graph
        side = self.weights[GRAIN].shape[0]
        size = self.size(image)
        last = graph.integers(side - 1)
        times = graph.add("Div", graph.add("Add", size, last), graph.integers(side))
        tiled = graph.add("Tile", self.number(GRAIN), times)
        grain = graph.add("Slice", tiled, graph.integers(0, 0), size, graph.integers(0, 1))
        grain = graph.add("Unsqueeze", grain, graph.integers(0, 1))
        return graph.add("Concat", image, grain, axis=1)

    def double(self, x: str) -> str:
        scales = self.graph.constant(np.array([1, 1, 2, 2], np.float32), "doubled")
        return self.graph.add(
            "Resize", x, "", scales, mode="nearest", nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )  # fmt: skip

    def cut(self, x: str, starts: str, ends: str) -> str:
        """Return the rows and columns from ``starts`` to ``ends``, two numbers each."""
        return self.graph.add("Slice", x, starts, ends, self.graph.integers(2, 3))

    def size(self, x: str) -> str:
        return self.graph.add("Shape", x, start=2, end=4)

    def recolour(self, image: str, matrix: str, shift: str) -> str:
        """Return the linear map of colours: ``matrix`` (3, 3, 1, 1), ``shift`` (3,)."""
        return self.graph.add("Conv", image, matrix, shift, kernel_shape=[1, 1])


def whole(weights: Weights, rows: int, metadata: Mapping[str, str] | None = None) -> bytes:
    """Return the network as one ONNX file.

    Inputs: ``image`` (1, 3, H, W) in [0, 1], any H and W from 16; ``weights`` (1, ``rows``), how much of
    each row of the table. Output ``painting`` (1, 3, H, W); it may leave [0, 1].
    """
    network = GraphBuilder("gallery", weights)
    graph = network.graph
    image = graph.input("image", [1, 3, "height", "width"])
    chosen = graph.input("weights", [1, rows])
    layers = layer_names(weights)
    numbers = graph.add("MatMul", chosen, network.number(TABLE))
    numbers = graph.add("Reshape", numbers, graph.integers(-1))
    widths = [9, 3] + [w for n in layers for w in [weights[f"{n}.weight"].shape[0]] * 2]
    matrix, shift, *parts = graph.add_many(
        "Split", numbers, graph.integers(*map(int, widths)), outputs=len(widths)
    )
    pairs = {name: parts[2 * k : 2 * k + 2] for k, name in enumerate(layers)}

    def layer(x: str, name: str, *, relu: bool) -> str:
        found = graph.add("InstanceNormalization", network.convolve(x, name), *pairs[name], epsilon=EPSILON)
        return graph.add("Relu", found) if relu else found

    def blocks(x: str, group: str) -> str:
        names = [name for name in layers if name.startswith(f"{group}.")]
        for first, second in zip(names[::2], names[1::2], strict=True):
            x = graph.add("Add", x, layer(layer(x, first, relu=True), second, relu=False))
        return x

    def enlarge(x: str, like: str) -> str:
        return network.cut(network.double(x), graph.integers(0, 0), network.size(like))

    half = layer(network.with_grain(image), "down2.convolution", relu=True)
    quarter = blocks(layer(half, "down4.convolution", relu=True), "blocks4")
    coarse = blocks(layer(quarter, "down8.convolution", relu=True), "blocks8")
    upper = graph.add("Add", quarter, enlarge(network.convolve(coarse, "up4"), quarter))
    upper = blocks(upper, "blocks4_up")
    upper = layer(enlarge(network.convolve(upper, "up2"), half), "fine2.convolution", relu=True)
    full = layer(enlarge(network.convolve(upper, "up1"), image), "fine1.convolution", relu=True)
    matrix = graph.add("Reshape", matrix, graph.integers(3, 3, 1, 1))
    coloured = network.recolour(image, matrix, shift)
    graph.add("Add", coloured, network.convolve(full, "strokes"), name="painting")
    graph.output("painting", [1, 3, "height", "width"])
    return graph.to_bytes(metadata)


class BandSegment(GraphBuilder):
    """A part of the network for one band, between two normalisations, whose effects it takes as inputs.

    Inputs are called after their layers: ``NAME/scale`` and ``NAME/shift`` (1, C, 1, 1), what a
    normalisation comes to; ``NAME/pads`` (8,), the reflection this band needs; ``NAME/starts`` and
    ``NAME/ends`` (2,), what remains of a doubled band.
    """

    def apply(self, x: str, layer: str) -> str:
        """Return the normalisation after ``layer``, and the rectifier."""
        channels = int(self.weights[f"{layer}.weight"].shape[0])
        scale, shift = (self.graph.input(f"{layer}/{n}", [1, channels, 1, 1]) for n in ("scale", "shift"))
        return self.graph.add("Relu", self.graph.add("Add", self.graph.add("Mul", x, scale), shift))

    def convolve_band(self, x: str, layer: str) -> str:
        return self.convolve(x, layer, self.graph.input(f"{layer}/pads", [8], "int64"))

    def enlarge_band(self, x: str, layer: str) -> str:
        x = self.double(self.convolve(x, layer))
        starts, ends = (self.graph.input(f"{layer}/{n}", [2], "int64") for n in ("starts", "ends"))
        return self.cut(x, starts, ends)

    def moments(self, x: str, channels: int) -> None:
        """Add outputs ``mean`` and ``spread`` (C,): each channel's mean, and summed squares around it."""
        axes = self.graph.integers(0, 2, 3)
        mean = self.graph.add("ReduceMean", x, axes, keepdims=1)
        spread = self.graph.add("ReduceSumSquare", self.graph.add("Sub", x, mean), axes, keepdims=0)
        self.graph.add("Reshape", mean, self.graph.integers(-1), name="mean")
        self.graph.add("Identity", spread, name="spread")
        self.graph.output("mean", [channels])
        self.graph.output("spread", [channels])

    def finish(self, x: str, layer: str, *, features: bool) -> bytes:
        """Return the ONNX file: the output of ``layer``, as ``features`` or not at all, and its moments."""
        channels = int(self.weights[f"{layer}.weight"].shape[0])
        if features:
            self.graph.add("Identity", x, name="features")
            self.graph.output("features", [1, channels, "rows", "columns"])
        self.moments(x, channels)
        return self.graph.to_bytes()


def first_segment(weights: Weights, *, store: bool) -> bytes:
    """Return the graph from a band of the image and its grain to moments of ``down2`` (``store``: down4)."""
    part = BandSegment("first", weights)
    image = part.graph.input("band", [1, 4, "rows_in", "columns_in"])
    half = part.convolve_band(image, "down2.convolution")
    if not store:
        return part.finish(half, "down2.convolution", features=False)
    applied = part.apply(half, "down2.convolution")
    return part.finish(part.convolve_band(applied, "down4.convolution"), "down4.convolution", features=True)


def layer_segment(weights: Weights, layer: str, before: str | None) -> bytes:
    """Return the graph from a band of features to ``layer`` and its moments, ``before`` normalised first."""
    part = BandSegment("layer", weights)
    x = part.graph.input("band", [1, int(weights[f"{layer}.weight"].shape[1]), "rows_in", "columns_in"])
    if before is not None:
        x = part.apply(x, before)
    return part.finish(part.convolve_band(x, layer), layer, features=True)


def enlarging_segment(weights: Weights, layer: str) -> bytes:
    """Return the graph from a band of features through the 1x1 convolution ``layer``, doubled and cut."""
    part = BandSegment("enlarging", weights)
    out, into = (int(n) for n in weights[f"{layer}.weight"].shape[:2])
    x = part.graph.input("band", [1, into, "rows_in", "columns_in"])
    part.graph.add("Identity", part.enlarge_band(x, layer), name="features")
    part.graph.output("features", [1, out, "rows", "columns"])
    return part.graph.to_bytes()


def last_segment(weights: Weights, until: str) -> bytes:
    """Return the graph from a band at a quarter of the size to moments of ``until``.

    ``until`` is "fine2" or "fine1"; or "strokes" for the painting, with further inputs
    ``image`` (the band), ``matrix`` and ``shift`` (its colour map)."""
    part = BandSegment("last", weights)
    into = int(weights["up2.weight"].shape[1])
    x = part.enlarge_band(part.graph.input("band", [1, into, "rows_in", "columns_in"]), "up2")
    x = part.convolve_band(x, "fine2.convolution")
    if until == "fine2":
        return part.finish(x, "fine2.convolution", features=False)
    x = part.enlarge_band(part.apply(x, "fine2.convolution"), "up1")
    x = part.convolve_band(x, "fine1.convolution")
    if until == "fine1":
        return part.finish(x, "fine1.convolution", features=False)
    strokes = part.convolve_band(part.apply(x, "fine1.convolution"), "strokes")
    image = part.graph.input("image", [1, 3, "rows", "columns"])
    coloured = part.recolour(image, part.graph.input("matrix", [3, 3, 1, 1]), part.graph.input("shift", [3]))
    part.graph.add("Add", coloured, strokes, name="painting")
    part.graph.output("painting", [1, 3, "rows", "columns"])
    return part.graph.to_bytes()
