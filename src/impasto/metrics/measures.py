"""All measures of one result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor
from torch.nn import functional

from impasto.encoders.network import Encoder
from impasto.errors import PictureError
from impasto.metrics.artefacts import border_frame, grid_energy, speckle
from impasto.metrics.patches import sliced_wasserstein_patches
from impasto.metrics.perception import CONTENT_LAYER, STYLE_LAYERS, content_distance, style_distance

_LONGEST = 1024
_SHAPE_TOLERANCE = 0.02


@dataclass(frozen=True)
class Measures:
    """The measures of one result. Smaller is better throughout; read style and content together.

    ``style_distance``, ``content_distance``: 0 for equal features, 1 for a picture without features; None
    without a judging network. ``patch_distance``: distance to the style's patches, in units of colour (0..1).
    ``grid_period_2``, ``grid_period_4``, ``border_frame``: about 1 or less without the fault. ``speckle``:
    root mean square of stray pixels, 0.001 to 0.015 for photographs.
    """

    style_distance: float | None
    content_distance: float | None
    patch_distance: float
    grid_period_2: float
    grid_period_4: float
    border_frame: float
    speckle: float

    def to_dict(self) -> dict[str, float | None]:
        """Return the figures by name."""
        return asdict(self)


@torch.no_grad()
def measure(
    result: Tensor,
    content: Tensor,
    style: Tensor,
    encoder: Encoder | None = None,
    *,
    style_layers: Sequence[str] = STYLE_LAYERS,
    content_layer: str = CONTENT_LAYER,
) -> Measures:
    """Return every figure for ``result``, painted from ``content`` in the manner of ``style``.

    All are (1, 3, H, W) sRGB in [0, 1], on the encoder's device. ``encoder`` should not be the network that
    painted. Grid, border and speckle are measured on the result at its own size. For the distances, the
    content is resized to the result's size, the style's long side is reduced to the result's if it is longer,
    as when painting, and all are reduced to at most 1024 pixels: features describe structures of a certain
    size in pixels, which must agree for figures to be comparable.

    Raises PictureError when the content has another shape than the result by more than 2 per cent
    and 2 pixels, or a picture is too small (32 pixels for the result); LayerError for a layer the
    encoder lacks.
    """
    grid = grid_energy(result)
    frame, stray = border_frame(result), speckle(result)
    result, content, style = _bring_together(result, content, style)
    return Measures(
        style_distance=None if encoder is None else style_distance(result, style, encoder, style_layers),
        content_distance=None
        if encoder is None
        else content_distance(result, content, encoder, content_layer),
        patch_distance=sliced_wasserstein_patches(result, style),
        grid_period_2=grid.period_2,
        grid_period_4=grid.period_4,
        border_frame=frame,
        speckle=stray,
    )


def _bring_together(result: Tensor, content: Tensor, style: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the three pictures at one scale, at most 1024 pixels."""
    height, width = result.shape[2:]
    expected_height = content.shape[2] * width / content.shape[3]
    if abs(expected_height - height) > max(2, _SHAPE_TOLERANCE * height):
        raise PictureError(
            f"expected a content picture of the result's shape, {width}x{height}; "
            f"got {content.shape[3]}x{content.shape[2]}"
        )
    result = _shrink(result, _LONGEST)
    content = _resize(content, result.shape[2], result.shape[3])
    return result, content, _shrink(style, max(result.shape[2:]))


def _shrink(image: Tensor, longest: int) -> Tensor:
    height, width = image.shape[2:]
    scale = min(1.0, longest / max(height, width))
    return _resize(image, max(1, round(height * scale)), max(1, round(width * scale)))


def _resize(image: Tensor, height: int, width: int) -> Tensor:
    if image.shape[2:] == (height, width):
        return image
    return functional.interpolate(image, (height, width), mode="bilinear", antialias=True)
