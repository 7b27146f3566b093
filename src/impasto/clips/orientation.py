"""The orientation of a video: its display matrix, which players apply to every frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def is_turned(frame: Any) -> bool:
    """Return whether width and height are swapped when the frame is shown."""
    (a, c), (b, d) = _matrix(frame)
    return bool(abs(a) + abs(d) < abs(b) + abs(c))


def turn_upright(pixels: NDArray[np.float32], frame: Any) -> NDArray[np.float32]:
    """Return ``pixels`` of ``frame``, (H, W, 3) or a plane (H, W), as players show them: rotated by multiples
    of 90 degrees, mirrored or both. Other angles are rounded."""
    (a, c), (b, d) = _matrix(frame)
    if is_turned(frame):
        pixels, across, down = pixels.swapaxes(0, 1), c, b
    else:
        across, down = a, d
    return np.ascontiguousarray(pixels[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1])


def _matrix(frame: Any) -> Any:
    """Return the matrix that maps a place (x, y) in the frame to its place on the screen, without
    translation.

    ISO/IEC 14496-12, 8.3.2: nine 32-bit numbers a b u c d v x y w; x' = a x + c y, y' = b x + d y.
    """
    from av.sidedata.sidedata import Type

    found = frame.side_data.get(Type.DISPLAYMATRIX)
    if found is None:
        return np.eye(2)
    numbers = np.frombuffer(bytes(found), np.int32).astype(float)
    return np.array([[numbers[0], numbers[3]], [numbers[1], numbers[4]]])
