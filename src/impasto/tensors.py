"""Pictures as tensors: (1, 3, H, W) float32 in [0, 1] sRGB. The only place that converts."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from impasto.types import Pixels, Plane


def to_tensor(pixels: Pixels, device: torch.device | str = "cpu") -> Tensor:
    """(H, W, 3) float32 in [0, 1] -> (1, 3, H, W) float32 in [0, 1] on ``device``."""
    tensor = torch.from_numpy(np.ascontiguousarray(pixels, dtype=np.float32))
    return tensor.permute(2, 0, 1)[None].to(device)


def plane_to_tensor(plane: Plane, device: torch.device | str = "cpu") -> Tensor:
    """(H, W) float32 -> (H, W) float32 on ``device``: a mask as the engine sees it."""
    return torch.from_numpy(np.ascontiguousarray(plane, dtype=np.float32)).to(device)


def to_pixels(tensor: Tensor) -> Pixels:
    """(1, 3, H, W) -> (H, W, 3) float32, values outside [0, 1] clipped."""
    pixels = tensor.detach()[0].permute(1, 2, 0).to("cpu", torch.float32).clamp(0, 1)
    array: Pixels = pixels.contiguous().numpy()
    return array.copy()
