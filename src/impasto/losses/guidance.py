"""Guides: where in a picture a style applies.

A guide is (H, W), from 0 (outside) to 1 (inside), with soft edges allowed. Source: Gatys et al.
2017, "Controlling Perceptual Factors in Neural Style Transfer", section 4.
"""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.errors import require_one_of
from impasto.losses.features import mismatch, require_at_least

GUIDE_MODES = ("simple", "all", "inside")
"""The ways in which ``propagate_guide`` scales a guide to a layer."""


def propagate_guide(guide: Tensor, size: tuple[int, int], mode: str = "simple", radius: int = 0) -> Tensor:
    """Resample ``guide``, (H, W) at the picture's size, to a layer of ``size`` (h, w) positions: (h, w).

    Each position corresponds to a cell of H / h by W / w pixels, and sees ``radius`` pixels (half the side of
    its receptive field) in each direction from the cell's centre, or at least the cell. "simple" takes the
    mean of the cell; "inside" the smallest value seen, so a position belongs to the region only if it sees
    nothing else; "all" the largest, so it belongs to the region if it sees any of it. Pixels beyond the
    border do not count.

    "simple" keeps the guide's mean. Mirroring the guide mirrors the result.

    Raises InputError when ``guide`` is not 2-D or is empty, OptionError for a size below 1, an unknown
    mode or a negative radius.
    Source: section 4 and the notebooks its authors published; the exact windows are ours.
    """
    _require_guide(guide)
    require_one_of("mode", mode, GUIDE_MODES)
    require_at_least("radius", radius, 0)
    for side in size:
        require_at_least("size", side, 1)
    if mode == "simple":
        rows, columns = (_overlaps(guide, axis, count) for axis, count in enumerate(size))
        return rows @ guide @ columns.T
    if mode == "inside":
        return -_largest(_largest(-guide, size[0], radius).T, size[1], radius).T
    return _largest(_largest(guide, size[0], radius).T, size[1], radius).T


def _largest(guide: Tensor, count: int, radius: int) -> Tensor:
    """Return the largest value in each of ``count`` windows of rows: (H, W) -> (count, W)."""
    rows = guide.shape[0]
    # In units of 1 / (2 count) of a row, so that nothing is rounded.
    reach = max(2 * count * radius, rows)
    windows = []
    for place in range(count):
        middle = (2 * place + 1) * rows
        first = max(0, (middle - reach) // (2 * count))
        beyond = -((-middle - reach) // (2 * count))
        windows.append(guide[first:beyond].amax(0))
    return torch.stack(windows)


def _overlaps(guide: Tensor, axis: int, count: int) -> Tensor:
    """Return the share of each of ``count`` equal cells in each of the L rows or columns: (count, L)."""
    length = guide.shape[axis]
    edges = torch.arange(length + 1, device=guide.device) * count
    cells = torch.arange(count, device=guide.device) * length
    # How far into a cell each edge lies, from 0 to the cell's width, in integers.
    inside = (edges - cells[:, None]).clamp(0, length).diff(dim=1)
    return inside.to(guide.dtype) / length


def _require_guide(guide: Tensor) -> None:
    if guide.dim() != 2 or guide.numel() == 0:
        raise mismatch("a guide of shape (H, W), neither of them zero", guide)
