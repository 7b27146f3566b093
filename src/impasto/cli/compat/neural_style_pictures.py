"""Pictures as neural-style-pt and neural-style load, scale and save them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.cli.compat.neural_style_options import Dialect
from impasto.cli.previews import check_numbered
from impasto.errors import ImpastoError, OptionError, PictureError
from impasto.files import protecting
from impasto.imaging import (
    READABLE_SUFFIXES,
    ReadOptions,
    check_writable,
    fill_transparent,
    keep_colours,
    read,
    resample,
)
from impasto.types import Picture, Pixels

if TYPE_CHECKING:
    from impasto.encoders import FeatureExtractor

_READING = ReadOptions(max_pixels=1_000_000_000)
# The suffixes of pictures in a folder: those of neural-style-pt, and others that Impasto reads.
_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".tiff", *READABLE_SUFFIXES))


def load(path: str | Path, option: str) -> Picture:
    """Return the picture that an ``option`` names, without its transparency. Raises PictureError."""
    try:
        picture = read(path, _READING)
    except PictureError as error:
        raise PictureError(f"-{option}: {error}") from error
    return Picture(fill_transparent(picture))


def style_paths(style_image: str) -> list[Path]:
    """Return the pictures that ``-style_image`` names: files, and the pictures in folders, sorted by name.
    This differs from neural-style-pt, which takes a folder's pictures in the order in which the system lists
    them, so that ``-style_blend_weights`` apply to arbitrary ones.
    """
    found: list[Path] = []
    for path in map(Path, style_image.split(",")):
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(
            p for p in path.iterdir() if p.is_file() and p.suffix.lower() in _SUFFIXES and p.name[0] != "."
        )
        if not inside:
            raise PictureError(f"-style_image: expected pictures in the folder {path}; got none")
        found += inside
    return found


def style_size(image_size: int, scale: float, dialect: Dialect) -> int:
    """Return the style's long side for a result of ``image_size``: rounded down, in neural-style up."""
    side = math.ceil(scale * image_size) if dialect == "lua" else int(image_size * scale)
    if side < 1:
        raise OptionError(
            f"expected a larger -style_scale for a picture of {image_size} pixels; got {scale:g}"
        )
    return side


def sized(picture: Picture, long_side: int, dialect: Dialect) -> Picture:
    """Return ``picture`` with this long side, scaled as the program does."""
    width, height = picture.width, picture.height
    longest = max(width, height)
    if dialect == "lua":
        size = (max(1, int(width * long_side / longest)), max(1, int(height * long_side / longest)))
    else:  # the order determines the rounding
        factor = float(long_side) / longest
        size = (max(1, int(factor * width)), max(1, int(factor * height)))
    return at_size(picture, *size, dialect)


def at_size(picture: Picture, width: int, height: int, dialect: Dialect) -> Picture:
    """Return ``picture`` at this size, scaled with Pillow's bilinear filter, or as torch7 does."""
    if dialect == "lua":
        return Picture(scale_linearly(picture.pixels, width, height))
    return Picture(resample(picture.pixels, width, height, "bilinear"))


def scale_linearly(pixels: Pixels, width: int, height: int) -> Pixels:
    """Return a picture, (H, W, 3), scaled as by torch7's ``image.scale``, one side at a time.

    A side that grows is interpolated linearly between its outermost pixels, which stay in place; a side that
    shrinks is averaged over the stretch that each new pixel covers.
    """
    across = _weights(pixels.shape[1], width)
    down = _weights(pixels.shape[0], height)
    wide = np.einsum("xw,hwc->hxc", across, pixels, optimize=True)
    result: Pixels = np.einsum("yh,hxc->yxc", down, wide, optimize=True).astype(np.float32)
    return result


def _weights(before: int, after: int) -> NDArray[np.float32]:
    """Return the weights, (after, before), of old pixels in new ones; rows add up to 1."""
    if before == after:
        return np.eye(after, dtype=np.float32)
    old = np.arange(before)
    if after > before:
        places = np.arange(after)[:, None] * ((before - 1) / (after - 1))
        near: NDArray[np.float32] = np.maximum(1 - np.abs(places - old), 0).astype(np.float32)
        return near
    step = before / after
    begin = np.arange(after)[:, None] * step
    overlap = np.minimum(begin + step, old + 1) - np.maximum(begin, old)
    shares: NDArray[np.float32] = (np.maximum(overlap, 0) / step).astype(np.float32)
    return shares


@dataclass(frozen=True)
class Space:
    """The colour space in which the two programs optimise: pixels times ``white`` (255, or 256), less the
    ``mean`` of 255; ``flipped``: in the order blue, green, red.

    ``enter`` and ``leave`` follow the programs step by step, to give the same digits.
    """

    dialect: Dialect
    mean: tuple[float, float, float]
    flipped: bool

    @property
    def white(self) -> np.float32:
        return np.float32(256 if self.dialect == "lua" else 255)

    def enter(self, picture: Picture) -> Picture:
        """Return a picture in this space, whose values are outside the range of pictures."""
        values = picture.pixels * self.white
        return Picture(self._in_order(values) - np.array(self.mean, np.float32))

    def leave(self, values: Pixels) -> Pixels:
        """Return the pixels, (H, W, 3) in [0, 1], of a picture in this space."""
        pixels: Pixels = np.clip(self._in_order(values + np.array(self.mean, np.float32)) / self.white, 0, 1)
        return pixels

    def _in_order(self, values: Pixels) -> Pixels:
        return values[..., ::-1] if self.flipped else values


def finisher(content: Picture, space: Space, original_colors: bool) -> Callable[[Pixels], Picture]:
    """Return a function from the optimiser's values to the picture to save: 8 bits, rounded down as both
    programs do, in the colours of the ``content`` if asked for."""

    def finish(values: Pixels) -> Picture:
        pixels = space.leave(values)
        if original_colors and space.dialect == "lua":
            pixels = keep_colours(pixels, content.pixels, "yuv")
        whole = _rounded_down(pixels)
        if original_colors and space.dialect == "pt":
            whole = _with_chroma(whole, _rounded_down(space.leave(space.enter(content).pixels)))
        return Picture(whole.astype(np.float32) / np.float32(255))

    return finish


def _rounded_down(pixels: Pixels) -> NDArray[np.uint8]:
    return (pixels * np.float32(255)).astype(np.uint8)


def _with_chroma(painted: NDArray[np.uint8], content: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luma of one picture with the chroma of the other, in Pillow's YCbCr of 8 bits."""
    from PIL import Image

    luma = Image.fromarray(painted).convert("YCbCr").getchannel(0)
    _, blue, red = Image.fromarray(content).convert("YCbCr").split()
    return np.asarray(Image.merge("YCbCr", (luma, blue, red)).convert("RGB"))


def check_sides(
    paintings: list[Picture], encoder: FeatureExtractor, layers: Iterable[str], scale: float
) -> None:
    """Raise OptionError for paintings that ``-style_scale`` makes too small for the ``layers``."""
    least = encoder.minimum_side(list(layers))
    for painting in paintings:
        if min(painting.width, painting.height) < least:
            raise OptionError(
                f"-style_scale {scale:g}: the painting would be {painting.width}x{painting.height}; the "
                f"style layers need at least {least} pixels on each side"
            )


def check_output(output: Path, inputs: list[Path], save_iter: int = 0) -> None:
    """Raise an error for a result that cannot be written or would overwrite an input."""
    try:
        with protecting(inputs):
            check_writable(output)
    except ImpastoError as error:
        raise type(error)(f"-output_image: {error}") from error
    if save_iter:
        check_numbered(output, save_iter, inputs, "-save_iter")
