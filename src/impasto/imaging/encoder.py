"""Writing pictures: a ``Picture`` to a file, atomically."""

from __future__ import annotations

import io
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto import files
from impasto.errors import ImpastoError, OptionError, PictureError
from impasto.imaging import dpx, exr, formats, icc, light, metadata
from impasto.imaging.deep import load_opencv
from impasto.imaging.guard import warn
from impasto.imaging.photo_metadata import ARTIST, COPYRIGHT, MAKE, MODEL, exif_bytes, exif_of, xmp_of
from impasto.types import PhotoMetadata, Picture

_XMP_LIMIT, _XMP_TAG = 65_000, 700
_EXIF_LIMIT = 65_533  # a JPEG segment holds 65,535 bytes, two of them its own length


def check_writable(path: str | os.PathLike[str], *, suffixes: Collection[str] | None = None) -> None:
    """Raise an error if a picture could not be written to ``path``; call it before any work is done.

    ``suffixes``: the accepted ones, by default all that ``write`` supports. Raises OutputError as
    ``files.check_writable`` does, and MissingExtraError for HEIC without the extra that writes it.
    """
    files.check_writable(path, formats.WRITABLE_SUFFIXES if suffixes is None else suffixes)
    formats.of_suffix(Path(path).suffix)


def check_parameters(path: str | os.PathLike[str], parameters: Mapping[str, object]) -> None:
    """Raise OutputError, before any work is done, when ``write`` cannot store ``parameters`` in ``path``."""
    target = Path(path)
    if formats.of_suffix(target.suffix) is formats.JPEG:
        comment = metadata.comment(metadata.to_json(parameters))
        _check_exif(exif_of(None, comment, location=False), target)


def _check_exif(exif: Image.Exif, target: Path) -> bytes:
    """Return EXIF data that a JPEG can hold. Raises OutputError for more."""
    found = exif_bytes(exif)
    if len(found) > _EXIF_LIMIT:
        actual = f"its recipe, with options and names of inputs, needs {len(found):,} bytes"
        raise files.cannot_write(
            target,
            actual,
            f"at most the {_EXIF_LIMIT:,} of JPEG: another format, or --no-recipe",
        )
    return found


def write(
    picture: Picture,
    path: str | os.PathLike[str],
    *,
    quality: int = 95,
    parameters: Mapping[str, object] | None = None,
    location: bool = False,
) -> None:
    """Write ``picture`` to ``path``, in the format its suffix names.

    The formats are PNG, JPEG, WebP, AVIF, TIFF and, with their extras, HEIC, OpenEXR and DPX; all but the
    last two get the ICC profile of sRGB. PNG, TIFF and DPX hold 16 bits if ``picture.bits`` is 16; otherwise
    DPX, which holds video codes, has 10, and all others are rounded to 8. OpenEXR holds linear light in half
    floats, including values brighter than white. Of the metadata, OpenEXR has only ``parameters``, and DPX
    also the date and the copyright. Alpha is written if the format has it; JPEG does not, and the picture is
    composited on white (in encoded values, as in browsers). Values outside [0, 1] are clipped.

    ``quality``: 1 to 100, for JPEG (always 4:4:4), WebP, AVIF and HEIC. ``parameters``: stored in the file as
    JSON, for ``read_parameters``. ``picture.metadata`` is written too, but the place where a photograph was
    taken only with ``location``. The file replaces an existing one only when it is complete.

    Raises:
        OptionError: ``quality`` is out of range, or JSON cannot hold ``parameters``.
        PictureError: the pixels are of a wrong shape, or not numbers.
        OutputError: the suffix is unknown, the format cannot hold a picture of that size or that
            many parameters, or the file cannot be written (the disk is full, say).
        MissingExtraError: HEIC, OpenEXR or DPX is asked for, and the extra that writes it is not installed.
    """
    target = Path(path)
    data = encode(
        picture, target.suffix, quality=quality, parameters=parameters, location=location, target=target
    )
    files.replace(target, data)


def encode(
    picture: Picture,
    suffix: str,
    *,
    quality: int = 95,
    parameters: Mapping[str, object] | None = None,
    location: bool = False,
    target: Path | None = None,
) -> bytes:
    """Return the bytes that ``write`` would write for ``suffix``, such as ".png"; ``target``: the file's name
    in messages. Raises as ``write`` does."""
    target = Path(f"picture{suffix}") if target is None else target
    kind = _format(target)
    if isinstance(quality, bool) or not 1 <= quality <= 100:
        raise OptionError(f"quality: expected 1 to 100; got {quality!r}")
    text = None if parameters is None else metadata.to_json(parameters)
    _check(picture, kind, target)
    if kind is not formats.EXR and picture.headroom is not None and picture.headroom.any():
        warn(f"highlights brighter than white were compressed, as {kind.name} cannot hold them; .exr can")
    try:
        if kind is formats.EXR:
            return _exr(picture, text)
        if kind is formats.DPX:
            deep = 16 if picture.bits == 16 else 10
            about = picture.metadata
            return dpx.encode(picture.pixels, picture.alpha, bits=deep, text=text, about=about)
        samples = _samples(picture, kind)
        about = picture.metadata
        comment = None if text is None else metadata.comment(text)
        exif = None
        if about is not None or comment is not None:
            exif = exif_of(about, None if kind in (formats.PNG, formats.TIFF) else comment, location=location)
        data = _encode(samples, kind, quality, text, target, about, exif, location=location)
    except ImpastoError:
        raise
    except Exception as problem:  # an encoder's own reasons, of any type
        raise files.cannot_write(target, str(problem), f"a picture {kind.name} can hold") from problem
    return data


def _format(target: Path) -> formats.Format:
    kind = formats.of_suffix(target.suffix)
    if kind is None:
        expected = f"a name ending in {', '.join(formats.WRITABLE_SUFFIXES)}"
        raise files.cannot_write(target, f"it ends in {target.suffix!r}", expected)
    return kind


def _check(picture: Picture, kind: formats.Format, target: Path) -> None:
    shape = picture.pixels.shape
    if len(shape) != 3 or shape[2] != 3 or 0 in shape:
        raise PictureError(f"expected pixels of shape (H, W, 3), got {shape}")
    if picture.alpha is not None and picture.alpha.shape != shape[:2]:
        raise PictureError(f"expected alpha of shape {shape[:2]}, got {picture.alpha.shape}")
    planes = [picture.pixels] if picture.alpha is None else [picture.pixels, picture.alpha]
    if not all(np.isfinite(plane).all() for plane in planes):
        raise PictureError("expected finite pixels, but some are infinite or not a number")
    if max(shape[:2]) > kind.longest_side:
        expected = f"at most {kind.longest_side:,} pixels a side, which is all {kind.name} can hold"
        raise files.cannot_write(target, f"the picture is {picture.width} x {picture.height}", expected)


def _samples(picture: Picture, kind: formats.Format) -> NDArray[Any]:
    """Return integers (H, W, 3) or (H, W, 4), of 16 bits if the picture has them and the format allows it."""
    pixels = picture.pixels
    if picture.alpha is not None:
        alpha = picture.alpha[..., None]
        if kind is formats.JPEG:
            pixels = pixels * alpha + (1 - alpha)
        else:
            pixels = np.concatenate([pixels, alpha], axis=2)
    deep = picture.bits == 16 and kind in (formats.PNG, formats.TIFF)
    top, integer = (65535, np.uint16) if deep else (255, np.uint8)
    scaled = np.rint(np.clip(pixels, 0.0, 1.0) * np.float32(top))
    return np.asarray(scaled, dtype=integer)


def _encode(
    samples: NDArray[Any],
    kind: formats.Format,
    quality: int,
    text: str | None,
    target: Path,
    about: PhotoMetadata | None,
    exif: Image.Exif | None,
    *,
    location: bool,
) -> bytes:
    if kind is formats.PNG:
        return _png(samples, text, about, exif)
    if kind is formats.TIFF:
        return _tiff(samples, text, about, location=location)
    options: dict[str, Any] = {"quality": quality, "icc_profile": icc.srgb_profile(), **kind.options}
    packet = xmp_of(about)
    if packet is not None and (kind is not formats.JPEG or len(packet) <= _XMP_LIMIT):
        options["xmp"] = packet
    if about is not None and about.resolution is not None:
        options["dpi"] = about.resolution
    if exif is not None:
        options["exif"] = exif_bytes(exif)
        if kind is formats.JPEG and len(options["exif"]) > _EXIF_LIMIT:  # XMP has the photograph's texts
            comment = None if text is None else metadata.comment(text)
            options["exif"] = _check_exif(exif_of(None, comment, location=False), target)
    stream = io.BytesIO()
    Image.fromarray(samples).save(stream, format=kind.codec, **options)
    return stream.getvalue()


def _exr(picture: Picture, text: str | None) -> bytes:
    """Return the OpenEXR file: linear light at its original brightness, premultiplied by alpha."""
    bright = light.with_headroom(picture.pixels, picture.headroom)
    alpha = None if picture.alpha is None else np.clip(picture.alpha, 0, 1)
    return exr.encode(bright, alpha, texts=None if text is None else {metadata.KEY: text})


def _png(
    samples: NDArray[Any], text: str | None, about: PhotoMetadata | None, exif: Image.Exif | None
) -> bytes:
    if samples.dtype == np.uint16:
        encoded = _png_of_16_bits(samples)
    else:
        stream = io.BytesIO()
        Image.fromarray(samples).save(stream, format="PNG")
        encoded = stream.getvalue()
    chunks = metadata.png_profile(icc.srgb_profile())
    if text is not None:
        chunks += metadata.png_text(text)
    if about is not None:
        chunks += metadata.png_about(about, xmp_of(about), None if exif is None else exif_bytes(exif))
    return metadata.insert_png_chunks(encoded, chunks)


def _png_of_16_bits(samples: NDArray[np.uint16]) -> bytes:
    cv2 = load_opencv()
    order = [2, 1, 0, 3][: samples.shape[2]]
    done, encoded = cv2.imencode(".png", samples[..., order], [cv2.IMWRITE_PNG_COMPRESSION, 5])
    if not done:
        raise ValueError("OpenCV cannot encode the picture")
    return bytes(encoded.tobytes())


def _tiff(samples: NDArray[Any], text: str | None, about: PhotoMetadata | None, *, location: bool) -> bytes:
    import tifffile

    packet = xmp_of(about, location=location)
    tags: list[tuple[int, str, int, bytes, bool]] = []
    if about is not None:
        texts = (
            (ARTIST, about.author),
            (COPYRIGHT, about.copyright),
            *zip((MAKE, MODEL), about.camera, strict=False),
        )
        tags += [(tag, "s", 0, value.encode(), True) for tag, value in texts if value]
    if packet is not None:
        tags.append((_XMP_TAG, "B", len(packet), packet, True))

    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        samples,
        photometric="rgb",
        extrasamples=["unassalpha"] if samples.shape[2] == 4 else None,
        compression="zlib",
        compressionargs={"level": 3},
        predictor=True,
        rowsperstrip=max(1, min(samples.shape[0], (1 << 20) // samples[0].nbytes)),
        iccprofile=icc.srgb_profile(),
        software="Impasto",
        description=None if text is None else metadata.tiff_description(text),
        datetime=about.taken or None if about is not None else None,
        resolution=None if about is None else about.resolution,
        resolutionunit=None if about is None or about.resolution is None else 2,
        extratags=tags,
        metadata=None,
    )
    return stream.getvalue()
