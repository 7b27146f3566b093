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

_EARLIER, _LEAVING, _ASIDE = "earlier", "leaving", "aside"
_NOT_OWN = (LOCK, _EARLIER, _LEAVING, _ASIDE)


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
        """The folder beside it for the frames, if they were given in memory."""
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

    def begin(self, described: Mapping[str, Any], *, keep: bool) -> tuple[FilmPlan | None, str]:
        """Return the plan of an earlier run of the film with this description, and "".

        If there was another film: None and a note. ``keep``: its finished segments are then set aside, and
        are restored if that film is continued before this one is finished.
        """
        self._settle()
        found, plan, note = self.find(described)
        if plan is not None:
            if found is not self:
                self._exchange()
            return plan, ""
        if keep and self._has_segments():
            self._exchange()
            note += (
                "; what was painted is kept until this film is finished: run with the earlier options to "
                "continue it"
            )
        self._empty()
        return None, note

    def find(self, described: Mapping[str, Any]) -> tuple[FilmFolder, FilmPlan | None, str]:
        """Return the folder and the plan of an earlier run of the film with this description; instead of the
        plan None, and a note, if there was another film."""
        note = ""
        for place in (self, self._earlier):
            try:
                plan = FilmPlan.from_json(place.plan.read_bytes())
            except (OSError, ValueError, TypeError, KeyError):
                continue
            different = Run("film", described).differences(plan.described)
            if not different:
                return place, plan, ""
            note = note or restart_note(different)
        return self, None, note

    @property
    def _earlier(self) -> FilmFolder:
        """The subfolder of an unfinished film with other options."""
        return FilmFolder(self.path / _EARLIER)

    def _own(self) -> list[Path]:
        """Return all that belongs to this film."""
        return [path for path in self.path.iterdir() if path.name not in _NOT_OWN]

    def _exchange(self) -> None:
        """Put the earlier film, if there is one, in this one's place, and set this one aside.

        After a kill at any point, ``_settle`` undoes it or completes it.
        """
        leaving, own = self.path / _LEAVING, self._own()
        local.make_folder(leaving, "the segments of an unfinished film")
        for path in own:
            path.rename(leaving / path.name)
        leaving.rename(self.path / _ASIDE)
        self._settle()

    def _settle(self) -> None:
        """Complete an exchange of films if this one is all set aside; otherwise undo it."""
        leaving, aside, earlier = self.path / _LEAVING, self.path / _ASIDE, self._earlier.path
        if leaving.exists():
            for path in list(leaving.iterdir()):
                path.rename(self.path / path.name)
            leaving.rmdir()
        if aside.exists():
            for path in list(earlier.iterdir()) if earlier.exists() else []:
                path.rename(self.path / path.name)
            shutil.rmtree(earlier, ignore_errors=True)
            aside.rename(earlier)

    def _has_segments(self) -> bool:
        return any(path.stat().st_size for path in self.path.glob(f"*/{LINES}"))

    def _empty(self) -> None:
        for path in self._own():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    @contextlib.contextmanager
    def without_beginnings(self) -> Iterator[None]:
        """Empty the folder if the block fails before a segment is finished."""
        try:
            yield
        except ImpastoError:
            if not self._has_segments():
                self._empty()
            raise

    def remove(self) -> None:
        """Remove the folder: the film is finished or discarded."""
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.path.parent.rmdir()  # unless there is something else in it


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
