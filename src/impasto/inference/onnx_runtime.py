"""ONNX Runtime with telemetry switched off. Only this module imports it; the others import it from here.

From version 1.29 it looks up its vendor's telemetry host and keeps a device id and an event database in the
user's cache, unless an environment variable is set before the import.
"""

from __future__ import annotations

import os
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # overrides any other value

import onnxruntime

onnxruntime.disable_telemetry_events()  # in case a program imported it before

__all__ = ["load_quantiser", "onnxruntime"]


def load_quantiser() -> Any:
    """Return ``onnxruntime.quantization``. Raises ImportError without the package onnx."""
    import onnxruntime.quantization.shape_inference

    return onnxruntime.quantization
