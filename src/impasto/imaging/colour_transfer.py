"""Colours transferred between pictures, by separating luminance from chroma or by matching statistics.

Everything takes and returns (H, W, 3) float32 sRGB in [0, 1] and does not modify its arguments. Values
outside [0, 1] are clipped once, at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.errors import OptionError, PictureError
from impasto.imaging import colour
from impasto.types import Pixels, Plane

ColourSpace = Literal["yuv", "ycbcr", "lab", "luv"]
"""Spaces that keep luminance in their first channel, and chroma in the other two."""

ColourMatching = Literal["cholesky", "pca", "symmetric", "histogram", "mean"]
"""Ways to give one picture the colours of another."""

Matrix = NDArray[np.float64]

_CONVERSIONS: dict[str, tuple[Callable[[Pixels], Pixels], Callable[[Pixels], Pixels]]] = {
    "yuv": (colour.rgb_to_yuv, colour.yuv_to_rgb),
    "ycbcr": (colour.rgb_to_ycbcr, colour.ycbcr_to_rgb),
    "lab": (colour.rgb_to_lab, colour.lab_to_rgb),
    "luv": (colour.rgb_to_luv, colour.luv_to_rgb),
}
_RIDGE = 1e-5
"""Added to the variance of each channel, so that constant channels do not divide by zero."""

_BLOCK = 1 << 20


def keep_colours(result: Pixels, content: Pixels, space: ColourSpace = "yuv") -> Pixels:
    """Return the painting ``result`` in the colours of the photograph: its luminance, their chroma.

    Both (H, W, 3) of one size. "yuv" and "ycbcr" have the same luma and differ only in the scale of chroma,
    so their results are the same; "lab" and "luv" compute luminance from linear light. If the combination
    does not exist in sRGB, clipping changes luminance too. Source: Gatys et al., "Controlling Perceptual
    Factors in Neural Style Transfer" (CVPR 2017), section 5.

    Raises:
        PictureError: the sizes differ, or an array is not (H, W, 3).
        OptionError: there is no such space.
    """
    _check_alike("content", content, result)
    forward, backward = _conversions(space)
    mixed = forward(content)
    mixed[..., 0] = forward(result)[..., 0]
    return _clipped(backward(mixed))


def luminance(picture: Pixels, space: ColourSpace = "yuv") -> Pixels:
    """Return ``picture`` without its colours: three equal channels, (H, W, 3).

    "yuv" and "ycbcr" weight the encoded values; "lab" and "luv" weight linear light, and give the grey of
    equal luminance. Source: Gatys et al. (CVPR 2017), section 5, who paint on luminance alone and restore the
    photograph's chroma (``keep_colours``).

    Raises:
        PictureError: ``picture`` is not (H, W, 3).
        OptionError: there is no such space.
    """
    _check("picture", picture)
    forward, backward = _conversions(space)
    values = forward(picture)
    values[..., 1:] = 0
    return np.repeat(_clipped(backward(values))[..., 1:2], 3, axis=2)


def match_luminance(style: Pixels, content: Pixels) -> Pixels:
    """Shift and scale the luminance of ``style`` to the mean and the standard deviation of ``content``.

    Both (H, W, 3) grey pictures of any sizes, as ``luminance`` makes them. A style of one luminance
    is shifted alone. Mean and deviation agree before the result is clipped to [0, 1]. Source: Gatys
    et al. (CVPR 2017), equation 10.

    Raises:
        PictureError: an array is not (H, W, 3).
    """
    _check("style", style)
    _check("content", content)
    mean, deviation = style.mean(dtype=np.float64), style.std(dtype=np.float64)
    wanted_mean, wanted = content.mean(dtype=np.float64), content.std(dtype=np.float64)
    scale = wanted / deviation if deviation > 1e-6 else 1.0
    return _clipped((style - np.float32(mean)) * np.float32(scale) + np.float32(wanted_mean))


def match_colours(source: Pixels, target: Pixels, method: ColourMatching = "cholesky") -> Pixels:
    """Return ``source`` with the colours of ``target``; both (H, W, 3), of any sizes.

    ``method``: three linear maps x' = A (x - mean) + target's mean give ``source`` the mean and the
    covariance of ``target``, S to T, and differ in what they keep:

    - "cholesky": A = chol(T) chol(S)^-1.
    - "pca": A = T^(1/2) S^(-1/2), the symmetric roots.
    - "symmetric": A = S^(-1/2) (S^(1/2) T S^(1/2))^(1/2) S^(-1/2), which moves colours the least.
    - "histogram": each channel separately, every value mapped to the one of its rank in ``target``.
    - "mean": the mean alone.

    Covariances are regularised by 1e-5 in each channel, so that a picture of one colour becomes the
    mean colour of ``target``. The statistics agree before the result is clipped to [0, 1].
    Sources: Gatys et al. (CVPR 2017), section 5.2, and "Preserving Color in Neural Artistic Style
    Transfer" (2016), where pca is after Hertzmann et al., "Image Analogies" (2001); for symmetric,
    Pitié and Kokaram, "The Linear Monge-Kantorovitch Linear Colour Mapping" (2007).

    Raises:
        PictureError: an array is not (H, W, 3).
        OptionError: there is no such method.
    """
    _check("source", source)
    _check("target", target)
    if method not in get_args(ColourMatching):
        raise _unknown("method", method, get_args(ColourMatching))
    if method == "histogram":
        planes = [_match_ranks(source[..., channel], target[..., channel]) for channel in range(3)]
        return _clipped(np.stack(planes, axis=-1))
    mean, covariance = _statistics(source)
    wanted_mean, wanted = _statistics(target)
    moved = source - mean.astype(np.float32)
    if method != "mean":
        moved = moved @ linear_map(covariance, wanted, method).T.astype(np.float32)
    return _clipped(moved + wanted_mean.astype(np.float32))


def linear_map(covariance: Matrix, wanted: Matrix, method: ColourMatching = "cholesky") -> Matrix:
    """Return the matrix A of ``match_colours``, with A S A' = T for covariances S and T, both (3, 3)."""
    ridge = _RIDGE * np.eye(3)
    source, target = covariance + ridge, wanted + ridge
    if method == "cholesky":
        return np.asarray(np.linalg.cholesky(target) @ np.linalg.inv(np.linalg.cholesky(source)))
    root = _root(source)
    inverse = np.linalg.inv(root)
    if method == "pca":
        return np.asarray(_root(target) @ inverse)
    return np.asarray(inverse @ _root(root @ target @ root) @ inverse)


def blend_colours(styled: Pixels, recoloured: Pixels, strength: float) -> Pixels:
    """Mix two pictures of one size: ``styled`` at strength 0, ``recoloured`` at 1, linear between.

    Raises:
        PictureError: the sizes differ, or an array is not (H, W, 3).
        OptionError: ``strength`` is not in [0, 1].
    """
    _check_alike("recoloured", recoloured, styled)
    if not 0 <= strength <= 1:
        raise OptionError(f"strength: expected a number in [0, 1]; got {strength!r}")
    return _clipped(np.float32(1 - strength) * styled + np.float32(strength) * recoloured)


def put_back(pixels: Pixels, content: Pixels, protect: Plane) -> Pixels:
    """Return ``pixels`` blended with ``content``, both (H, W, 3), by ``protect`` (H, W) in [0, 1]; where it
    is 1, the result is exactly ``content``."""
    kept = protect[..., None]
    result: Pixels = pixels * (1 - kept) + content * kept
    return result


def _statistics(picture: Pixels) -> tuple[Matrix, Matrix]:
    """Return the mean (3,) and covariance (3, 3) of the colours, summed in float64, a block at a time."""
    colours = picture.reshape(-1, 3)
    mean = colours.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((3, 3))
    for start in range(0, len(colours), _BLOCK):
        block = colours[start : start + _BLOCK] - mean
        covariance += block.T @ block
    return mean, covariance / len(colours)


def _root(matrix: Matrix) -> Matrix:
    """Return the symmetric square root of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


def _match_ranks(source: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give each value of ``source`` the value at its rank in ``target``; two (H, W) planes.

    Equal values share the mean of their ranks; ranks of ``target`` are interpolated linearly.
    """
    _, which, counts = np.unique(source, return_inverse=True, return_counts=True)
    ordered = np.sort(target, axis=None)
    above = np.cumsum(counts)
    # Sample k of n stands for the quantile (k + 1/2) / n. In whole numbers up to the division, so
    # that a picture matched with itself comes back exactly.
    place = (2 * above - counts) * ordered.size / (2 * source.size) - 0.5
    place = np.clip(place, 0, ordered.size - 1)
    low = place.astype(np.int64)
    part = place - low
    start, end = ordered[low], ordered[np.minimum(low + 1, ordered.size - 1)]
    matched = start + (part * (end - start)).astype(np.float32)
    return np.asarray(matched[which.reshape(-1)].reshape(source.shape), dtype=np.float32)


def _conversions(space: str) -> tuple[Callable[[Pixels], Pixels], Callable[[Pixels], Pixels]]:
    if space not in _CONVERSIONS:
        raise _unknown("space", space, tuple(_CONVERSIONS))
    return _CONVERSIONS[space]


def _clipped(values: NDArray[np.float32]) -> Pixels:
    return np.clip(values, 0, 1).astype(np.float32, copy=False)


def _check(name: str, pixels: Pixels) -> None:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise PictureError(f"{name}: expected pixels of shape (H, W, 3), but the shape is {pixels.shape}")


def _check_alike(name: str, pixels: Pixels, reference: Pixels) -> None:
    """Check two pictures, and that they are of one size."""
    _check("picture", reference)
    _check(name, pixels)
    if pixels.shape != reference.shape:
        raise PictureError(
            f"{name}: expected a size of {reference.shape[1]} x {reference.shape[0]} as the picture has,"
            f" but it is {pixels.shape[1]} x {pixels.shape[0]}"
        )


def _unknown(name: str, value: object, choices: tuple[str, ...]) -> OptionError:
    return OptionError(f"{name}: expected one of {', '.join(choices)}; got {value!r}")
