"""Sequences of pictures as clips: a folder, or a pattern of names."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from impasto.clips.clip import HIGH_RANGE, TRANSPARENT, ClipInfo, Frame, Request, no_frame
from impasto.clips.colour import LINEAR
from impasto.clips.frame_files import READABLE, FrameFile, is_exr, read_frame, read_header
from impasto.clips.timecode import Timecode
from impasto.errors import InputError, PictureError
from impasto.imaging.guard import ImagingWarning

_NUMBER = re.compile(r"%0?(\d*)d")
_VALUE = r"(?:(?:^|(?<=[._]))-)?\d+"
"""A number in a name; after a dot or an underscore, or at the beginning, with its sign: ``shot.-005.png``."""
_LAST = (
    re.compile(rf"(.*?)({_VALUE})(\D*)"),
    re.compile(r"(.*?)(-?\d+)(\D*)"),
    re.compile(r"(.*?-)(-?\d+)(\D*)"),
)
"""The last number in a name, and the text around it; after other characters it is negative only if all names
then agree: ``shot0000.png``, ``shot-001.png``."""
_SEQUENCES = frozenset(READABLE) - {".gif"}
"""The suffixes of pictures that can be frames of a sequence; a GIF is a clip by itself."""


def is_numbered(name: str) -> bool:
    """Return whether ``name`` is a pattern for numbered pictures, such as ``%05d.png``.

    Other names are literal: ``100%d.mp4``, ``Title [x4Zq].mp4``.
    """
    return bool(_NUMBER.search(name)) and Path(name).suffix.lower() in _SEQUENCES


def is_pattern(name: str) -> bool:
    """Return whether ``name`` can match several pictures to read: ``%05d.png``, or ``*.png`` as in a
    shell."""
    wild = any(sign in name for sign in "*?[") and Path(name).suffix.lower() in _SEQUENCES
    return wild or is_numbered(name)


def numbered(name: str, number: int) -> str:
    """Return the name of a frame by a ``printf`` pattern."""
    return _NUMBER.sub(str(number).zfill(_width(name)), name, count=1)


def _width(name: str) -> int:
    """Return the minimum number of digits that a pattern writes."""
    found = _NUMBER.search(name)
    return int(found[1] or 1) if found else 1


def numbers_of(paths: Sequence[Path]) -> list[int] | None:
    """Return the number in the name of each picture: the last one, if the rest of all names is equal.

    None if the names are not numbered alike, or a number occurs twice.
    """
    for pattern in _LAST:
        named = [match for path in paths if (match := pattern.fullmatch(path.name))]
        numbers = [int(match[2]) for match in named]
        alike = len(named) == len(paths) and len({(match[1], match[3]) for match in named}) == 1
        if alike and len(set(numbers)) == len(numbers):
            return numbers
    return None


def find(path: Path) -> list[Path]:
    """Return the pictures in a folder, or those matching a pattern, in the order of the numbers in their
    names.

    Hidden files such as macOS's companions ``._1.png`` are skipped; so are GIFs in a folder of other
    pictures, because they are clips by themselves. Raises InputError if there are no pictures.
    """
    if path.is_dir():
        pictures = [p for p in path.iterdir() if p.suffix.lower() in READABLE]
        found = [p for p in pictures if p.suffix.lower() in _SEQUENCES] or pictures
        for other in set(pictures) - set(found):
            warnings.warn(f"skipped {other}, a clip of its own", ImagingWarning, stacklevel=2)
        what = f"pictures in the folder {path}"
    elif not path.parent.is_dir():
        raise InputError(f"expected pictures at {path}; there is no folder {path.parent}")
    elif _NUMBER.search(path.name):
        before, after = _split(path.name)
        width = _width(path.name)  # "%04d" writes -1 as "-001"
        number = rf"\d+|-\d{{{max(1, width - 1)}}}" if width > 1 else r"\d+"
        number = r"-?\d+" if not before or before[-1] in "._" else rf"(?:{number})"
        named = re.compile(re.escape(before) + number + re.escape(after))
        found = [p for p in path.parent.iterdir() if named.fullmatch(p.name)]
        what = f"pictures called {path}"
    else:
        found = list(path.parent.glob(path.name))
        what = f"pictures called {path}"
    hidden = path.name.startswith(".") and not path.is_dir()
    found = [p for p in found if p.is_file() and (hidden or not p.name.startswith("."))]
    if not found:
        raise InputError(f"expected {what}; got none")
    numbers = numbers_of(found)
    return (
        sorted(found, key=_natural)
        if numbers is None
        else [p for _, p in sorted(zip(numbers, found, strict=True))]
    )


def _split(name: str) -> tuple[str, str]:
    found = _NUMBER.search(name)
    assert found is not None
    return name[: found.start()], name[found.end() :]


def _natural(path: Path) -> tuple[list[tuple[bool, int, str]], str]:
    """Return a sort key that orders by the numbers in names, digits before letters, ignoring case."""
    parts = [part for part in re.split(f"({_VALUE})", path.name.casefold()) if part]
    key = [(False, int(part), "") if part[-1].isdecimal() else (True, 0, part) for part in parts]
    return key, path.name


def _listed(runs: Sequence[tuple[int, int]]) -> str:
    """Return runs of numbers in the form "3, 5 to 8 and 12", at most six of them."""
    words = [str(a) if a == b else f"{a} to {b}" for a, b in runs]
    words = words if len(words) <= 6 else [*words[:5], f"{len(words) - 5} more gaps"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


class PictureSequence:
    """Pictures as the frames of a clip, ``request.rate`` a second, in the order of ``paths``.

    Pictures of other sizes are resized to the first one's; raises InputError for other proportions. Gaps in
    the numbers of their names are among the remarks; with ``damage="refuse"`` they raise InputError.
    """

    def __init__(self, paths: Sequence[Path], request: Request) -> None:
        self.notes: list[str] = []
        self._request = request
        first = 0 if request.start is None else -int(-request.start * request.rate // 1)
        last = len(paths) if request.end is None else -int(-request.end * request.rate // 1)
        self.paths = tuple(paths[first:last])
        if not self.paths:
            name = paths[0].parent
            raise no_frame(name, request, [number / request.rate for number in range(len(paths))])
        remarks = self._check_numbers()
        alpha = self._check_shapes() and request.alpha
        found = self._first()
        height, width = found.frame.pixels.shape[:2]
        width, height = request.fit(width, height)
        light = is_exr(self.paths[0])
        self.info = ClipInfo(
            width=width,
            height=height,
            rate=request.rate,
            frames=len(self.paths),
            bits=found.bits,
            time_base=Fraction(1) / request.rate,
            alpha=alpha,
            transfer=LINEAR if light else 0,
            hdr=request.hdr and light,
            timecode=self._timecode(),
            remarks=(remarks,) if remarks else (),
        )

    def _check_numbers(self) -> str:
        """Return a remark on gaps in the numbers of the pictures, or raise InputError for them."""
        numbers = numbers_of(self.paths)
        if numbers is None:
            if any(char.isdigit() for path in self.paths for char in path.stem):
                first, last = self.paths[0].name, self.paths[-1].name
                return (
                    f"the {len(self.paths)} pictures are not numbered consistently; they are in the "
                    f"order of their names, from {first} to {last}"
                )
            return ""
        step = min((b - a for a, b in pairwise(numbers)), default=1)
        gaps = [(a + step, a + (b - a - 1) // step * step) for a, b in pairwise(numbers) if b - a > step]
        if not gaps:
            return ""
        one = len(gaps) == 1 and gaps[0][0] == gaps[0][1]
        what, it = ("picture {} is", "it") if one else ("pictures {} are", "them")
        words = f"{what.format(_listed(gaps))} missing between {numbers[0]} and {numbers[-1]}"
        if self._request.damage == "refuse":
            raise InputError(f"{self.paths[0].parent}: {words}")
        return f"{words}; the film continues without {it}"

    def _check_shapes(self) -> bool:
        """Raise InputError for pictures of different shapes; return whether any may have an alpha."""
        shape: tuple[int, int] | None = None
        alpha = False
        for path in self.paths:
            try:
                header = read_header(path)
            except PictureError:
                continue  # reported as damage when it is read
            width, height = header.width, header.height
            alpha |= header.alpha
            if shape is None:
                shape, named = (width, height), path
            elif abs(width * shape[1] / shape[0] - height) > 1:
                raise InputError(
                    f"expected pictures of the same shape; {named} is {shape[0]} x {shape[1]}, {path} is "
                    f"{width} x {height}. A pattern such as 'in/%05d.png' chooses among the pictures in a "
                    "folder"
                )
        return alpha

    def _timecode(self) -> Timecode | None:
        """Return the timecode of the first picture, computed from the first one that can be read."""
        for number, path in enumerate(self.paths):
            try:
                word = read_header(path).timecode
            except PictureError:
                continue
            found = None if word is None else Timecode.from_word(word, self._request.rate)
            return None if found is None else found.after(-number)
        return None

    def _first(self) -> FrameFile:
        for path in self.paths:
            try:
                return self._read(path)
            except PictureError:
                if self._request.damage == "refuse":
                    raise
        raise InputError(f"expected pictures; none of the {len(self.paths)} can be read")

    def frames(self, skip: int = 0) -> Iterator[Frame]:
        last: Frame | None = None
        for number, path in enumerate(self.paths):
            if number < skip - 1:
                continue
            try:
                found = self._read(path)
            except PictureError as error:
                if self._request.damage == "refuse":
                    raise InputError(f"frame {number} is damaged: {error}") from error
                last = self._conceal(number, last, error)
            else:
                self._check_depth(found.bits)
                last = self._finished(found.frame, number)
            if last is not None and number >= skip:
                yield last

    def _conceal(self, number: int, last: Frame | None, error: PictureError) -> Frame:
        """Return the frame before again; at the beginning, the first that can be read."""
        self.notes.append(f"frame {number} is damaged and was replaced: {error}")
        if last is None:
            for earlier in reversed(self.paths[:number]):
                try:
                    found = self._read(earlier).frame
                    break
                except PictureError:
                    continue
            else:
                found = self._first().frame
            last = self._finished(found, number)
        return replace(last, number=number, ticks=number, concealed=True)

    def _check_depth(self, bits: int) -> None:
        """Note that a picture has more ``bits`` than the first one, whose depth is the film's."""
        words = (
            f"some pictures have more than the first one's {self.info.bits} bits, which is the film's depth "
            "unless --bits says otherwise"
        )
        if bits > self.info.bits and words not in self.notes:
            self.notes.append(words)

    def _read(self, path: Path) -> FrameFile:
        return read_frame(path, alpha=True, hdr=True)

    def _finished(self, frame: Frame, number: int) -> Frame:
        """Return a frame at the requested size, with the requested parts; note what is left out."""
        request = self._request
        high = frame.headroom is not None and bool(frame.headroom.any())
        for words, left in (
            (TRANSPARENT, frame.alpha is not None and not request.alpha),
            (HIGH_RANGE, high and not request.hdr),
        ):
            if left and words not in self.notes:
                self.notes.append(words)
        alpha, headroom = frame.alpha if request.alpha else None, frame.headroom if request.hdr else None
        kept = replace(frame, number=number, ticks=number, alpha=alpha, headroom=headroom)
        return kept.fit(self.info.width, self.info.height)
