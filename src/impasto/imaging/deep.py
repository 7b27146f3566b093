"""Pictures of more than 8 bits a sample: PNG through OpenCV, TIFF through tifffile.

Pillow silently reads 16-bit colour as 8-bit.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto import extras
from impasto.errors import PictureError
from impasto.imaging.guard import picture_error
from impasto.imaging.samples import ROUNDING

CheckSize = Callable[[int, int], None]
"""Called with a width and a height before anything of that size is decoded; raises when too large."""

_ORIENTATION, _EXTRA_SAMPLES, _PROFILE, _DNG_VERSION = 274, 338, 34675, 50706
_SPACES = {0: "gray", 1: "gray", 2: "rgb", 5: "cmyk"}
_MOST_PAGES = 100
"""The largest number of pages of a TIFF to examine."""
_OTHER_LAB = (9, 10)
"""ICC and ITU L*a*b*, which Pillow does not read."""
_CHANNELS = {"gray": 1, "rgb": 3, "cmyk": 4}


@dataclass(frozen=True)
class Raster:
    """A decoded picture before colour management and before it is turned upright.

    ``colour``: (H, W, C) float32 in [0, 1], C as ``space`` ("gray", "rgb", "cmyk") needs.
    ``alpha``: (H, W) float32 in [0, 1] or None; colours are straight.
    """

    colour: NDArray[np.float32]
    space: str
    alpha: NDArray[np.float32] | None
    profile: bytes | None


def is_deep_png(data: bytes) -> bool:
    """Return whether a PNG file has 16 bits a sample (PNG, third edition, 11.2.1)."""
    return data[12:16] == b"IHDR" and data[24:25] == b"\x10"


def grey_raster(samples: NDArray[np.uint16] | NDArray[np.float32], profile: bytes | None) -> Raster:
    """Return grey ``samples`` (H, W), of 16 bits or floats in [0, 1], as a raster."""
    return Raster(_unit(samples[..., None]), "gray", None, profile)


def decode_png(data: bytes, image: Image.Image) -> Raster:
    """Decode a 16-bit PNG; ``image`` is the same file, opened by Pillow and not loaded.

    Raises:
        ValueError, OSError, SyntaxError: the file is damaged.
    """
    transparency = image.info.get("transparency")
    profile = image.info.get("icc_profile")
    samples = decode_samples(data)
    if samples.dtype != np.uint16:
        raise ValueError(f"expected samples of 16 bits, OpenCV gave {samples.dtype}")
    if image.mode == "LA" and samples.shape[2] == 4:
        samples = samples[..., 2:]
    colours = 1 if samples.shape[2] in (1, 2) else 3
    alpha = _unit(samples[..., colours]) if samples.shape[2] > colours else None
    colour = samples[..., :colours]
    if alpha is None and transparency is not None:
        hidden = np.all(colour == np.array(transparency, dtype=np.int64), axis=-1)
        alpha = np.where(hidden, np.float32(0), np.float32(1)).astype(np.float32)
    return Raster(_unit(colour), "gray" if colours == 1 else "rgb", alpha, profile)


def check_png(data: bytes) -> None:
    """Check every chunk's checksum, down to the end of the file. Raises SyntaxError and OSError."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as checked:
        checked.verify()


def load_opencv() -> Any:
    """Return OpenCV. Raises MissingExtraError where it is not installed."""
    return extras.load("cv2", "PNG files of 16 bits need OpenCV", "video")


def decode_samples(data: bytes, page: int = 0) -> NDArray[Any]:
    """Return the samples of a ``page`` as (H, W, C) in RGB order, without applying profile or orientation."""
    cv2 = load_opencv()
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(0)  # OpenCV would print; errors are raised here
    try:
        samples: NDArray[Any] | None
        given = np.frombuffer(data, np.uint8)
        if page:
            _, pages = cv2.imdecodemulti(given, cv2.IMREAD_UNCHANGED, range=(page, page + 1))
            samples = pages[0] if pages else None
        else:
            samples = cv2.imdecode(given, cv2.IMREAD_UNCHANGED)
    finally:
        cv2.utils.logging.setLogLevel(before)
    if samples is None:
        raise ValueError("OpenCV cannot decode it")
    if samples.ndim == 2:
        return np.asarray(samples[..., None])
    reverse = cv2.COLOR_BGRA2RGBA if samples.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(samples, reverse, dst=samples))  # in place


def tiff_header(stream: BinaryIO) -> tuple[int, int, int, bool]:
    """Return the stored width and height, the orientation, and whether there is alpha, for the page of a TIFF
    that would be read."""
    import tifffile

    with tifffile.TiffFile(stream) as file:
        page: Any = file.pages[_first_whole(file)]
        orientation = page.tags.valueof(_ORIENTATION, 1)
        alpha = any(int(kind) in (1, 2) for kind in page.extrasamples)
        return page.imagewidth, page.imagelength, orientation if isinstance(orientation, int) else 1, alpha


def first_whole_page(data: bytes) -> int:
    """Return the number of the first page of a TIFF that is not a smaller version of another; 0 if all are,
    or the file is damaged."""
    import tifffile

    with contextlib.suppress(Exception), tifffile.TiffFile(io.BytesIO(data)) as file:
        return _first_whole(file)
    return 0


def whole_pages(data: bytes) -> int:
    """Return the number of pages of a TIFF that are not smaller versions of others."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return len(file.pages) - sum(map(_is_reduced, islice(file.pages, _MOST_PAGES)))


def _first_whole(file: Any) -> int:
    pages = enumerate(islice(file.pages, _MOST_PAGES))
    return next((number for number, page in pages if not _is_reduced(page)), 0)


def _is_reduced(page: Any) -> bool:
    """Return whether a page says that it is a smaller version of another (TIFF 6.0, section 8,
    NewSubfileType)."""
    return bool(page.subfiletype & 1)


@dataclass(frozen=True)
class TiffPage:
    """The page of a TIFF file, decoded to the file's own numbers, ``samples`` (H, W, S).

    ``about``: tifffile's page. ``orientation``: as in EXIF.
    """

    samples: NDArray[Any]
    space: str
    about: Any
    path: Path
    profile: bytes | None
    orientation: int

    def rows(self, start: int, stop: int) -> Raster:
        """Return the rows from ``start`` up to ``stop``."""
        samples = _unit(self.samples[start:stop])
        colour, alpha = _split(samples, self.space, self.about, self.path)
        if int(self.about.photometric) == 0:
            colour = 1 - colour
        colour = np.ascontiguousarray(colour, dtype=np.float32)
        return Raster(colour, self.space, alpha, self.profile)


def decode_tiff(data: bytes, path: Path, check_size: CheckSize, number: int = 0) -> TiffPage | None:
    """Decode the page ``number`` of a TIFF file of more than 8 bits; None when it has 8 or fewer.

    Reads unsigned integers of 16 and 32 bits, and floating point in [0, 1]. Compression is Deflate or none;
    for grey and RGB of 16-bit integers or 32-bit floats, anything that OpenCV supports (including LZW and
    predictors).

    Raises:
        PictureError: it is a raw file, too large, or its samples are out of range or of a kind
            that is not read.
        Exception: whatever tifffile raises on damaged data.
    """
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page: Any = file.pages[number] if number else file.pages.first
        if _DNG_VERSION in page.tags:
            raise picture_error(
                path, "a finished picture", "it is a camera's raw file, to be developed first"
            )
        bits = page.bitspersample
        photometric = int(page.photometric)
        if isinstance(bits, int) and bits <= 8 and photometric not in _OTHER_LAB:
            if page.dtype is not None and page.dtype.kind == "i" and photometric in _SPACES:
                raise _signed(page.dtype.name, path)
            return None
        check_size(page.imagewidth, page.imagelength)
        if photometric not in _SPACES:
            actual = f"it is a TIFF of {bits} bits in {getattr(page.photometric, 'name', photometric)}"
            raise picture_error(path, "grey, RGB or CMYK", actual)
        space = _SPACES[photometric]
        samples = _tiff_samples(page, data, path, number)
        _check_samples(samples, path)
        profile = page.tags.valueof(_PROFILE)
        orientation = page.tags.valueof(_ORIENTATION, 1)
    return TiffPage(
        samples,
        space,
        page,
        path,
        profile if isinstance(profile, bytes) else None,
        orientation if isinstance(orientation, int) else 1,
    )


def _tiff_samples(page: Any, data: bytes, path: Path, number: int) -> NDArray[Any]:
    """Return the page's samples, (H, W, S), in the file's own number type."""
    ends = [at + size for at, size in zip(page.dataoffsets, page.databytecounts, strict=True)]
    if not ends or max(ends) > len(data) or min(page.databytecounts) == 0:
        raise ValueError("pixel data is missing")
    try:
        samples = np.asarray(page.asarray())
    except (ValueError, KeyError, ImportError) as problem:
        if "imagecodecs" not in str(problem) and not isinstance(problem, ImportError):
            raise
        return _tiff_bydecode_samples(page, data, path, number)
    if page.axes == "YX":
        return samples[..., None]
    if page.axes == "SYX":
        return np.moveaxis(samples, 0, 2)
    if page.axes != "YXS":
        raise picture_error(path, "a flat picture", f"the TIFF has the axes {page.axes}")
    return samples


def _tiff_bydecode_samples(page: Any, data: bytes, path: Path, number: int) -> NDArray[Any]:
    """Return samples in a compression that tifffile alone cannot decode."""
    plain = page.axes == "YX" or (page.axes == "YXS" and int(page.photometric) == 2)
    kind = {(16, 1): np.uint16, (32, 3): np.float32}.get((page.bitspersample, int(page.sampleformat)))
    if not plain or kind is None:
        name = getattr(page.compression, "name", page.compression)
        predictor = " and a predictor" if int(page.predictor) > 1 else ""
        actual = f"it is a TIFF of {page.bitspersample} bits compressed with {name}{predictor}"
        raise picture_error(
            path, "a TIFF of 16-bit integers or 32-bit floats, or without compression", actual
        )
    upright = bytearray(data)
    if _ORIENTATION in page.tags:  # OpenCV would apply it, and it is applied later
        at = page.tags[_ORIENTATION].valueoffset
        upright[at : at + 2] = (1).to_bytes(2, "little" if page.parent.byteorder == "<" else "big")
    samples = decode_samples(bytes(upright), number)
    expected = (page.imagelength, page.imagewidth, page.samplesperpixel)
    if samples.shape != expected or samples.dtype != kind:
        raise ValueError(f"expected samples of shape {expected}, OpenCV gave {samples.shape}")
    return samples


def _signed(kind: str, path: Path) -> PictureError:
    return picture_error(path, "unsigned or floating-point samples", f"the TIFF holds {kind}")


def _check_samples(samples: NDArray[Any], path: Path) -> None:
    """Raise PictureError for samples that are neither unsigned nor in [0, 1]."""
    if samples.dtype.kind == "u":
        return
    if samples.dtype.kind != "f":
        raise _signed(samples.dtype.name, path)
    low, high = float(samples.min()), float(samples.max())
    if not (low >= -ROUNDING and high <= 1 + ROUNDING):  # also when they are not numbers
        expected = "floating-point samples in [0, 1]"
        raise picture_error(path, expected, f"the TIFF holds values from {low:.4g} to {high:.4g}")


def _unit(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Convert unsigned integers to float32 in [0, 1]; floats are already in range, except for rounding."""
    if samples.dtype.kind == "f":
        return samples.astype(np.float32).clip(0, 1)
    top = np.iinfo(samples.dtype).max
    shares = np.divide(samples, top, dtype=np.float32 if top <= 65535 else np.float64)
    return np.asarray(shares, dtype=np.float32)


def _split(
    samples: NDArray[np.float32], space: str, page: Any, path: Path
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Split into colour (straight) and alpha; samples of no stated meaning are dropped, as in Pillow.

    A fourth sample of an RGB picture without a stated meaning is taken to be alpha.
    """
    count = _CHANNELS[space]
    if samples.shape[2] < count:
        raise picture_error(path, f"{count} samples a pixel for {space}", f"there are {samples.shape[2]}")
    colour, rest = samples[..., :count], samples[..., count:]
    kinds = [int(kind) for kind in page.extrasamples]
    if not kinds and space == "rgb" and rest.shape[2] == 1:
        kinds = [2]
    for index, kind in enumerate(kinds[: rest.shape[2]]):
        if kind == 2:
            return colour, rest[..., index].copy()
        if kind == 1:
            alpha = rest[..., index].copy()
            whole = np.where(alpha > 0, alpha, 1)[..., None]
            with np.errstate(over="ignore"):  # where alpha is almost 0
                return np.clip(colour / whole, 0, 1), alpha
    return colour, None
