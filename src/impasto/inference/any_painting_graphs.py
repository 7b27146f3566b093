"""The network for any painting as ONNX graphs, built from the weights in its two files.

The graphs compute what ``networks/any_painting.py`` does. The affine maps that transport features are inputs:
``NAME/matrix`` (C, C, 1, 1) and ``NAME/shift`` (C,), for each of ``MAPS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.inference.any_painting_numbers import (
    CURVE,
    DIRECTIONS,
    FAINT,
    GRAIN,
    LAYERS,
    LENGTH,
    MARGIN,
    NOISE,
    PULL,
    SLOPE,
    SPREAD,
    STRIDE,
    WIDTH,
)
from impasto.inference.onnx_files import Graph

Weights = Mapping[str, NDArray[np.floating]]

CHANNELS = {"relu4_1": 128, "relu3_1": 64, "relu2_1": 32, "relu1_1": 16}
STRIDES = {"relu4_1": 8, "relu3_1": 4, "relu2_1": 2, "relu1_1": 1}
INNER = {"inner3_1": "relu3_1", "inner2_1": "relu2_1", "inner1_1": "relu1_1"}
"""The decoder's features that are transported, and the encoder layers they correspond to."""
MAPS = {**{name: name for name in LAYERS}, **INNER}
"""Every map, in order, and the layer whose statistics it matches."""


@dataclass(frozen=True)
class NetworkStage:
    """A part of the network between two maps.

    ``takes``: its inputs. ``carries``: the maps it applies. ``makes``: its outputs. ``beside``: the pixel
    rows it needs on either side of a band, or more.
    """

    takes: tuple[str, ...]
    carries: tuple[str, ...]
    makes: tuple[str, ...]
    beside: int


STAGES = {
    "measure": NetworkStage(("image",), (), (), 32),
    "encode": NetworkStage(("image",), (), LAYERS[:3], 32),
    "coarsest": NetworkStage(("relu4_1", "relu3_1", "noise"), ("relu4_1", "relu3_1"), ("inner3_1",), 80),
    "middle": NetworkStage(("inner3_1", "relu2_1", "noise"), ("inner3_1", "relu2_1"), ("inner2_1",), 24),
    "finest": NetworkStage(("inner2_1", "image", "noise"), ("inner2_1", "relu1_1"), ("inner1_1",), 16),
    "colours": NetworkStage(("inner1_1",), ("inner1_1",), ("painting",), 8),
    # For pictures in bands: features at full size are computed twice, to save memory.
    "measure-finest": NetworkStage(("inner2_1", "image", "noise"), ("inner2_1", "relu1_1"), (), 16),
    "paint": NetworkStage(
        ("inner2_1", "image", "noise"), ("inner2_1", "relu1_1", "inner1_1"), ("painting",), 16
    ),
}
AT_ONCE = ("encode", "coarsest", "middle", "finest", "colours")
IN_BANDS = ("encode", "coarsest", "middle", "measure-finest", "paint")
BESIDE = 144
"""Pixel rows on either side that a row of the painting depends on, or more."""

COLOUR_SCALE = 0.25
"""The factor of the filters of the last convolution, which returns colours, in a graph."""
CURVES, HALF, WHOLE = 2, 4 * GRAIN[0], 16 * GRAIN[1]
"""Channels of noise besides white noise: slowly changing directions, and finer noise at half the picture's
size and at its full size."""
NOISE_STRIDE = 4
TILE = 256
"""Rows and columns of the noise tile, which repeats every 1024 pixels of the picture."""

_DEPTHS = ((1, 2), (2, 2), (3, 4), (4, 1))
"""The encoder's blocks, and how many convolutions of each are used."""


def make_noise() -> NDArray[np.float32]:
    """Return a seamless tile of noise (30, TILE, TILE), always the same, with the channels that
    ``networks.any_painting.draw_noise`` draws. The finer noise repeats four times in it."""
    white, coarse, fine = draw_numbers()
    cubic = cubic_weights()
    found = np.concatenate([white, cubic @ coarse @ cubic.T, np.tile(fine, (1, 4, 4))])
    return found.astype(np.float32)


def draw_numbers() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the components of the noise: white (NOISE, TILE, TILE), directions in cells of CURVE positions
    (CURVES, TILE / CURVE, TILE / CURVE), and fine (HALF + WHOLE, TILE / 4, TILE / 4)."""
    random = np.random.RandomState(0)  # the same numbers in every version of NumPy
    white = random.standard_normal((NOISE, TILE, TILE))
    coarse = random.standard_normal((CURVES, TILE // CURVE, TILE // CURVE))
    return white, coarse, random.standard_normal((HALF + WHOLE, TILE // 4, TILE // 4))


def cubic_weights() -> NDArray[np.float64]:
    """Return the weight of each cell at each position (TILE, TILE / CURVE): cubic interpolation of the four
    cells around it (Keys 1981, a = -0.75)."""
    place = (np.arange(TILE)[:, None] + 0.5) / CURVE - 0.5 - np.arange(TILE // CURVE)
    far = np.abs((place + TILE // CURVE / 2) % (TILE // CURVE) - TILE // CURVE / 2)
    near = 1 - 2.25 * far**2 + 1.25 * far**3
    return np.where(far <= 1, near, np.where(far < 2, -0.75 * (far**3 - 5 * far**2 + 8 * far - 4), 0))


class PaintingGraph(Graph):
    """A graph of a part of the network. Methods take and return names of values, each (1, C, H, W)."""

    def __init__(self, name: str, weights: Weights) -> None:
        super().__init__(name)
        self.weights = weights

    def encode(self, image: str) -> dict[str, str]:
        """Return the encoder's features at ``LAYERS``."""
        found, x = {}, image
        for name in (f"conv{block}_{k}" for block, depth in _DEPTHS for k in range(1, depth + 1)):
            if name.endswith("_1") and name != "conv1_1":
                x = self.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
            x = self.first(x) if name == "conv1_1" else self.rectify(self.convolve(x, name))
            layer = name.replace("conv", "relu")
            if layer in LAYERS:
                found[layer] = x
        return found

    def carry(self, x: str, name: str) -> str:
        """Return ``x`` transported by the map ``name``."""
        channels = CHANNELS[MAPS[name]]
        matrix = self.input(f"{name}/matrix", [channels, channels, 1, 1])
        return self.add("Conv", x, matrix, self.input(f"{name}/shift", [channels]), kernel_shape=[1, 1])

    def first(self, image: str) -> str:
        """Return relu1_1."""
        return self.rectify(self.convolve(image, "conv1_1", before=(4, -2)))  # the encoder sees 4 image - 2

    def coarsest(self, x: str, strokes: str, beside: str) -> str:
        halved = self.add("SpaceToDepth", strokes, blocksize=2)
        unshuffled = self.add("Reshape", halved, self.integers(1, 4 * NOISE, 0, 0))
        strokes = self.add("Transpose", strokes, perm=[1, 0, 2, 3])
        x = self.rectify(self.convolve(self.add("Concat", x, unshuffled, axis=1), "coarsest.enter"))
        inner = self.rectify(self.convolve(x, "coarsest.middle.first"))
        x = self.add("Add", x, self.convolve(inner, "coarsest.middle.second"))
        x = self.enlarge(self.rectify(self.convolve(x, "coarsest.narrow")), 64)
        x = self.add("Add", x, self.convolve(self.add("Concat", beside, strokes, axis=1), "coarsest.beside"))
        return self.rectify(self.convolve(x, "coarsest.leave"))

    def strokes(self, seen: str, noise: str) -> str:
        """Return noise (NOISE, 1, H, W) stretched along the edges of relu3_1, as by
        ``networks.any_painting.OrientedNoise``."""
        angles = np.arange(DIRECTIONS) * (np.pi / DIRECTIONS)
        cosine, sine = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
        reach = np.arange(-MARGIN, MARGIN + 1.0)
        along, across = cosine * reach + sine * reach[:, None], cosine * reach[:, None] - sine * reach
        filters = np.exp(-0.5 * ((along / LENGTH) ** 2 + (across / WIDTH) ** 2))
        filters /= np.sqrt((filters**2).sum((1, 2), keepdims=True))
        flat = filters.reshape(DIRECTIONS, -1)
        white = self.add("Slice", noise, self.integers(0), self.integers(NOISE), self.integers(1))
        directions = self.add("Add", self.directions(seen), self.inside(noise, NOISE, CURVES))
        length = self.add("ReduceSumSquare", directions, self.integers(1), keepdims=1)
        directions = self.add("Div", directions, self.root(length))
        turns = np.stack([np.cos(2 * angles), np.sin(2 * angles)], 1)
        shares = self.add("Relu", self.filter(directions, turns[:, :, None, None], "turns"))
        shares = self.add("Mul", shares, shares)
        shares = self.add("Mul", shares, shares)
        overlapping = self.filter(shares, (flat @ flat.T)[:, :, None, None], "overlaps")
        variance = self.add("ReduceSum", self.add("Mul", shares, overlapping), self.integers(1), keepdims=1)
        shares = self.add("Div", shares, self.root(variance))
        each = self.add("Transpose", white, perm=[1, 0, 2, 3])
        drawn_out = self.add("Mul", self.filter(each, filters[:, None], "strokes"), shares)
        return self.add("ReduceSum", drawn_out, self.integers(1), keepdims=1)

    def inside(self, noise: str, first: int, count: int) -> str:
        """Return ``count`` channels of the noise, starting at ``first``, without its margin."""
        starts, ends = (first, MARGIN, MARGIN), (first + count, -MARGIN, -MARGIN)
        return self.add("Slice", noise, self.integers(*starts), self.integers(*ends), self.integers(1, 2, 3))

    def with_grain(self, x: str, noise: str, first: int, count: int, times: int) -> str:
        """Return the features with finer noise, at ``times`` the size of relu3_1, as further channels."""
        grain = self.add("DepthToSpace", self.inside(noise, first, count), blocksize=times, mode="CRD")
        return self.add("Concat", x, grain, axis=1)

    def directions(self, seen: str) -> str:
        """Return (1, 2, H, W): cosine and sine of twice the angle of the edges of relu3_1, weighted by their
        agreement and strength."""
        far = 2**62
        padded = self.add("Pad", seen, self.integers(0, 0, 1, 1, 0, 0, 1, 1), mode="edge")
        ends = {"x": ((1, 2), (-1, far), (1, 0), (-1, -2)), "y": ((2, 1), (far, -1), (0, 1), (-2, -1))}
        both = self.integers(2, 3)
        change = {}
        for axis, numbers in ends.items():
            after_first, after_last, first, last = (self.integers(*pair) for pair in numbers)
            after = self.add("Slice", padded, after_first, after_last, both)
            change[axis] = self.add("Sub", after, self.add("Slice", padded, first, last, both))
        products = [self.add("Mul", change[one], change[other]) for one, other in ("xx", "yy", "xy")]
        means = [self.add("ReduceMean", product, self.integers(1), keepdims=1) for product in products]
        margins = self.integers(0, 0, MARGIN, MARGIN, 0, 0, MARGIN, MARGIN)
        tensor = self.add("Pad", self.add("Concat", *means, axis=1), margins, mode="edge")
        hat = np.exp(-0.5 * (np.arange(-MARGIN, MARGIN + 1) / SPREAD) ** 2)
        hat /= 2 * hat.sum()  # each difference is halved; products of two are summed
        soft = np.broadcast_to(np.outer(hat, hat), (3, 1, len(hat), len(hat)))
        xx, yy, xy = self.add_many(
            "Split",
            self.filter(tensor, soft, "soft", group=3),
            self.integers(1, 1, 1),
            outputs=3,
            axis=1,
        )
        turned = self.add("Concat", self.add("Sub", yy, xx), self.scaled(xy, -2), axis=1)
        strength = self.add(
            "Add", self.add("Add", xx, yy), self.number(np.array([FAINT], np.float32), "faint")
        )
        return self.scaled(self.add("Div", turned, strength), PULL)

    def filter(self, x: str, weights: NDArray[np.floating], name: str, group: int = 1) -> str:
        """Return the convolution with fixed ``weights``, without padding."""
        return self.add("Conv", x, self.number(weights.astype(np.float32), name), group=group)

    def root(self, x: str) -> str:
        return self.add("Sqrt", self.add("Add", x, self.number(np.array([1e-6], np.float32), "least")))

    def scaled(self, x: str, factor: float) -> str:
        return self.add("Mul", x, self.number(np.array([factor], np.float32), f"times_{factor:g}"))

    def middle(self, x: str, noise: str, beside: str) -> str:
        beside = self.with_grain(beside, noise, NOISE + CURVES, HALF, 2)
        x = self.add("Add", x, self.rectify(self.convolve(x, "middle.enter")))
        x = self.enlarge(self.rectify(self.convolve(x, "middle.narrow")), 32)
        x = self.add("Add", x, self.convolve(beside, "middle.beside"))
        return self.rectify(self.convolve(x, "middle.leave"))

    def finest(self, x: str, noise: str, beside: str) -> str:
        beside = self.with_grain(beside, noise, NOISE + CURVES + HALF, WHOLE, 4)
        x = self.enlarge(self.rectify(self.convolve(x, "finest.narrow")), 16)
        x = self.add("Add", x, self.convolve(beside, "finest.beside"))
        return self.rectify(self.convolve(x, "finest.leave"))

    def colours(self, x: str) -> str:
        """Return the painting; values may lie outside [0, 1]."""
        return self.convolve(x, "colours", after=(COLOUR_SCALE, 0.5))

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
        """Return the convolution ``name`` of ``x``, with reflection padding. ``before`` and ``after``: a
        factor and an offset applied to its input, and to its output."""
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
        """Return a constant in float32; runtimes fold the cast from float16 at load time."""
        found = self.constant(array, name)
        return found if array.dtype == np.float32 else self.add("Cast", found, to=1)

    def rectify(self, x: str) -> str:
        return self.add("LeakyRelu", x, alpha=SLOPE)

    def enlarge(self, x: str, channels: int) -> str:
        """Return ``x`` at twice the size, without artefacts of period two."""
        hat = np.array([0.25, 0.5, 0.25])
        smooth = np.broadcast_to(np.outer(hat, hat), (channels, 1, 3, 3))
        padded = self.add("Pad", x, self.integers(0, 0, 1, 1, 0, 0, 1, 1), mode="edge")
        x = self.filter(padded, smooth, f"smooth_{channels}", group=channels)
        scales = self.constant(np.array([1, 1, 2, 2], np.float32), "doubled")
        return self.add("Resize", x, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")

    def features(self, name: str, layer: str) -> str:
        """Declare features as an input."""
        return self.input(name, [1, CHANNELS[layer], f"{name}/rows", f"{name}/columns"])

    def image(self) -> str:
        return self.input("image", [1, 3, "height", "width"])

    def noise(self) -> str:
        return self.input("noise", [1, NOISE + CURVES + HALF + WHOLE, "noise/rows", "noise/columns"])

    def result(self, x: str, name: str, channels: int) -> None:
        """Make features an output called ``name``."""
        self.add("Identity", x, name=name)
        self.output(name, [1, channels, f"{name}/rows", f"{name}/columns"])

    def measured(self, x: str, name: str, layer: str) -> None:
        """Make the moments of features the outputs ``name``/mean and ``name``/covariance."""
        channels = CHANNELS[layer]
        mean, covariance = self.moments(x, channels)
        self.add("Reshape", mean, self.integers(-1), name=f"{name}/mean")
        self.add("Identity", covariance, name=f"{name}/covariance")
        self.output(f"{name}/mean", [channels])
        self.output(f"{name}/covariance", [channels, channels])

    def cropped(self, x: str, layer: str) -> str:
        """Return the band's own rows, without its neighbours. The input ``rows`` has the first row and the
        one after the last, in strides of 8 pixels."""
        rows = self.add("Mul", "rows", self.integers(STRIDE // STRIDES[layer]))
        first, last = self.add_many("Split", rows, self.integers(1, 1), outputs=2)
        return self.add("Slice", x, first, last, self.integers(2))


def local_graph(weights: Weights) -> bytes:
    """Return the graph from ``image`` (sides are multiples of 8), ``noise`` and all maps to ``painting``."""
    graph = PaintingGraph("local", weights)
    seen = graph.encode(graph.image())
    noise = graph.noise()
    strokes = graph.strokes(seen["relu3_1"], noise)
    deep, *beside = (graph.carry(seen[name], name) for name in LAYERS)
    x = graph.carry(graph.coarsest(deep, strokes, beside[0]), "inner3_1")
    x = graph.carry(graph.middle(x, noise, beside[1]), "inner2_1")
    x = graph.carry(graph.finest(x, noise, beside[2]), "inner1_1")
    graph.result(graph.colours(x), "painting", 3)
    return graph.to_bytes()


def stage_graph(weights: Weights, name: str, *, cropped: bool) -> bytes:
    """Return the graph of one of ``STAGES``: from its inputs and their maps to its outputs and the moments
    for the next maps.

    ``cropped``: for a band with neighbouring rows; see ``PaintingGraph.cropped``.
    """
    graph, stage = PaintingGraph(name, weights), STAGES[name]
    if cropped:
        graph.input("rows", [2], "int64")
    given = {n: graph.features(n, MAPS[n]) for n in stage.takes if n in MAPS}
    if "image" in stage.takes:
        given["image"] = graph.image()
    if "noise" in stage.takes:
        given["noise"] = graph.noise()
    if "relu1_1" in stage.carries:
        given["relu1_1"] = graph.first(given["image"])
    carried = {n: graph.carry(given[n], n) for n in stage.carries if n in given}
    if name in ("measure", "encode"):
        made = graph.encode(given["image"])
    elif name == "coarsest":
        strokes = graph.strokes(given["relu3_1"], given["noise"])
        made = {"inner3_1": graph.coarsest(carried["relu4_1"], strokes, carried["relu3_1"])}
    elif name == "middle":
        made = {"inner2_1": graph.middle(carried["inner3_1"], given["noise"], carried["relu2_1"])}
    elif name == "colours":
        made = {"painting": graph.colours(carried["inner1_1"])}
    else:
        made = {"inner1_1": graph.finest(carried["inner2_1"], given["noise"], carried["relu1_1"])}
    if name == "paint":
        made = {"painting": graph.colours(graph.carry(made["inner1_1"], "inner1_1"))}
    for what, x in made.items():
        layer = MAPS.get(what, "relu1_1")
        found = graph.cropped(x, layer) if cropped else x
        if what != "painting":
            graph.measured(found, what, layer)
        if what in stage.makes:
            graph.result(found, what, 3 if what == "painting" else CHANNELS[layer])
    return graph.to_bytes()
