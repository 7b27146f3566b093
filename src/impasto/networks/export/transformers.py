"""Export of transformer networks of one style from torch to ONNX."""

from __future__ import annotations

import contextlib
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from impasto import extras
from impasto.files import replace
from impasto.inference.onnx_files import count_nodes
from impasto.inference.onnx_runtime import onnxruntime
from impasto.inference.styles import KEY, ONE_STYLE, FastStyle, describe
from impasto.networks.export.parity import (
    Export,
    Tensor4,
    calibration,
    check_difference,
    check_precision,
    compare,
    comparison_pictures,
)
from impasto.networks.export.quantisation import quantise
from impasto.types import Pixels

_FLOAT, _HALF = 1, 10


def export_transformer(
    painter: nn.Module,
    target: str | PathLike[str],
    *,
    style: FastStyle,
    precision: str = "fp32",
    photos: Sequence[Pixels] = (),
) -> Export:
    """Write ``painter`` as the ONNX file ``target``: input ``image``, output ``painting``, both
    (1, 3, H, W) in [0, 1], any H and W.

    ``painter`` maps such tensors. ``style`` goes into the metadata. ``precision``, ``photos`` and errors as
    for ``export_model``. Uses torch's ``dynamo`` exporter, which keeps InstanceNormalization, Resize and Pad
    as they are; the older exporter produces five times as many operations.
    """
    check_precision(precision)
    module = painter.eval()
    metadata = {KEY: describe(style, precision)}
    data = _trace(module)
    if precision == "fp16":
        data = _halve(data)
    if precision == "int8":
        data = quantise(data, [{"image": picture} for picture in calibration(photos)], metadata)
    else:
        data = _with_metadata(data, metadata)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])

    def ours(image: Tensor4) -> Tensor4:
        found: Tensor4 = session.run(["painting"], {"image": image})[0]
        return found

    def reference(image: Tensor4) -> Tensor4:
        with torch.inference_mode():
            found: Tensor4 = module(torch.from_numpy(image)).numpy()
        return found

    difference = compare(ours, reference, comparison_pictures(precision, photos))
    worst = check_difference([difference], precision)
    replace(Path(target), data)
    return Export(Path(target), ONE_STYLE, precision, len(data), count_nodes(data), worst, (style,))


def _trace(module: nn.Module) -> bytes:
    _require_onnx()
    side = torch.export.Dim.DYNAMIC
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder) / "traced.onnx"
        torch.onnx.export(
            module,
            (torch.rand(1, 3, 96, 128),),
            str(path),
            input_names=["image"],
            output_names=["painting"],
            dynamic_shapes=({2: side, 3: side},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        return path.read_bytes()


def _require_onnx() -> None:
    for module in ("onnx", "onnxscript"):
        extras.load(module, f"the export of this network needs {module}", "export")


def _halve(data: bytes) -> bytes:
    """Return ``data`` with its large tensors stored in half precision and cast to float32 for use."""
    import onnx

    model = onnx.load_model_from_string(data)
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != _FLOAT or len(tensor.dims) < 2:
            continue
        name, values = tensor.name, onnx.numpy_helper.to_array(tensor)
        tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}/half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}/half"], [name], to=_FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return bytes(model.SerializeToString())


def _with_metadata(data: bytes, metadata: dict[str, str]) -> bytes:
    import onnx

    model = onnx.load_model_from_string(data)
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress what torch's exporter says about packages that are not installed."""
    logger: Any = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
