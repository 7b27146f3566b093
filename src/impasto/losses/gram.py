"""Gram matrices, and the published ways to compare two of them.

A Gram matrix here is always the mean over positions, g = F F^T / M: the second raw moment of the
feature vectors. It does not grow with the picture, so pictures of different sizes can be compared. In the
papers Gram matrices are sums, G = M g; each loss below states its source's divisor and what remains of it for
means. All losses share the signature ``GramLoss`` and are interchangeable.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, bfloat16, finfo, float16

from impasto.losses.features import flatten_positions, mismatch, require_same_shape

GramLoss = Callable[[Tensor, Tensor], Tensor]
"""``(gram, target) -> scalar``, both (C, C) means over positions as ``gram_matrix`` returns them."""


def gram_matrix(features: Tensor) -> Tensor:
    """Return the (C, C) Gram matrix of ``features``, (B, C, H, W): F F^T / M with M = B * H * W.

    Symmetric and positive semidefinite, in squared units of the features; independent of the order
    of the positions and, for a stationary texture, of the picture's size.

    Raises InputError when ``features`` is not 4-D or is empty.
    Source: Gatys et al. 2016, equation 3, divided by the number of positions.
    """
    flat = flatten_positions(features)
    if flat.dtype in (float16, bfloat16):
        # Dividing before the product keeps half-precision sums from overflowing.
        return (flat / flat.shape[1]) @ flat.T
    return (flat @ flat.T) / flat.shape[1]


def gatys(gram: Tensor, target: Tensor) -> Tensor:
    """Return sum((g - a)^2) / (4 N^2) for N channels: the layer term E_l of Gatys et al. 2016, equation 4.

    The paper divides sum((G - A)^2) by 4 N^2 M^2, with sums over the same M positions in both
    pictures, since it resizes the style picture to the content's size; M then cancels. The means used here
    give the same value for equal sizes, and remain comparable for different ones.

    Raises InputError when the shapes differ or are not (C, C).
    """
    channels = _channels(gram, target)
    return (gram - target).square().sum() / (4 * channels**2)


def neural_style(gram: Tensor, target: Tensor) -> Tensor:
    """Return the mean((g / N - a / N)^2) for N channels: the style loss of neural-style and Johnson et al.
    2016.

    Both divide each picture's sum by N M, its own number of channels times positions, then take the
    mean (neural-style, neural-style-pt, pytorch/examples) of the squared differences. Johnson et al.
    2016, section 3.2, write the sum instead, N^2 times this.

    Raises InputError when the shapes differ or are not (C, C).
    """
    channels = _channels(gram, target)
    return ((gram - target) / channels).square().mean()


def per_element(gram: Tensor, target: Tensor) -> Tensor:
    """Return the mean((g - a)^2): the style loss of the code Gatys et al. published for PyTorch.

    That code weights it by 1e3 / N^2. It is four times ``gatys``. Raises InputError when the shapes differ or
    are not (C, C).
    """
    _channels(gram, target)
    return (gram - target).square().mean()


def sum_of_squares(gram: Tensor, target: Tensor) -> Tensor:
    """Return sum((g - a)^2): the plain sum of squared differences, 4 N^2 times ``gatys`` for N channels.

    Raises InputError when the shapes differ or are not (C, C).
    """
    _channels(gram, target)
    return (gram - target).square().sum()


def relative(gram: Tensor, target: Tensor) -> Tensor:
    """Return sum((g - a)^2) / sum(a^2): 0 if equal, 1 if the result has no features at all.

    Scale-free: layers and networks with different magnitudes of activations count equally without extra
    weights. Not from a paper. For a target of zeros the divisor is the smallest normal number of its type.
    Raises InputError when the shapes differ or are not (C, C).
    """
    _channels(gram, target)
    energy = target.square().sum().clamp(min=finfo(target.dtype).tiny)
    return (gram - target).square().sum() / energy


def _channels(gram: Tensor, target: Tensor) -> int:
    if gram.dim() != 2 or gram.shape[0] != gram.shape[1]:
        raise mismatch("a Gram matrix of shape (C, C)", gram)
    require_same_shape("a Gram matrix", gram, target)
    return gram.shape[0]
