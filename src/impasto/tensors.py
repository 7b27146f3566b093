"""Pictures as tensors: (1, 3, H, W) float32 in [0, 1] sRGB. The only place that converts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from impasto.types import Pixels, Plane


@contextlib.contextmanager
def with_gradients() -> Iterator[None]:
    """Compute with gradients and without autocast, whatever mode of torch's the caller is in: no_grad,
    inference_mode or autocast."""
    with contextlib.ExitStack() as modes:
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
