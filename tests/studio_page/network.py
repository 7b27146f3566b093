"""A gallery network small enough to make in a test, with the interface of the one that ships.

Inputs ``image`` (1, 3, H, W) in [0, 1] and ``weights`` (1, 1 + 2 * styles); output ``painting`` (1, 3, H, W).
The photograph's share is left as it is; a style's fine strokes are a blur of 3 pixels in a tint, its coarse
ones a blur of 7 in another, so that every weight shows and every result can be told apart.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from impasto.types import Pixels


def write_network(path: Path, names: Sequence[str]) -> None:
    """Write the network for styles of these ``names`` to ``path``."""
    channels = 1 + 2 * len(names)
    weights, biases = _filters(len(names))
    initial = [
        numpy_helper.from_array(weights, "filters"),
        numpy_helper.from_array(biases, "tints"),
        numpy_helper.from_array(np.array([1], np.int64), "axis"),
        numpy_helper.from_array(np.array([1, channels, 1, 1, 1], np.int64), "as_shares"),
        numpy_helper.from_array(np.array(0, np.float32), "black"),
        numpy_helper.from_array(np.array(1, np.float32), "white"),
        numpy_helper.from_array(np.array([0, 0, 3, 3, 0, 0, 3, 3], np.int64), "pads"),
        numpy_helper.from_array(np.array([1, channels, 3], np.int64), "head"),
        numpy_helper.from_array(np.array([2], np.int64), "two"),
        numpy_helper.from_array(np.array([4], np.int64), "four"),
    ]
    nodes = [
        helper.make_node("Pad", ["image", "pads"], ["padded"], mode="reflect"),
        helper.make_node("Conv", ["padded", "filters", "tints"], ["all"], kernel_shape=[7, 7]),
        helper.make_node("Shape", ["image"], ["shape"]),
        helper.make_node("Slice", ["shape", "two", "four"], ["size"]),
        helper.make_node("Concat", ["head", "size"], ["stacked"], axis=0),
        helper.make_node("Reshape", ["all", "stacked"], ["each"]),
        helper.make_node("Reshape", ["weights", "as_shares"], ["shares"]),
        helper.make_node("Mul", ["each", "shares"], ["weighted"]),
        helper.make_node("ReduceSum", ["weighted", "axis"], ["sum"], keepdims=0),
        helper.make_node("Clip", ["sum", "black", "white"], ["painting"]),
    ]
    picture: list[int | str] = [1, 3, "height", "width"]
    graph = helper.make_graph(
        nodes,
        "gallery",
        [
            helper.make_tensor_value_info("image", TensorProto.FLOAT, picture),
            helper.make_tensor_value_info("weights", TensorProto.FLOAT, [1, channels]),
        ],
        [helper.make_tensor_value_info("painting", TensorProto.FLOAT, picture)],
        initial,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    styles = [
        {"name": name, "title": name, "artist": "Nobody", "year": "2026", "licence": "MIT"} for name in names
    ]
    helper.set_model_props(model, {"impasto": json.dumps({"styles": styles})})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _filters(styles: int) -> tuple[Pixels, Pixels]:
    """Filters (3 * channels, 3, 7, 7) and biases: the photograph, then fine and coarse strokes."""
    random = np.random.default_rng(7)
    weights = np.zeros((1 + 2 * styles, 3, 3, 7, 7), np.float32)
    biases = np.zeros((1 + 2 * styles, 3), np.float32)
    for colour in range(3):
        weights[0, colour, colour, 3, 3] = 1
    for channel in range(1, 1 + 2 * styles):
        reach = 1 if channel % 2 else 3
        tint = random.random((3, 3)).astype(np.float32)
        tint *= 0.6 / tint.sum(axis=1, keepdims=True)
        blur = np.zeros((7, 7), np.float32)
        blur[3 - reach : 4 + reach, 3 - reach : 4 + reach] = 1 / (2 * reach + 1) ** 2
        weights[channel] = tint[:, :, None, None] * blur
        biases[channel] = random.random(3) * 0.4
    return weights.reshape(-1, 3, 7, 7), biases.reshape(-1)
