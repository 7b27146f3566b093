"""The result of painting one photograph."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray
from PIL import Image

from impasto import imaging
from impasto.errors import ImpastoError, OptionError, OutputError
from impasto.files import places, reason_of
from impasto.imaging.formats import sniff
from impasto.imaging.inputs import kind_of
from impasto.jobs import Job, PaintOptions
from impasto.parameters import checked, counted, shown
from impasto.types import Picture

_GREYS = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N", "F")
"""The modes of Pillow's grey images."""


@dataclass(frozen=True)
class PictureKind:
    """The kind of object that a photograph was given as.

    ``name``: "image" (of Pillow's), "array", "bytes", "picture" or "file". ``dtype``: of an array. ``mode``:
    of an image. ``suffix``: of the format of bytes.
    """

    name: Literal["image", "array", "bytes", "picture", "file"] = "file"
    dtype: Any = None
    mode: str = ""
    suffix: str = ".png"

    @classmethod
    def of(cls, source: object) -> PictureKind:
        """Return the kind of ``source``, anything that ``impasto.stylize`` takes as a photograph."""
        if isinstance(source, Image.Image):
            return cls("image", mode=source.mode)
        if isinstance(source, np.ndarray):
            return cls("array", source.dtype)
        if isinstance(source, Picture):
            return cls("picture")
        if isinstance(source, (bytes, bytearray, memoryview)):
            return cls("bytes", suffix=_suffix(bytes(source)))
        return cls()


def _suffix(data: bytes) -> str:
    """Return the suffix of the format of ``data``; ".png" if that format cannot be written."""
    try:
        kind = sniff(Path("picture"), data)
    except ImpastoError:  # reading it will raise the error too
        return ".png"
    return kind.suffixes[0] if kind.writable else ".png"


@dataclass(frozen=True)
class Result:
    """A painting and its job.

    ``job``: the job, with all options. ``picture``: the result at full size, with the photograph's alpha
    and bit depth. ``losses``: the last total and its weighted parts. ``seconds``: time spent painting.
    ``cancelled``: whether it was stopped early. ``notes``: remarks for the user. ``given``: the kind of
    object that the photograph was. ``numpy.asarray(result)`` is its array.
    """

    job: Job
    picture: Picture
    losses: Mapping[str, float]
    iterations: int
    seconds: float
    cancelled: bool = False
    notes: tuple[str, ...] = ()
    given: PictureKind = PictureKind()

    def __repr__(self) -> str:
        width, height = self.picture.width, self.picture.height
        return f"Result({width}x{height}, {counted(self.iterations, 'iteration')}, {self.seconds:.1f} s)"

    def _repr_png_(self) -> bytes:
        """Return the picture as PNG, which notebooks show."""
        return imaging.encode(replace(self.picture, metadata=None), ".png")

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return ``to_array()``, or its values as ``dtype``."""
        if copy is False:
            raise ValueError("an array of a Result is always a copy")
        found = self.to_array()
        return found if dtype is None else found.astype(dtype)

    @property
    def options(self) -> PaintOptions:
        """All options."""
        return self.job.options

    def parameters(self) -> dict[str, Any]:
        """Return the options and inputs to make this picture again, ready for JSON."""
        return self.job.recipe()

    def to_array(self, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """Return the picture as an array (H, W, 3) in RGB, or (H, W, 4) with alpha.

        ``dtype``: uint8, uint16 or a floating-point type, with values in [0, 1]; by default uint16 for
        pictures of 16 bits, else uint8. Raises OptionError for other types.
        """
        try:
            kind = np.dtype(dtype or (np.uint16 if self.picture.bits == 16 else np.uint8))
        except TypeError as problem:
            raise OptionError(
                f"expected dtype to be uint8, uint16 or a floating-point type; got {shown(dtype)}"
            ) from problem
        pixels = np.clip(self.picture.pixels, 0, 1)
        if self.picture.alpha is not None:
            pixels = np.concatenate([pixels, self.picture.alpha[..., None]], axis=2)
        if kind.newbyteorder("=") in (np.dtype(np.uint8), np.dtype(np.uint16)):
            return np.asarray(np.rint(pixels * np.float32(np.iinfo(kind).max)), dtype=kind)
        if kind.kind != "f":
            raise OptionError(f"expected dtype to be uint8, uint16 or a floating-point type; got {kind}")
        return np.asarray(pixels, dtype=kind)

    def to_pil(self) -> Image.Image:
        """Return the picture as a Pillow image of 8 bits, in mode RGB, or RGBA with alpha."""
        return Image.fromarray(self.to_array(np.uint8))

    @checked
    def to_bytes(
        self,
        format: str = "png",
        *,
        quality: int = 95,
        parameters: bool | None = None,
        metadata: bool | None = None,
        location: bool | None = None,
    ) -> bytes:
        """Return the bytes of a file in ``format``, such as "png" or "jpg"; the other arguments are those of
        ``save``."""
        picture, stored, where = self._stored(parameters, metadata, location)
        suffix = f".{format.lower().removeprefix('.')}"
        return imaging.encode(picture, suffix, quality=quality, parameters=stored, location=where)

    def as_given(self) -> Image.Image | NDArray[Any] | bytes | Picture:
        """Return the painting as the kind of object that the photograph was.

        A Pillow image of 8 bits for a Pillow image, grey for a grey one, with its transparency; an array of
        the same type for an array; bytes in the same format for bytes; a ``Picture`` for a ``Picture``, a
        path or a file object.
        """
        given = self.given
        if given.name == "image":
            image = self.to_pil()
            if given.mode in _GREYS:
                return image.convert("L" if self.picture.alpha is None and given.mode != "LA" else "LA")
            return image.convert(given.mode) if given.mode in ("RGBA", "CMYK") else image
        if given.name == "array":
            return self.to_array(np.uint8 if given.dtype == np.bool_ else given.dtype)
        return self.to_bytes(given.suffix) if given.name == "bytes" else self.picture

    @checked
    def save(
        self,
        path: str | os.PathLike[str] | BinaryIO,
        *,
        format: str | None = None,
        quality: int = 95,
        parameters: bool | None = None,
        metadata: bool | None = None,
        location: bool | None = None,
    ) -> None:
        """Write the picture to a file or an address (s3://), in the format of its suffix, or to a binary file
        object, in ``format`` ("png" by default). Raises OutputError.

        ``quality``: for lossy formats, 1 to 100. ``parameters``: store the options and inputs in the file,
        for ``impasto stylize --from``. ``metadata``: store the photograph's date, author, copyright, keywords
        and resolution; ``location``: also where it was taken. None: as the job says, by default all but the
        location.
        """
        if not isinstance(path, (str, os.PathLike)):
            if not callable(getattr(path, "write", None)) or isinstance(path, io.TextIOBase):
                raise OptionError(f"expected a path or a binary file object; got {kind_of(path)}")
            data = self.to_bytes(
                format or "png",
                quality=quality,
                parameters=parameters,
                metadata=metadata,
                location=location,
            )
            try:
                path.write(data)
            except (OSError, ValueError) as problem:  # ValueError: it is closed, or open for reading
                raise OutputError(f"cannot write to the file object: {reason_of(problem)}") from problem
            return
        if format is not None:
            raise OptionError("format is for file objects; a file has the format of its suffix")
        picture, stored, where = self._stored(parameters, metadata, location)
        place = places.plain(os.fsdecode(path))
        if not place:
            raise OptionError("expected a path or a binary file object; got an empty name")
        with places.drafted(place) as draft:
            imaging.write(picture, draft, quality=quality, parameters=stored, location=where)

    def _stored(
        self, parameters: bool | None, metadata: bool | None, location: bool | None
    ) -> tuple[Picture, dict[str, Any] | None, bool]:
        """Return the picture and the data to store with it; None: as the job says."""
        job = self.job
        stored = self.parameters() if (job.keep_recipe if parameters is None else parameters) else None
        kept = job.keep_metadata if metadata is None else metadata
        picture = self.picture if kept else replace(self.picture, metadata=None)
        return picture, stored, job.keep_location if location is None else location
