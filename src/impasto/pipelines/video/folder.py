"""The folder of an unfinished film, beside its output."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError
from impasto.files import local
from impasto.jobs.run import HIDDEN, LOCK, Run, RunStore, restart_note
from impasto.pipelines.video.output import FilmOutput
from impasto.pipelines.video.parts import PartFiles
from impasto.pipelines.video.plan import FilmPlan
from impasto.pipelines.video.segments import LINES


@dataclass(frozen=True)
class FilmFolder:
    """The folder of one film, with its plan and its parts."""

    path: Path

    @classmethod
    def of(cls, output: Path) -> FilmFolder:
        """Return the folder of the film that will be written to ``output``."""
        return cls(output.absolute().parent / HIDDEN / f"{output.name}.film")

    @property
    def frames(self) -> FilmFolder:
        """The folder beside it of the frames, where these were given in memory."""
        return FilmFolder(self.path.with_suffix(".frames"))

    @property
    def plan(self) -> Path:
        """The path of the plan."""
        return self.path / "plan.json"

    def parts(self, plan: FilmPlan, output: FilmOutput) -> list[PartFiles]:
        """Return the files of each part."""
        return [PartFiles(self.path, part, output) for part in plan.parts]

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Return a lock against other processes that paint this film. Raises InputError, OutputError."""
        return RunStore(self.path, "film", hidden=self.path).alone()

    def begin(self, described: Mapping[str, Any]) -> tuple[FilmPlan | None, str]:
        """Return the plan of an earlier run of the film so ``described`` and ""; or else empty the folder and
        return None and the reason, if there was another film."""
        note = ""
        try:
            plan = FilmPlan.from_json(self.plan.read_bytes())
        except (OSError, ValueError, TypeError, KeyError):
            plan = None
        if plan is not None:
            different = Run("film", described).differences(plan.described)
            if not different:
                return plan, ""
            note = restart_note(different)
        self._empty()
        return None, note

    def _empty(self) -> None:
        for path in self.path.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()

    @contextlib.contextmanager
    def without_beginnings(self) -> Iterator[None]:
        """Empty the folder if the block fails before a segment is finished, from which to continue."""
        try:
            yield
        except ImpastoError:
            if not any(path.stat().st_size for path in self.path.glob(f"*/{LINES}")):
                self._empty()
            raise

    def remove(self) -> None:
        """Remove the folder: the film is finished or discarded."""
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.path.parent.rmdir()  # unless something else is in it


def discard(output: Path | str) -> bool:
    """Remove the folder of an unfinished ``output``; return whether there was one.

    Raises InputError while that film is being painted.
    """
    film = FilmFolder.of(Path(output))
    local.sweep(Path(output).absolute().parent)
    found = False
    for folder in (film, film.frames):
        if folder.path.exists():
            with folder.alone():
                found = any(path.name != LOCK for path in folder.path.iterdir()) or found
            folder.remove()
    return found
