"""ONNX Runtime, told to send nothing. Only this module imports it; the others take it from here.

From 1.29 on it looks up its maker's events host and keeps a device id and an event database in the user's
cache, unless the environment forbids it before the import.
"""

from __future__ import annotations

import os
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # whatever it was: nothing is sent

import onnxruntime

onnxruntime.disable_telemetry_events()  # its own switch, where a program had imported it before

__all__ = ["load_quantiser", "onnxruntime"]


def load_quantiser() -> Any:
    """Return ``onnxruntime.quantization``. Raises ImportError without the package onnx."""
    import onnxruntime.quantization.shape_inference

    return onnxruntime.quantization
