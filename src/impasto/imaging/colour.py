"""Conversions between colour spaces: functions of arrays whose last axis holds the three channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.float32]
"""(..., 3) float32."""

_RGB_TO_XYZ = np.array(
    [
        [0.412390799, 0.357584339, 0.180480788],
        [0.212639006, 0.715168679, 0.072192315],
        [0.019330819, 0.119194780, 0.950532152],
    ]
)
"""Linear sRGB to CIE XYZ, white D65 (IEC 61966-2-1, to more digits)."""

_WHITE = _RGB_TO_XYZ.sum(axis=1)
_EPSILON = (6 / 29) ** 3
_SLOPE = (29 / 6) ** 2 / 3

_RGB_TO_YUV = np.array(
    [
        [0.299, 0.587, 0.114],
        [-0.492111 * 0.299, -0.492111 * 0.587, 0.492111 * 0.886],
        [0.877283 * 0.701, -0.877283 * 0.587, -0.877283 * 0.114],
    ]
)
_YUV_TO_RGB = np.linalg.inv(_RGB_TO_YUV)

_RGB_TO_YCBCR = np.array(
    [
        [0.299, 0.587, 0.114],
        [-0.299 / 1.772, -0.587 / 1.772, 0.5],
        [0.5, -0.587 / 1.402, -0.114 / 1.402],
    ]
)
_YCBCR_TO_RGB = np.linalg.inv(_RGB_TO_YCBCR)

_U_WHITE, _V_WHITE = 4 * _WHITE[0] / (_WHITE @ [1, 15, 3]), 9 * _WHITE[1] / (_WHITE @ [1, 15, 3])
_V_BLUE = 9 * _RGB_TO_XYZ[1, 2] / (_RGB_TO_XYZ[:, 2] @ [1, 15, 3])
"""The smallest v' of any colour in sRGB, that of its blue."""


def srgb_to_linear(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Undo the transfer curve of sRGB: encoded values to amounts of light.

    ``values``: float32 of any shape, in [0, 1]; the same shape and range come back. Values below
    zero follow the straight part of the curve. Source: IEC 61966-2-1.
    """
    encoded = np.asarray(values, dtype=np.float32)
    curved = ((np.maximum(encoded, 0.0) + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(encoded <= 0.04045, encoded / np.float32(12.92), curved).astype(np.float32)


def linear_to_srgb(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Apply the transfer curve of sRGB: amounts of light to encoded values.

    ``values``: float32 of any shape, in [0, 1]; the same shape and range come back. Values below
    zero follow the straight part of the curve. Source: IEC 61966-2-1.
    """
    light = np.asarray(values, dtype=np.float32)
    curved = np.float32(1.055) * np.maximum(light, 0.0) ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(light <= 0.0031308, light * np.float32(12.92), curved).astype(np.float32)


def rgb_to_lab(rgb: Colours) -> Colours:
    """Convert sRGB to CIE L*a*b*, white D65.

    ``rgb``: (..., 3) float32 in [0, 1]. Returns (..., 3) float32: L* in [0, 100], a* and b* about
    in [-108, 99]. Source: CIE 15:2004, 8.2.1.1.
    """
    xyz = _apply(_RGB_TO_XYZ / _WHITE[:, None], srgb_to_linear(rgb))
    cubic = np.cbrt(np.maximum(xyz, _EPSILON))
    f = np.where(xyz > _EPSILON, cubic, np.float32(_SLOPE) * xyz + np.float32(4 / 29))
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def lab_to_rgb(lab: Colours) -> Colours:
    """Convert CIE L*a*b*, white D65, to sRGB; the inverse of ``rgb_to_lab``.

    ``lab``: (..., 3) float32. Returns (..., 3) float32 in [0, 1]: colours outside sRGB are clipped
    channel by channel. Source: CIE 15:2004, 8.2.1.1.
    """
    values = np.asarray(lab, dtype=np.float32)
    y = (values[..., 0] + 16) / 116
    f = np.stack([y + values[..., 1] / 500, y, y - values[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, (f - np.float32(4 / 29)) / np.float32(_SLOPE))
    light = _apply(np.linalg.inv(_RGB_TO_XYZ) * _WHITE[None, :], xyz.astype(np.float32))
    return np.clip(linear_to_srgb(light), 0.0, 1.0)


def rgb_to_yuv(rgb: Colours) -> Colours:
    """Convert sRGB to analogue YUV: luma, and the scaled differences of blue and red from it.

    ``rgb``: (..., 3) float32 in [0, 1]. Returns (..., 3) float32: Y in [0, 1], U in
    [-0.436, 0.436], V in [-0.615, 0.615]. Works on encoded values. Source: ITU-R BT.601 luma
    weights, with U = 0.492111 (B - Y) and V = 0.877283 (R - Y) (ITU-R BT.470).
    """
    return _apply(_RGB_TO_YUV, np.asarray(rgb, dtype=np.float32))


def yuv_to_rgb(yuv: Colours) -> Colours:
    """Convert analogue YUV to sRGB; the inverse of ``rgb_to_yuv``, not clipped.

    ``yuv``: (..., 3) float32. Returns (..., 3) float32, outside [0, 1] where the colour does not
    exist in sRGB. Source: as ``rgb_to_yuv``.
    """
    return _apply(_YUV_TO_RGB, np.asarray(yuv, dtype=np.float32))


def rgb_to_ycbcr(rgb: Colours) -> Colours:
    """Convert sRGB to YCbCr as JPEG files hold it: luma, and the differences of blue and red from it.

    ``rgb``: (..., 3) float32 in [0, 1]. Returns (..., 3) float32: Y in [0, 1], Cb and Cr in
    [-0.5, 0.5], without the offset of 128 that files of whole numbers add. Works on encoded values.
    Source: ITU-T T.871 (JFIF), section 7.
    """
    return _apply(_RGB_TO_YCBCR, np.asarray(rgb, dtype=np.float32))


def ycbcr_to_rgb(ycbcr: Colours) -> Colours:
    """Convert YCbCr to sRGB; the inverse of ``rgb_to_ycbcr``, not clipped.

    ``ycbcr``: (..., 3) float32. Returns (..., 3) float32, outside [0, 1] where the colour does not
    exist in sRGB. Source: as ``rgb_to_ycbcr``.
    """
    return _apply(_YCBCR_TO_RGB, np.asarray(ycbcr, dtype=np.float32))


def rgb_to_luv(rgb: Colours) -> Colours:
    """Convert sRGB to CIE L*u*v*, white D65.

    ``rgb``: (..., 3) float32 in [0, 1]. Returns (..., 3) float32: L* in [0, 100], u* about in
    [-83, 175], v* about in [-134, 108]; black has no chroma. Source: CIE 15:2004, 8.2.2.
    """
    xyz = _apply(_RGB_TO_XYZ, srgb_to_linear(rgb))
    y = xyz[..., 1]
    lightness = np.where(y > _EPSILON, 116 * np.cbrt(y) - 16, np.float32(116 * _SLOPE) * y)
    weight = np.maximum(xyz @ np.array([1, 15, 3], np.float32), np.float32(1e-12))
    u = 4 * xyz[..., 0] / weight - np.float32(_U_WHITE)
    v = 9 * y / weight - np.float32(_V_WHITE)
    return np.stack([lightness, 13 * lightness * u, 13 * lightness * v], axis=-1).astype(np.float32)


def luv_to_rgb(luv: Colours) -> Colours:
    """Convert CIE L*u*v*, white D65, to sRGB; the inverse of ``rgb_to_luv``.

    ``luv``: (..., 3) float32. Returns (..., 3) float32 in [0, 1]: colours outside sRGB are clipped
    channel by channel. Source: CIE 15:2004, 8.2.2.
    """
    values = np.asarray(luv, dtype=np.float32)
    lightness = np.maximum(values[..., 0], 0)
    y = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness / np.float32(116 * _SLOPE))
    scale = 13 * np.maximum(lightness, np.float32(1e-6))
    u, v = values[..., 1] / scale, values[..., 2] / scale
    # No departure for colours of sRGB. Beyond them, strong chroma at low lightness gives a v' of zero or
    # less; the formula divides by it, and dark pixels would become bright. Such a colour keeps its hue and
    # loses saturation, down to the v' of blue.
    least = np.float32(_V_BLUE - _V_WHITE)
    kept = np.where(v < least, least / np.minimum(v, least), np.float32(1))
    u, v = u * kept + np.float32(_U_WHITE), v * kept + np.float32(_V_WHITE)
    x = y * 9 * u / (4 * v)
    z = y * (12 - 3 * u - 20 * v) / (4 * v)
    light = _apply(np.linalg.inv(_RGB_TO_XYZ), np.stack([x, y, z], axis=-1).astype(np.float32))
    return np.clip(linear_to_srgb(light), 0.0, 1.0)


def _apply(matrix: NDArray[np.float64], colours: Colours) -> Colours:
    """Multiply each colour in the last axis by a (3, 3) matrix."""
    return np.asarray(colours @ matrix.T.astype(np.float32), dtype=np.float32)
