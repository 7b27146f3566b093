"""The finished segments of a film on disk, so that one that was killed goes on where it was.

A folder holds, for each segment, its encoded frames and ``NNNNN.json``, which is written last: only with it
a segment is finished. The newest has its ``NNNNN.npz`` too, the state the next one starts from. All are put
in place whole.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from impasto import files
from impasto.clips.coherence import State
from impasto.clips.writing import Segment


class EarlierSegments(NamedTuple):
    """The segments an earlier run has finished, the state after them, and why there are none, if so."""

    segments: list[Segment]
    state: State | None = None
    note: str = ""


class SegmentStore:
    """The segments in ``folder``; ``suffix`` is that of their files, "" where there are none."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self.folder = folder
        self.suffix = suffix

    def begin(self) -> EarlierSegments:
        """Return what an earlier run has finished; remove everything else. Raises OutputError."""
        files.make_folder(self.folder, "the segments of the film")
        found = self.finished()
        state = self._state(len(found) - 1)
        if found and state is None:
            self._sweep(set())
            return EarlierSegments(
                [], note="begun anew: what the finished segments left behind cannot be read"
            )
        kept = {f"{n:05d}{end}" for n in range(len(found)) for end in (self.suffix, ".json")}
        self._sweep(kept | {f"{len(found) - 1:05d}.npz"})
        return EarlierSegments(found, state)

    def finished(self) -> list[Segment]:
        """Return the segments that are finished, from the first on."""
        found: list[Segment] = []
        while (ticks := self._ticks(len(found))) is not None:
            segment = self._segment(len(found), ticks)
            if segment.ticks and not segment.path.is_file():
                break
            found.append(segment)
        return found

    def path(self, number: int, suffix: str | None = None) -> Path:
        """Return the file of a segment."""
        return self.folder / f"{number:05d}{self.suffix if suffix is None else suffix}"

    def commit(self, number: int, ticks: Sequence[int], state: State) -> None:
        """Call a segment, whose file is there, finished. Raises OutputError."""
        arrays: dict[str, Any] = dict(state)
        with files.Draft(self.path(number, ".npz")) as stream:
            np.savez(stream, **arrays)
        files.replace(self.path(number, ".json"), json.dumps({"ticks": list(ticks)}).encode())
        if number:
            self.path(number - 1, ".npz").unlink(missing_ok=True)

    def _segment(self, number: int, ticks: Sequence[int]) -> Segment:
        return Segment(self.path(number, self.suffix or ".json"), tuple(ticks))

    def _ticks(self, number: int) -> list[int] | None:
        try:
            found: list[int] = json.loads(self.path(number, ".json").read_bytes())["ticks"]
            return found
        except (OSError, ValueError, KeyError):
            return None

    def _state(self, number: int) -> State | None:
        try:
            with np.load(self.path(number, ".npz"), allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, KeyError):
            return None

    def _sweep(self, kept: set[str]) -> None:
        for path in self.folder.iterdir():
            if path.name not in kept:
                path.unlink(missing_ok=True)
