"""Sequences of pictures as clips: a folder, or a pattern of names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from impasto import imaging
from impasto.clips.clip import ClipInfo, Frame, Request
from impasto.errors import InputError, PictureError
from impasto.types import Picture

_NUMBER = re.compile(r"%0?(\d*)d")
_SEQUENCES = frozenset(imaging.READABLE_SUFFIXES) - {".gif"}
"""The suffixes of pictures that can be frames of a sequence; a GIF is a clip of its own."""


def is_numbered(name: str) -> bool:
    """Return whether ``name`` is a pattern for numbered pictures, such as ``%05d.png``.

    Any other name is just a name: ``100%d.mp4``, ``Title [x4Zq].mp4``.
    """
    return bool(_NUMBER.search(name)) and Path(name).suffix.lower() in _SEQUENCES


def is_pattern(name: str) -> bool:
    """Return whether ``name`` may stand for several pictures to read: ``%05d.png``, or ``*.png`` as in a
    shell."""
    wild = any(sign in name for sign in "*?[") and Path(name).suffix.lower() in _SEQUENCES
    return wild or is_numbered(name)


def numbered(name: str, number: int) -> str:
    """Return the name a pattern of ``printf`` gives a frame."""
    return _NUMBER.sub(lambda found: str(number).zfill(int(found[1] or 1)), name, count=1)


def find(path: Path) -> list[Path]:
    """Return the pictures in a folder, or those a pattern stands for, in the order of the numbers in their
    names.

    Raises InputError where there are none.
    """
    if path.is_dir():
        found = [p for p in path.iterdir() if p.suffix.lower() in imaging.READABLE_SUFFIXES and p.is_file()]
        what = f"pictures in the folder {path}"
    elif not path.parent.is_dir():
        raise InputError(f"expected pictures at {path}; there is no folder {path.parent}")
    elif _NUMBER.search(path.name):
        before, after = (re.escape(part) for part in _split(path.name))
        named = re.compile(before + r"\d+" + after)
        found = [p for p in path.parent.iterdir() if named.fullmatch(p.name)]
        what = f"pictures called {path}"
    else:
        found = list(path.parent.glob(path.name))
        what = f"pictures called {path}"
    if not found:
        raise InputError(f"expected {what}; got none")
    return sorted(found, key=_natural)


def _split(name: str) -> tuple[str, str]:
    found = _NUMBER.search(name)
    assert found is not None
    return name[: found.start()], name[found.end() :]


def _natural(path: Path) -> tuple[list[tuple[int, str]], str]:
    parts = re.findall(r"\d+|\D+", path.name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts], path.name


class PictureSequence:
    """Pictures as the frames of a clip, ``request.rate`` a second; all are brought to the first's size."""

    def __init__(self, paths: Sequence[Path], request: Request) -> None:
        self.notes: list[str] = []
        self._request = request
        first = 0 if request.start is None else -int(-request.start * request.rate // 1)
        last = len(paths) if request.end is None else -int(-request.end * request.rate // 1)
        self._paths = list(paths[first:last])
        if not self._paths:
            raise InputError(
                f"expected frames from {float(request.start or 0):g} s on; the {len(paths)} pictures last "
                f"{float(len(paths) / request.rate):g} s"
            )
        picture = self._first()
        width, height = request.fit(picture.width, picture.height)
        self.info = ClipInfo(
            width=width,
            height=height,
            rate=request.rate,
            frames=len(self._paths),
            bits=10 if picture.bits > 8 else 8,
            time_base=Fraction(1) / request.rate,
        )

    def _first(self) -> Picture:
        for path in self._paths:
            try:
                return imaging.read(path)
            except PictureError:
                if self._request.damage == "refuse":
                    raise
        raise InputError(f"expected pictures; none of the {len(self._paths)} can be read")

    def frames(self, skip: int = 0) -> Iterator[Frame]:
        last: Frame | None = None
        for number, path in enumerate(self._paths):
            if number < skip - 1:
                continue
            try:
                picture = imaging.read(path)
            except PictureError as error:
                if self._request.damage == "refuse":
                    raise InputError(f"frame {number} is damaged: {error}") from error
                last = self._conceal(number, last, error)
            else:
                pixels = imaging.fill_transparent(picture) if picture.alpha is not None else picture.pixels
                pixels = imaging.resize(pixels, self.info.width, self.info.height)
                last = Frame(number, number, pixels)
            if last is not None and number >= skip:
                yield last

    def _conceal(self, number: int, last: Frame | None, error: PictureError) -> Frame:
        """Return the frame before once more; at the beginning, the first that can be read."""
        self.notes.append(f"frame {number} is damaged and was replaced: {error}")
        if last is None:
            for earlier in reversed(self._paths[:number]):
                try:
                    picture = imaging.read(earlier)
                    break
                except PictureError:
                    continue
            else:
                picture = self._first()
            pixels = imaging.resize(picture.pixels, self.info.width, self.info.height)
        else:
            pixels = last.pixels
        return Frame(number, number, pixels, concealed=True)
