"""Reading pictures: any file to an upright sRGB ``Picture``."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.imaging import deep, dpx, exr, formats, icc, light, png_strips
from impasto.imaging.guard import check_size, decoding, load, note_darkness, picture_error
from impasto.imaging.left_out import note_left_out
from impasto.imaging.orientation import orientation_of, upright
from impasto.imaging.packed import PackedPicture, Packer
from impasto.imaging.photo_metadata import metadata_of_image, read_photo_metadata
from impasto.imaging.read_options import READING, ReadOptions
from impasto.imaging.repairs import ended_jpeg, repaired_png
from impasto.imaging.samples import ROUNDING, unpacked
from impasto.imaging.shrinker import LARGE, Shrinker, StripJoiner, shrunk_size
from impasto.imaging.stated_colours import (
    StatedColours,
    colours_of_deep_tiff,
    colours_of_image,
    stated_colours,
)
from impasto.types import Picture

STRIP = 1 << 21
"""Pixels of a strip of a large picture."""
_DRAFT = 2
"""The smallest ratio of the size at which a JPEG is decoded to the size of the result."""
_SEPARATED = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBa", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV")
"""The modes that ``separate`` takes."""
Size = int | tuple[int, int] | None


def read(path: str | os.PathLike[str], reading: ReadOptions = READING, size: Size = None) -> Picture:
    """Read a picture: JPEG, PNG, WebP, AVIF, TIFF (first page that is not a smaller version of another),
    GIF (first frame), BMP, HEIC, OpenEXR or DPX.

    The format is detected from the bytes, not from the name. Returns a ``Picture`` with (H, W, 3)
    float32 pixels in [0, 1], turned upright by its EXIF orientation and converted to sRGB from an
    embedded ICC profile (relative colorimetric, black point compensated), or from the primaries or the
    gamma that the file states otherwise (Adobe RGB, Display P3). Without either the values are taken to be
    sRGB, and CMYK is mixed by (1 - ink)(1 - black). ``alpha`` is straight, and None when every pixel is
    opaque. PNG and TIFF of 16 bits are read exactly (``bits`` is 16), as is floating-point TIFF in [0, 1];
    only with a profile made of lookup tables are they converted at 8 bits. Date, author, copyright,
    keywords, resolution and place are in ``metadata``. AVIF and HEIC of 10 and 12 bits are read at 8.

    ``size``: the long side, or width and height, of the painting. A much larger picture is reduced to that,
    or to a long side of 1024, while it is read (``shrinker.shrunk_size``), which bounds memory.

    OpenEXR holds linear light: values above 0.7 of white are rolled off, and ``headroom`` records how bright
    they were.

    An ImagingWarning reports what was ignored: a damaged profile (the values are then taken to be sRGB),
    unreadable EXIF data, an unknown colour space.

    Raises:
        PictureError: there is no such file, it is not a picture in one of these formats, it is
            damaged or cut short, or has more pixels than ``reading`` allows; nothing is decoded then.
        MissingExtraError: it is HEIC, OpenEXR or DPX, and the extra that reads it is not installed.
    """
    place = Path(path)
    return decode(load(place), place, reading, size)


def decode(
    data: bytes, place: Path = Path("picture"), reading: ReadOptions = READING, size: Size = None
) -> Picture:
    """Return the picture in the bytes of a file; ``place``: its name in messages. Raises as ``read`` does."""
    kind = formats.sniff(place, data)
    with decoding(place, kind.name):
        data = repaired_png(data) if kind is formats.PNG else data
        picture = _decode(data, kind, place, reading, size).picture()
        note_left_out(data, kind)
        if kind in (formats.EXR, formats.DPX):
            return picture
        with warnings.catch_warnings(action="ignore"):  # damage there was reported, or does not matter
            empty = png_strips.without_pixels(data) if kind is formats.PNG else data
            about = read_photo_metadata(empty, kind.codec)
    return replace(picture, metadata=about)


def decode_packed(
    data: bytes, place: Path = Path("picture"), reading: ReadOptions = READING
) -> Picture | PackedPicture:
    """Return the picture in the bytes of a file, packed if it is large and opaque, else as from ``decode``
    but without metadata. Raises as ``read`` does."""
    kind = formats.sniff(place, data)
    with decoding(place, kind.name):
        data = repaired_png(data) if kind is formats.PNG else data
        found = _decode(data, kind, place, reading, None, packed=True)
        note_left_out(data, kind)
    return found.packed_picture()


@dataclass(frozen=True)
class _Strip:
    """Rows of a stored picture in sRGB, (N, W, 3), their alpha (N, W), if any, and their precision in
    bits."""

    pixels: NDArray[np.float32]
    alpha: NDArray[np.float32] | None
    bits: int


@dataclass(frozen=True)
class _Joined:
    """A whole picture, upright; ``pixels`` are samples of uint8 or uint16 where it is packed."""

    pixels: NDArray[Any]
    alpha: NDArray[np.float32] | None
    bits: int
    headroom: NDArray[np.float32] | None = None

    def picture(self) -> Picture:
        pixels = self.pixels if self.pixels.dtype == np.float32 else unpacked(self.pixels)
        return Picture(pixels, self.alpha, self.bits, headroom=self.headroom)

    def packed_picture(self) -> Picture | PackedPicture:
        if self.pixels.dtype == np.float32 or self.alpha is not None:
            return self.picture()
        return PackedPicture(self.pixels)


def _decode(
    data: bytes, kind: formats.Format, path: Path, reading: ReadOptions, size: Size, *, packed: bool = False
) -> _Joined:
    page = 0
    if kind is formats.EXR:
        return _decode_exr(data, path, reading, size)
    if kind is formats.DPX:
        header = dpx.parse_header(data, path)
        check_size(path, header.width, header.height, reading)
        strip = _Strip(*dpx.decode(data, path), 16 if header.bits > 8 else 8)
        return _assemble([strip], (header.width, header.height), header.orientation, size)
    if kind is formats.TIFF:
        page = deep.first_whole_page(data)
        deep_page = deep.decode_tiff(data, path, lambda w, h: check_size(path, w, h, reading), page)
        if deep_page is not None:
            height, width = deep_page.samples.shape[:2]
            parts: Iterable[_Strip] = (_managed(deep_page.rows(*rows)) for rows in _rows(width, height))
            if deep_page.space != "cmyk" and not deep_page.profile:
                parts = _in_srgb(parts, colours_of_deep_tiff(data, path))
            return _assemble(parts, (width, height), deep_page.orientation, size, packed=packed)
    with Image.open(io.BytesIO(data), formats=[kind.codec]) as image:
        if page:
            image.seek(page)
        check_size(path, image.width, image.height, reading)
        whole, orientation = None, None
        strips: Iterable[_Strip]
        if kind is formats.PNG and (deep.is_deep_png(data) or _is_long(image, data)):
            with png_strips.open_without_pixels(data) as empty:
                orientation, stated = orientation_of(empty), stated_colours(empty, data, kind, path)
            strips = _of_png(data, image)
        elif kind is formats.WEBP and _is_large(image) and getattr(image, "n_frames", 1) == 1:
            orientation, stated = orientation_of(image), stated_colours(image, data, kind, path)
            strips = _of_samples(deep.decode_samples(data), image.info.get("icc_profile"))
        else:
            if kind is formats.JPEG and (wanted := shrunk_size(*image.size, size)) is not None:
                whole = image.size
                image.draft(None, (_DRAFT * wanted[0], _DRAFT * wanted[1]))
            try:
                image.load()
            except OSError:
                ended = ended_jpeg(data) if kind is formats.JPEG else None
                if ended is None:
                    raise
                return _decode_unended(*ended, path, reading, size, packed=packed)
            stated = stated_colours(image, data, kind, path)
            strips = _of_image(image, image.info.get("icc_profile"))
        strips = _in_srgb(strips, stated)
        if orientation is None:
            orientation = orientation_of(image)  # after loading, which may have turned it upright
        return _assemble(strips, image.size, orientation, size, whole, packed=packed)


def _decode_exr(data: bytes, path: Path, reading: ReadOptions, size: Size) -> _Joined:
    header = exr.parse_header(data, path)
    check_size(path, header.width, header.height, reading)
    found, stored = exr.decode(data, path), (header.width, header.height)
    wanted = shrunk_size(*stored, size)
    above = StripJoiner(stored) if wanted is None else Shrinker(stored, wanted)

    def strips() -> Iterator[_Strip]:
        for start, stop in _rows(*stored):
            own, alpha = found.rows(start, stop)
            bright = light.to_bt709(own, header.primaries)
            above.add(light.headroom(bright)[..., None], None)
            yield _Strip(light.from_light(bright), alpha, 16)

    joined = _assemble(strips(), stored, 1, size)
    return replace(joined, headroom=above.finish()[0][..., 0])


def _decode_unended(
    one: bytes, other: bytes, path: Path, reading: ReadOptions, size: Size, *, packed: bool
) -> _Joined:
    """Return the picture if both files decode to the same. Raises ValueError otherwise."""
    first, second = (_decode(data, formats.JPEG, path, reading, size, packed=packed) for data in (one, other))
    if not np.array_equal(first.pixels, second.pixels):
        raise ValueError("image file is truncated")
    return first


def decode_image(image: Image.Image, size: Size = None) -> Picture:
    """Return the picture in a Pillow image of any mode, turned upright; ``size``: as in ``read``."""
    stated = colours_of_image(image)  # before loading, which closes its file
    image.load()
    profile, orientation = image.info.get("icc_profile"), orientation_of(image)
    strips: Iterable[_Strip]
    if image.mode.startswith("I;16"):
        strips = (
            _managed(deep.grey_raster(np.asarray(image.crop((0, start, image.width, stop))), profile))
            for start, stop in _rows(*image.size)
        )
    elif image.mode in ("F", "I"):
        strips = (_managed(deep.grey_raster(_grey(image), profile)),)
    else:
        plain = image if image.mode in _SEPARATED else image.convert("RGB")
        strips = _of_image(plain, profile)
    strips = _in_srgb(strips, stated)
    picture = _assemble(strips, image.size, orientation, size).picture()
    note_darkness(picture.pixels, picture.bits)
    return replace(picture, metadata=metadata_of_image(image))


def _grey(image: Image.Image) -> NDArray[np.uint16] | NDArray[np.float32]:
    """Return the samples of an image of floats or of 32-bit integers, which hold 16 bits. Raises PictureError
    for others."""
    samples = np.asarray(image)
    low, high, top = samples.min(), samples.max(), 1.0 if image.mode == "F" else 65535
    off = ROUNDING if image.mode == "F" else 0
    if not (low >= -off and high <= top + off):  # also when they are not numbers
        expected = f"an image of mode {image.mode} with values from 0 to {top:g}"
        raise picture_error(Path("picture"), expected, f"there are values from {low:.5g} to {high:.5g}")
    return samples.clip(0, 1) if image.mode == "F" else samples.astype(np.uint16)


def _in_srgb(strips: Iterable[_Strip], stated: StatedColours | None) -> Iterable[_Strip]:
    if stated is None:
        return strips
    return (replace(one, pixels=stated.to_srgb(one.pixels)) for one in strips)


def shrunk_array(strips: Iterator[Picture], width: int, height: int, size: Size) -> Picture:
    """Return the picture of ``width`` x ``height`` made of ``strips``, from top to bottom; ``size``: as in
    ``read``."""
    return _assemble((_Strip(p.pixels, p.alpha, p.bits) for p in strips), (width, height), 1, size).picture()


def _of_png(data: bytes, image: Image.Image) -> Iterator[_Strip]:
    """Yield strips of a PNG file; ``image`` is the same one, opened and not loaded."""
    profile, is_deep = image.info.get("icc_profile"), deep.is_deep_png(data)
    if is_deep:
        deep.check_png(data)
    height = max(1, STRIP // image.width)
    parts = png_strips.strips(data, height) if _is_long(image, data) else [data]
    for part in parts:
        with Image.open(io.BytesIO(part), formats=["PNG"]) as one:
            if is_deep:
                yield _managed(replace(deep.decode_png(part, one), profile=profile))
            else:
                one.load()
                yield from _of_image(one, profile)


def _of_image(image: Image.Image, profile: bytes | None) -> Iterator[_Strip]:
    """Yield strips of a loaded image of 8 bits."""
    for start, stop in _rows(*image.size):
        is_whole = stop - start == image.height
        colour, alpha = separate(image if is_whole else image.crop((0, start, image.width, stop)))
        pixels = unpacked(icc.image_to_srgb(colour, profile))
        yield _Strip(pixels, None if alpha is None else unpacked(np.asarray(alpha)), 8)


def _of_samples(samples: NDArray[Any], profile: bytes | None) -> Iterator[_Strip]:
    """Yield strips of samples (H, W, 3) or (H, W, 4), uint8."""
    for start, stop in _rows(samples.shape[1], samples.shape[0]):
        yield from _of_image(Image.fromarray(np.ascontiguousarray(samples[start:stop])), profile)


def _managed(raster: deep.Raster) -> _Strip:
    pixels, bits = icc.array_to_srgb(raster.colour, raster.space, raster.profile)
    return _Strip(pixels, raster.alpha, bits)


def _is_long(image: Image.Image, data: bytes) -> bool:
    """Return True if a PNG is read in several strips."""
    return _is_large(image) and png_strips.in_strips(data)


def _is_large(image: Image.Image) -> bool:
    return image.width * image.height > LARGE


def _rows(width: int, height: int) -> Iterator[tuple[int, int]]:
    """Yield the first row of each strip and the row after its last; one strip if the picture is not large."""
    step = height if width * height <= LARGE else max(1, STRIP // width)
    for start in range(0, height, step):
        yield start, min(start + step, height)


def _assemble(
    strips: Iterable[_Strip],
    stored: tuple[int, int],
    orientation: int,
    size: Size,
    whole: tuple[int, int] | None = None,
    *,
    packed: bool = False,
) -> _Joined:
    """Return the picture made of ``strips``, of ``stored`` width and height.

    ``whole``: its own width and height, if the decoder has reduced it. ``packed``: keep the integer samples
    of a large picture, at its own size.
    """
    wanted = shrunk_size(*(whole or stored), size)
    joined: Shrinker | StripJoiner | Packer
    joined = StripJoiner(stored) if wanted is None else Shrinker(stored, wanted)
    if packed and stored[0] * stored[1] > LARGE:
        joined = Packer(stored)
    bits = 16
    for one in strips:
        joined.add(one.pixels, one.alpha)
        bits = min(bits, one.bits)
    pixels, alpha = joined.finish()
    if alpha is not None and bool((alpha == 1).all()):
        alpha = None
    turned = None if alpha is None else upright(alpha, orientation)
    return _Joined(upright(pixels, orientation), turned, bits)


def separate(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Split into colour in mode L, RGB, CMYK or LAB, and alpha in mode L if there is any."""
    if image.mode in ("LA", "La") or (image.mode in ("1", "L") and image.has_transparency_data):
        both = image.convert("LA")
        return both.getchannel("L"), both.getchannel("A")
    if image.has_transparency_data:
        both = image.convert("RGBA")
        return both.convert("RGB"), both.getchannel("A")
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image, None
    if image.mode == "1":
        return image.convert("L"), None
    if image.mode in ("P", "RGBX", "YCbCr", "HSV"):
        return image.convert("RGB"), None
    raise ValueError(f"samples of mode {image.mode}")
