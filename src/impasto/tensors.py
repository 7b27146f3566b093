"""Pictures as tensors: (1, 3, H, W) float32 in [0, 1] sRGB. The only place that converts."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from impasto.types import Pixels, Plane


class _SingleType:
    """Tensors without a type of their own are float32 in its blocks, in all threads, and after the last block
    again of the type that the caller chose: torch has one such setting for the whole process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._before = torch.float32

    def __enter__(self) -> None:
        with self._lock:
            if not self._blocks:
                self._before = torch.get_default_dtype()
                torch.set_default_dtype(torch.float32)
            self._blocks += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                torch.set_default_dtype(self._before)


_single = _SingleType()


@contextlib.contextmanager
def with_defaults() -> Iterator[None]:
    """Compute with torch's own defaults, float32 on the processor, whatever the caller has set with
    ``torch.set_default_dtype``, ``torch.set_default_device`` or ``with torch.device(...)``."""
    with contextlib.ExitStack() as modes:
        modes.enter_context(_single)
        if torch.get_default_device() != torch.device("cpu"):
            modes.enter_context(torch.device("cpu"))
        yield


@contextlib.contextmanager
def with_gradients() -> Iterator[None]:
    """Compute with gradients, without autocast and with torch's own defaults, whatever mode of torch's the
    caller is in: no_grad, inference_mode or autocast, or those of ``with_defaults``."""
    with contextlib.ExitStack() as modes:
        modes.enter_context(with_defaults())
        modes.enter_context(torch.inference_mode(False))
        modes.enter_context(torch.enable_grad())
        for kind in ("cpu", "cuda", "mps"):
            if torch.is_autocast_enabled(kind):
                modes.enter_context(torch.autocast(kind, enabled=False))
        yield


def to_tensor(pixels: Pixels, device: torch.device | str = "cpu") -> Tensor:
    """Convert (H, W, 3) float32 in [0, 1] to (1, 3, H, W) float32 in [0, 1] on ``device``."""
    tensor = torch.from_numpy(np.ascontiguousarray(pixels, dtype=np.float32))
    return tensor.permute(2, 0, 1)[None].to(device)


def plane_to_tensor(plane: Plane, device: torch.device | str = "cpu") -> Tensor:
    """Convert a mask (H, W) float32 to a tensor (H, W) float32 on ``device``."""
    return torch.from_numpy(np.ascontiguousarray(plane, dtype=np.float32)).to(device)


def to_pixels(tensor: Tensor) -> Pixels:
    """Convert (1, 3, H, W) to (H, W, 3) float32, values outside [0, 1] clipped."""
    pixels = tensor.detach()[0].permute(1, 2, 0).to("cpu", torch.float32).clamp(0, 1)
    array: Pixels = pixels.contiguous().numpy()
    return array.copy()
