"""Pictures written during painting: a preview, and numbered ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from impasto.errors import InputError
from impasto.files import check_writable, real_path
from impasto.progress import Progress, ProgressCallback, throttled
from impasto.types import Picture, Pixels

EVERY = 1.0
"""Seconds between two previews."""
SHARE = 0.05
"""The maximum share of the time spent on previews."""

Finish = Callable[[Pixels], Picture]
"""A function from the pixels of a preview to the picture that is written."""


def preview_file(path: Path | None, finish: Finish = Picture) -> ProgressCallback:
    """Return a callback that writes previews to ``path``, if given."""

    def write_preview(event: Progress) -> None:
        if path is not None and event.preview is not None:
            from impasto.imaging import write

            write(finish(event.preview()), path)

    return throttled(write_preview, EVERY, share=SHARE)


class NumberedPictures:
    """Pictures saved every so many iterations, named after ``output``: out_0050.png, out_0100.png.

    ``every``: None for no pictures. ``done``: iterations of an earlier run. ``saved``: files by iteration.
    """

    def __init__(
        self, output: Path, every: int | None, quality: int, finish: Finish = Picture, done: int = 0
    ) -> None:
        self.output, self.every, self.quality, self.finish = output, every, quality, finish
        self.count = done
        self.saved: dict[int, Path] = {}

    def __call__(self, event: Progress) -> str:
        """Count the iteration ``event``; return the file of its picture if one was written, or "".

        Stages before the painting itself are not counted.
        """
        if event.stage:
            return ""
        self.count += 1
        if not self.every or self.count % self.every or event.preview is None:
            return ""
        from impasto.imaging import write

        path = _numbered(self.output, self.count)
        write(self.finish(event.preview()), path, quality=self.quality)
        self.saved[self.count] = path
        return str(path)


def _numbered(output: Path, number: int) -> Path:
    return output.with_name(f"{output.stem}_{number:04d}{output.suffix}")


def check_numbered(output: Path, every: int, others: Iterable[Path], option: str) -> None:
    """Raise InputError if one of ``others`` has the name of a numbered picture of ``output``, and OutputError
    if the first of them cannot be written."""
    pattern = re.compile(rf"{re.escape(output.stem)}_(\d+){re.escape(output.suffix)}")
    folder = real_path(output.absolute().parent)
    for path in others:
        for place in (path.absolute(), real_path(path)):
            found = pattern.fullmatch(place.name)
            if found and real_path(place.parent) == folder and int(found[1]) % every == 0:
                raise InputError(
                    f"{option} would overwrite {path}, since pictures are numbered after {output}: expected "
                    "another output"
                )
    check_writable(_numbered(output, every), suffixes=(output.suffix.lower(),))
