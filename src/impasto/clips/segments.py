"""The finished part of a film on disk, so that a film that was killed goes on where it was.

A folder holds ``film.json``, what the film is made from; and for each segment its encoded frames and
``NNNNN.json``, which is written last: only with it a segment is finished. The newest has its
``NNNNN.npz`` too, the state the next one starts from. All are put in place whole.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from impasto.clips.coherence import State
from impasto.clips.joining import Segment
from impasto.clips.libav import cannot_write
from impasto.errors import InputError

HIDDEN = ".impasto"


def folder_of(output: Path) -> Path:
    """Where the segments of the film that will be ``output`` are kept."""
    return output.absolute().parent / HIDDEN / f"{output.name}.film"


def parts_of(output: Path) -> Path:
    """Where that film is kept while several workers paint parts of it."""
    return folder_of(output).with_suffix(".parts")


@dataclass(frozen=True)
class Begun:
    """What there is of a film: its segments, the state after them, and why there is nothing, if so."""

    segments: tuple[Segment, ...] = ()
    state: State | None = None
    note: str = ""

    @property
    def frames(self) -> int:
        return sum(len(segment.ticks) for segment in self.segments)


class Store:
    """The segments of one film, in ``folder``; ``suffix`` is that of their files, "" where there are none."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self.folder = folder
        self.suffix = suffix

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While this film is painted here, no other process paints it. Raises InputError, OutputError."""
        self.make()
        try:
            lock = FileLock(self.folder / "lock", timeout=0)
            lock.acquire()
        except Timeout as error:
            raise InputError(
                f"another impasto is painting this film (its folder is {self.folder})"
            ) from error
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        try:
            yield
        finally:
            lock.release()

    def make(self) -> None:
        """Raises OutputError where there can be no such folder."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def begin(self, description: Mapping[str, Any]) -> Begun:
        """What an earlier run finished of the film so described; everything else is removed."""
        described = json.loads(json.dumps(description))
        earlier = _read(self.folder / "film.json")
        if earlier != described:
            note = "" if earlier is None else f"begun anew: its {_difference(earlier, described)} was another"
            self._sweep(set())
            self._write(self.folder / "film.json", json.dumps(described).encode())
            return Begun(note=note)
        found = self.finished()
        state = self._state(len(found) - 1)
        if found and state is None:
            self._sweep({"film.json"})
            return Begun(note="begun anew: what the finished segments left behind cannot be read")
        kept = {"film.json", f"{len(found) - 1:05d}.npz"}
        kept |= {f"{n:05d}{end}" for n in range(len(found)) for end in (self.suffix, ".json")}
        self._sweep(kept)
        return Begun(tuple(found), state)

    def finished(self) -> list[Segment]:
        """The segments that are finished, from the first on."""
        found: list[Segment] = []
        while (row := _read(self.path(len(found), ".json"))) is not None:
            segment = Segment(self.path(len(found), self.suffix or ".json"), tuple(row["ticks"]))
            if segment.ticks and not segment.path.is_file():
                break
            found.append(segment)
        return found

    def path(self, number: int, suffix: str | None = None) -> Path:
        """The file of a segment."""
        return self.folder / f"{number:05d}{self.suffix if suffix is None else suffix}"

    def commit(self, number: int, ticks: Sequence[int], state: State) -> Segment:
        """Call a segment, whose file is there, finished. Raises OutputError."""
        place = self.path(number, ".npz")
        part = place.with_suffix(".part")
        try:
            with part.open("wb") as file:
                arrays: dict[str, Any] = dict(state)
                np.savez(file, **arrays)
            part.replace(place)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise cannot_write(place, error) from error
        self._write(self.path(number, ".json"), json.dumps({"ticks": list(ticks)}).encode())
        if number:
            self.path(number - 1, ".npz").unlink(missing_ok=True)
        return Segment(self.path(number, self.suffix or ".json"), tuple(ticks))

    def clear(self) -> None:
        """Remove everything: the film is finished. So it is where it was begun by several workers."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.folder.with_suffix(".parts"), ignore_errors=True)
        with contextlib.suppress(OSError):
            self.folder.parent.rmdir()  # unless something else is in it

    def _state(self, number: int) -> State | None:
        try:
            with np.load(self.path(number, ".npz"), allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, KeyError):
            return None

    def _sweep(self, kept: set[str]) -> None:
        for path in self.folder.iterdir():
            if path.name not in kept | {"lock"} and path.is_file():
                path.unlink(missing_ok=True)

    def _write(self, path: Path, data: bytes) -> None:
        part = path.with_suffix(".part")
        try:
            part.write_bytes(data)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise cannot_write(path, error) from error


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _difference(earlier: Any, now: Mapping[str, Any]) -> str:
    if not isinstance(earlier, dict):
        return "description"
    return next(str(name) for name in [*now, *earlier] if earlier.get(name) != now.get(name))
