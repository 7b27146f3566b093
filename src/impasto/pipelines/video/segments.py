"""The finished segments of a film on disk, from which an interrupted film continues.

A folder holds the encoded frames of each segment, and a line for it in ``segments.jsonl``, which is written
last: a segment without a line is not finished. The newest one also has a ``NNNNN.npz`` with the state from
which the next one starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from impasto import files
from impasto.clips.coherence import State
from impasto.clips.writer import Segment
from impasto.jobs.run import RunStore

LINES = "segments.jsonl"


class EarlierSegments(NamedTuple):
    """The segments finished by an earlier run, the state after them, and the reason if they cannot be
    used."""

    segments: list[Segment]
    state: State | None = None
    note: str = ""


class SegmentStore:
    """The segments in ``folder``; ``suffix``: that of their files, "" for segments without files."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self.folder = folder
        self.suffix = suffix
        self._run = RunStore(folder, "film", LINES)

    def begin(self) -> EarlierSegments:
        """Return what an earlier run has finished; remove everything else. Raises OutputError."""
        files.make_folder(self.folder, "the segments of the film")
        found = self.finished()
        state = self._state(len(found) - 1)
        note = ""
        if found and state is None:
            found, note = [], "started over: the state after the last finished segment cannot be read"
        kept = {segment.path.name for segment in found} | {self.path(len(found) - 1, ".npz").name}
        for path in self.folder.iterdir():
            if path.name not in kept:
                path.unlink(missing_ok=True)
        self._run.write({"ticks": segment.ticks} for segment in found)
        return EarlierSegments(found, state, note)

    def finished(self) -> list[Segment]:
        """Return the segments that are finished, from the first on."""
        lines = self._run.parts(lambda line: [int(tick) for tick in line["ticks"]])
        found = [Segment(self.path(number), tuple(ticks)) for number, ticks in enumerate(lines)]
        return list(takewhile(lambda it: not (it.ticks and self.suffix) or it.path.is_file(), found))

    def path(self, number: int, suffix: str | None = None) -> Path:
        """Return the file of a segment."""
        return self.folder / f"{number:05d}{self.suffix if suffix is None else suffix}"

    def commit(self, number: int, ticks: Sequence[int], state: State) -> None:
        """Mark a segment whose file exists as finished. Raises OutputError."""
        arrays: dict[str, Any] = dict(state)
        with files.Draft(self.path(number, ".npz")) as stream:
            np.savez(stream, **arrays)
        self._run.add({"ticks": ticks})
        if number:
            self.path(number - 1, ".npz").unlink(missing_ok=True)

    def _state(self, number: int) -> State | None:
        try:
            with np.load(self.path(number, ".npz"), allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, KeyError):
            return None
