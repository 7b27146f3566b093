"""Total variation, a measure of roughness, in four published forms that differ by more than a factor.

All take an ``image`` of shape (B, C, H, W), here usually sRGB in [0, 1], and return a scalar that
is 0 for a flat picture. A side of one pixel has no differences along it and adds nothing. ``seamless`` says
which opposite edges meet: "x" left and right, "y" top and bottom, "xy" both.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from impasto.losses.features import mismatch


def total_variation_l1(image: Tensor, seamless: str = "") -> Tensor:
    """Return sum |dx| + sum |dy| over neighbours and channels: grows with the number of pixels.

    For values in 0..255 this is the term of neural-style-pt; for [0, 1] it is 255 times smaller.
    Raises InputError when ``image`` is not 4-D. Source: Rudin, Osher and Fatemi 1992, in its
    anisotropic form.
    """
    across, down = _differences(image, seamless)
    return across.abs().sum() + down.abs().sum()


def total_variation_l2(image: Tensor, seamless: str = "") -> Tensor:
    """Return the mean dx^2 + mean dy^2: independent of the picture's size, and of an edge's direction.

    For small steps it is the mean squared length of the gradient, which is invariant under rotation. Raises
    InputError when ``image`` is not 4-D.
    Source: Mahendran and Vedaldi 2015, "Understanding Deep Image Representations by Inverting Them",
    with the exponent beta = 2, as a mean.
    """
    across, down = _differences(image, seamless)
    return _mean_square(across) + _mean_square(down)


def total_variation_half_square(image: Tensor, seamless: str = "") -> Tensor:
    """Return half the sum of dx^2 + dy^2 over all pixels but the last row and column: grows with the picture.

    neural-style adds its weighted gradient to that of the losses, but does not print the term itself. Its
    pixel values go up to 255, so its term is 255^2 times this one for [0, 1]. Raises InputError when
    ``image`` is not 4-D.
    """
    across, down = _differences(image, seamless)
    across = across if "y" in seamless else across[..., :-1, :]
    down = down if "x" in seamless else down[..., :, :-1]
    return 0.5 * (across.square().sum() + down.square().sum())


def total_variation_nine_point(image: Tensor, seamless: str = "") -> Tensor:
    """Return 2/3 (mean dx^2 + mean dy^2) + 1/6 (mean dp^2 + mean dq^2), with p and q the two diagonals.

    Uses the eight neighbours of a pixel, weighted as in the nine-point Laplacian, which treats axes and
    diagonals alike. The picture is padded by repeating its outermost pixels. Raises InputError when ``image``
    is not 4-D. Source: style-transfer-pytorch.
    """
    _require_image(image)
    before, above = 0 if "x" in seamless else 1, 0 if "y" in seamless else 1
    padded = functional.pad(image, (before, 1, 0, 0), mode="circular" if "x" in seamless else "replicate")
    padded = functional.pad(padded, (0, 0, above, 1), mode="circular" if "y" in seamless else "replicate")
    inner = padded[..., above:-1, before:-1]
    straight = _mean_square(padded[..., above:-1, before + 1 :] - inner)
    straight = straight + _mean_square(padded[..., above + 1 :, before:-1] - inner)
    falling = padded[..., 1:, 1:] - padded[..., :-1, :-1]
    rising = padded[..., 1:, :-1] - padded[..., :-1, 1:]
    return straight * 2 / 3 + (_mean_square(falling) + _mean_square(rising)) / 6


def _differences(image: Tensor, seamless: str) -> tuple[Tensor, Tensor]:
    _require_image(image)
    across = image.roll(-1, 3) - image if "x" in seamless else image[..., :, 1:] - image[..., :, :-1]
    down = image.roll(-1, 2) - image if "y" in seamless else image[..., 1:, :] - image[..., :-1, :]
    return across, down


def _mean_square(differences: Tensor) -> Tensor:
    return differences.square().sum() / max(differences.numel(), 1)


def _require_image(image: Tensor) -> None:
    if image.dim() != 4 or image.numel() == 0:
        raise mismatch("an image of shape (B, C, H, W), none of them zero", image)
