"""The network for any painting as ONNX graphs, from the numbers of its two files.

What is computed is ``networks/any_painting.py``. Features are carried over by affine maps, which the graphs
take as inputs: ``NAME/matrix`` (C, C, 1, 1) and ``NAME/shift`` (C,), for each of ``MAPS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.inference.onnx_files import Graph

Weights = Mapping[str, NDArray[np.floating]]

LAYERS = ("relu4_1", "relu3_1", "relu2_1", "relu1_1")
CHANNELS = {"relu4_1": 128, "relu3_1": 64, "relu2_1": 32, "relu1_1": 16}
STRIDES = {"relu4_1": 8, "relu3_1": 4, "relu2_1": 2, "relu1_1": 1}
SEEN = LAYERS[:3]
"""Where the photograph's own features are carried over."""
INNER = {"inner3_1": "relu3_1", "inner2_1": "relu2_1", "inner1_1": "relu1_1"}
"""The decoder's own features that are carried over, and the layers that they stand for."""
MAPS = {**{name: name for name in SEEN}, **INNER}
"""Every map, in order, and the layer whose statistics it aims at."""
STRIDE = 8


@dataclass(frozen=True)
class NetworkStage:
    """A part of the network between two maps: the features that it ``takes`` and ``makes``, and the rows of
    pixels ``beside`` those of a band that it sees, or more of them."""

    takes: tuple[str, ...]
    makes: tuple[str, ...]
    beside: int


STAGES = {
    "measure": NetworkStage(("image",), (), 32),
    "encode": NetworkStage(("image",), SEEN, 32),
    "coarsest": NetworkStage(("relu4_1", "relu3_1", "noise"), ("inner3_1",), 40),
    "middle": NetworkStage(("inner3_1", "relu2_1"), ("inner2_1",), 16),
    "finest": NetworkStage(("inner2_1",), ("inner1_1",), 8),
    "colours": NetworkStage(("inner1_1",), ("painting",), 8),
    # Of pictures in bands, whose features at full size are not kept but computed twice:
    "measure-finest": NetworkStage(("inner2_1",), (), 8),
    "paint": NetworkStage(("inner2_1",), ("painting",), 16),
}
AT_ONCE = ("encode", "coarsest", "middle", "finest", "colours")
IN_BANDS = ("encode", "coarsest", "middle", "measure-finest", "paint")
BESIDE = 96
"""Rows of pixels that a painting's row sees on either side, or more."""

NOISE = 4
TILE = 128
"""Rows and columns of the noise at relu4_1, which repeats: every 1024 pixels of the picture."""

_SLOPE = 0.1
_DEPTHS = ((1, 2), (2, 2), (3, 4), (4, 1))
"""The encoder's blocks, and how many convolutions of each there are."""


def make_noise() -> NDArray[np.float32]:
    """Return (NOISE, TILE, TILE) of mean 0 and variance 1 that fits itself at its edges, always the same.

    Without the finest waves, as ``networks.any_painting.draw_noise``.
    """
    white = np.random.RandomState(0).standard_normal((NOISE, TILE, TILE))  # whose stream no version changes
    for axis in (1, 2):
        white = (np.roll(white, 1, axis) + 2 * white + np.roll(white, -1, axis)) / 6**0.5
    return white.astype(np.float32)


class PaintingGraph(Graph):
    """A graph of parts of the network. Methods take and return the names of values, (1, C, H, W) each."""

    def __init__(self, name: str, weights: Weights) -> None:
        super().__init__(name)
        self.weights = weights

    def encode(self, image: str) -> dict[str, str]:
        """Return the encoder's features at ``LAYERS``."""
        found, x = {}, image
        for name in (f"conv{block}_{k}" for block, depth in _DEPTHS for k in range(1, depth + 1)):
            if name.endswith("_1") and name != "conv1_1":
                x = self.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
            # The encoder sees 4 image - 2.
            x = self.rectify(self.convolve(x, name, before=(4, -2) if name == "conv1_1" else (1, 0)))
            layer = name.replace("conv", "relu")
            if layer in LAYERS:
                found[layer] = x
        return found

    def carry(self, x: str, name: str) -> str:
        """Return ``x`` under the map ``name``."""
        channels = CHANNELS[MAPS[name]]
        matrix = self.input(f"{name}/matrix", [channels, channels, 1, 1])
        return self.add("Conv", x, matrix, self.input(f"{name}/shift", [channels]), kernel_shape=[1, 1])

    def coarsest(self, x: str, noise: str, beside: str) -> str:
        x = self.rectify(self.convolve(self.add("Concat", x, noise, axis=1), "coarsest.enter"))
        inner = self.rectify(self.convolve(x, "coarsest.middle.first"))
        x = self.add("Add", x, self.convolve(inner, "coarsest.middle.second"))
        x = self.enlarge(self.rectify(self.convolve(x, "coarsest.narrow")))
        x = self.add("Add", x, self.convolve(beside, "coarsest.beside"))
        return self.rectify(self.convolve(x, "coarsest.leave"))

    def middle(self, x: str, beside: str) -> str:
        x = self.add("Add", x, self.rectify(self.convolve(x, "middle.enter")))
        x = self.enlarge(self.rectify(self.convolve(x, "middle.narrow")))
        x = self.add("Add", x, self.convolve(beside, "middle.beside"))
        return self.rectify(self.convolve(x, "middle.leave"))

    def finest(self, x: str) -> str:
        x = self.enlarge(self.rectify(self.convolve(x, "finest.narrow")))
        return self.rectify(self.convolve(x, "finest.leave"))

    def colours(self, x: str) -> str:
        """Return the painting; it may leave [0, 1]."""
        return self.convolve(x, "colours", after=(0.25, 0.5))

    def moments(self, x: str, channels: int) -> tuple[str, str]:
        """Return the mean (C, 1) and the covariance (C, C) of ``x`` over positions."""
        rows = self.add("Reshape", x, self.integers(channels, -1))
        mean = self.add("ReduceMean", rows, self.integers(1), keepdims=1)
        centred = self.add("Sub", rows, mean)
        positions = self.add("Cast", self.add("Shape", rows, start=1, end=2), to=1)
        return mean, self.add("Div", self.add("Gemm", centred, centred, transB=1), positions)

    def convolve(
        self, x: str, name: str, *, before: tuple[float, float] = (1, 0), after: tuple[float, float] = (1, 0)
    ) -> str:
        """Return the convolution ``name`` of ``x``, mirrored at its border; ``before`` and ``after`` it
        numbers are multiplied by the first and added to the second of two."""
        weight, bias = (self.weights[f"{name}.{part}"].astype(np.float32) for part in ("weight", "bias"))
        side = weight.shape[2]
        if (before, after) == ((1, 0), (1, 0)):
            stored = [self.weights[f"{name}.{part}"] for part in ("weight", "bias")]
        else:
            bias = after[0] * (bias + before[1] * weight.sum((1, 2, 3))) + after[1]
            stored = [after[0] * before[0] * weight, bias.astype(np.float32)]
        if side > 1:
            x = self.add("Pad", x, self.integers(0, 0, 1, 1, 0, 0, 1, 1), mode="reflect")
        filters = [
            self.number(array, f"{name}.{part}")
            for part, array in zip(("weight", "bias"), stored, strict=True)
        ]
        return self.add("Conv", x, *filters, kernel_shape=[side, side])

    def number(self, array: NDArray[np.floating], name: str) -> str:
        """Return a constant in float32; runtimes fold the cast of halves when they load."""
        found = self.constant(array, name)
        return found if array.dtype == np.float32 else self.add("Cast", found, to=1)

    def rectify(self, x: str) -> str:
        return self.add("LeakyRelu", x, alpha=_SLOPE)

    def enlarge(self, x: str) -> str:
        scales = self.constant(np.array([1, 1, 2, 2], np.float32), "doubled")
        return self.add("Resize", x, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")

    def features(self, name: str, layer: str) -> str:
        """Declare features as an input."""
        return self.input(name, [1, CHANNELS[layer], f"{name}/rows", f"{name}/columns"])

    def image(self) -> str:
        return self.input("image", [1, 3, "height", "width"])

    def noise(self) -> str:
        return self.input("noise", [1, NOISE, "noise/rows", "noise/columns"])

    def result(self, x: str, name: str, channels: int) -> None:
        """Make features an output called ``name``."""
        self.add("Identity", x, name=name)
        self.output(name, [1, channels, f"{name}/rows", f"{name}/columns"])

    def measured(self, x: str, name: str, layer: str) -> None:
        """Make the moments of features outputs called ``name``/mean and ``name``/covariance."""
        channels = CHANNELS[layer]
        mean, covariance = self.moments(x, channels)
        self.add("Reshape", mean, self.integers(-1), name=f"{name}/mean")
        self.add("Identity", covariance, name=f"{name}/covariance")
        self.output(f"{name}/mean", [channels])
        self.output(f"{name}/covariance", [channels, channels])

    def cropped(self, x: str, layer: str) -> str:
        """Return the rows of a band itself, without those beside it. The input ``rows`` has the first and the
        one after the last, in strides of 8 pixels."""
        rows = self.add("Mul", "rows", self.integers(STRIDE // STRIDES[layer]))
        first, last = self.add_many("Split", rows, self.integers(1, 1), outputs=2)
        return self.add("Slice", x, first, last, self.integers(2))


def local_graph(weights: Weights) -> bytes:
    """Return the graph from ``image``, sides multiples of 8, ``noise`` and all maps to ``painting``."""
    graph = PaintingGraph("local", weights)
    seen = graph.encode(graph.image())
    deep, middling, shallow = (graph.carry(seen[name], name) for name in SEEN)
    x = graph.carry(graph.coarsest(deep, graph.noise(), middling), "inner3_1")
    x = graph.carry(graph.middle(x, shallow), "inner2_1")
    graph.result(graph.colours(graph.carry(graph.finest(x), "inner1_1")), "painting", 3)
    return graph.to_bytes()


def stage_graph(weights: Weights, name: str, *, cropped: bool) -> bytes:
    """Return the graph of one of ``STAGES``: from what it takes and the maps of that to what it makes, with
    the moments of what is carried over next.

    ``cropped``: of a band with rows beside it; see ``PaintingGraph.cropped``.
    """
    graph, stage = PaintingGraph(name, weights), STAGES[name]
    if cropped:
        graph.input("rows", [2], "int64")
    given = {}
    for taken in stage.takes:
        if taken in MAPS:
            given[taken] = graph.carry(graph.features(taken, MAPS[taken]), taken)
    if stage.takes == ("image",):
        seen = graph.encode(graph.image())
        made = {layer: seen[layer] for layer in (LAYERS if name == "measure" else SEEN)}
    elif name == "coarsest":
        made = {"inner3_1": graph.coarsest(given["relu4_1"], graph.noise(), given["relu3_1"])}
    elif name == "middle":
        made = {"inner2_1": graph.middle(given["inner3_1"], given["relu2_1"])}
    elif name in ("finest", "measure-finest"):
        made = {"inner1_1": graph.finest(given["inner2_1"])}
    elif name == "colours":
        made = {"painting": graph.colours(given["inner1_1"])}
    else:
        made = {"painting": graph.colours(graph.carry(graph.finest(given["inner2_1"]), "inner1_1"))}
    for what, x in made.items():
        layer = MAPS.get(what, "relu1_1")
        found = graph.cropped(x, layer) if cropped else x
        if what != "painting":
            graph.measured(found, what, layer)
        if what in stage.makes:
            graph.result(found, what, 3 if what == "painting" else CHANNELS[layer])
    return graph.to_bytes()
