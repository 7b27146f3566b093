"""Quantisation of convolutions to eight bits: QDQ nodes, calibrated on pictures."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from impasto import extras
from impasto.inference.onnx_runtime import load_quantiser

_PICTURE_CHANNELS = 4


def quantise(data: bytes, feeds: Sequence[Mapping[str, Any]], metadata: Mapping[str, str]) -> bytes:
    """Return ``data``, an ONNX file, with its convolutions in eight bits: activations asymmetric per tensor,
    filters symmetric per channel, with ranges calibrated on ``feeds`` (inputs by name).

    The first and the last convolution, which read and write the picture itself, are not quantised, nor is any
    other operation. Raises MissingExtraError without the extra "export".
    """
    try:
        import onnx

        quantization = load_quantiser()
    except ImportError as problem:
        raise extras.missing(f"int8 needs {problem.name or 'onnx'}", "export") from problem

    reader: Any = quantization.CalibrationDataReader

    class Feeds(reader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter(feeds)

        def get_next(self) -> Mapping[str, Any] | None:
            return next(self.left, None)

    with tempfile.TemporaryDirectory() as folder, _quiet():
        plain, prepared, made = (Path(folder) / name for name in ("plain", "prepared", "made"))
        plain.write_bytes(data)
        quantization.shape_inference.quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        outer = _outer(onnx.load(prepared).graph)
        quantization.quantize_static(
            prepared,
            made,
            Feeds(),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=outer,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            extra_options={"WeightSymmetric": True, "ActivationSymmetric": False},
        )
        model = onnx.load(made)
    onnx.helper.set_model_props(model, dict(metadata))
    return bytes(model.SerializeToString())


def _outer(graph: Any) -> list[str]:
    """Return the names of the convolutions that read or write the picture (at most four channels, with a
    grain), or whose filters are not constant.
    """
    filters = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    return [n.name for n in convolutions if min(filters.get(n.input[1], (3,))[:2]) <= _PICTURE_CHANNELS]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the advice that the quantiser logs."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
