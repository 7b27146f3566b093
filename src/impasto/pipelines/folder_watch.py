"""A watched folder: each photograph that arrives in it is painted."""

from __future__ import annotations

import os
import shutil
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto import imaging
from impasto.catalogue.blends import Blend
from impasto.errors import InputError, OptionError, OutputError
from impasto.files import make_folder, real_path
from impasto.files.locks import locked
from impasto.imaging.read_options import READING, ReadOptions
from impasto.jobs import Job, PaintOptions, Reference
from impasto.jobs.batch import HIDDEN, plan_batch, run
from impasto.jobs.manifest import Record, manifest, records
from impasto.jobs.output_names import PAIRED
from impasto.jobs.pairs import known_styles, pairs
from impasto.optimize.checkpoints import INTERVAL
from impasto.painters import Painter, make_painter
from impasto.parameters import checked
from impasto.pipelines.batch import Performer
from impasto.progress import Cancel, ProgressCallback

EVERY, SETTLED = 1.0, 2.0
"""Seconds between two checks of the folder, and for which a file must be unchanged before it is painted."""
_NAP = 0.1

_State = tuple[int, int]
"""The size of a file, and when it was changed."""


@dataclass
class _Arrivals:
    """The files of a folder, and the time since which each is unchanged.

    An empty file is ignored, as it is probably about to be written; with ``once``, it counts once it has
    settled.
    """

    folder: Path
    settled: float
    once: bool = False
    done: dict[Path, _State] = field(default_factory=dict)
    _seen: dict[Path, tuple[_State, float]] = field(default_factory=dict)

    def look(self, now: float) -> tuple[list[Path], bool]:
        """Return the photographs that have settled and are not done, and whether others still arrive."""
        with warnings.catch_warnings(action="ignore"):  # what is skipped is reported once, at the beginning
            found = imaging.pictures_in(self.folder)
        ready, arriving = [], False
        for path in found:
            state = _state_of(path)
            if state is None or self.done.get(path) == state:  # None: it has just been removed
                continue
            before = self._seen.get(path)
            if before is None or before[0] != state:
                self._seen[path] = before = state, now
            if (state[0] or self.once) and now - before[1] >= self.settled:
                ready.append(path)
            else:
                arriving = True
        return ready, arriving

    def finish(self, path: Path) -> None:
        """Ignore ``path`` from now on, unless it changes."""
        self.done[path] = self._seen[path][0]

    def is_finished(self, path: Path) -> bool:
        """Return whether ``path`` is there, and has not changed since it was painted."""
        return _state_of(path) == self.done.get(path)


def _state_of(path: Path) -> _State | None:
    """Return the state of a file; None if there is none."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_size, about.st_mtime_ns


@checked
def watch(
    folder: str | os.PathLike[str],
    styles: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    options: PaintOptions,
    suffix: str = ".png",
    output_template: str = PAIRED,
    move: str | os.PathLike[str] | None = None,
    once: bool = False,
    every: float = EVERY,
    settled: float = SETTLED,
    checkpoint_every: float = INTERVAL,
    reading: ReadOptions = READING,
    on_progress: ProgressCallback | None = None,
    on_begin: Callable[[], None] | None = None,
    on_record: Callable[[Record], None] | None = None,
    cancel: Cancel | None = None,
    **more: Any,
) -> int:
    """Paint each photograph that arrives in ``folder`` in each of ``styles``, into the folder ``output``.

    Runs until ``cancel`` returns True. Returns the number of paintings made.

    The folder is checked every ``every`` seconds, which also works on network disks. A photograph is painted
    once its size and time have not changed for ``settled`` seconds; one that changes later, or while it is
    being painted, is painted again.
    Finished paintings are recorded in the ``manifest.jsonl`` of ``output``, as with ``impasto.batch``: after
    a restart nothing is painted twice, and unfinished paintings resume. ``move``: a folder to which
    photographs are moved once all their paintings are written; None leaves them. ``once``: return when
    nothing is left to paint. ``options``, ``suffix``, ``output_template``, ``checkpoint_every``, ``reading``
    and ``more`` (fields of jobs): as in ``impasto.batch``. ``on_begin`` is called once the arguments are
    checked, ``on_record`` with the record of each painting, including failed ones, ``on_progress`` with a
    ``Progress`` at each step.

    Raises InputError and its subclasses for unusable arguments, or if the folder is watched already, and
    OutputError.
    """
    inside, place = Path(folder), Path(output)
    names = [styles] if isinstance(styles, (str, os.PathLike)) else list(styles)
    wanted = known_styles([os.fsdecode(one) for one in names])
    _check(inside, place, None if move is None else Path(move), every, settled)
    painter = make_painter(Job(Reference(), (), options=options, reading=reading))
    for style in (name for blend in wanted for name in blend.styles):
        painter.check_style(style)
    if options.device == "auto":
        options = options.replace(device=painter.device)
    named = {"suffix": suffix, "template": output_template}
    pairs(
        ["photo"], wanted, place, options, is_new=not place.exists(), **named, **more
    )  # raises errors for unusable arguments
    make_folder(place, "the paintings")
    if move is not None:
        make_folder(Path(move), "photographs that are done")
    hidden = place / HIDDEN
    make_folder(hidden, "the paintings")
    stop, arrivals, made = cancel or (lambda: False), _Arrivals(inside, settled, once), 0
    imaging.pictures_in(inside)  # reports what is skipped
    desk = _Destination(
        place, wanted, options, suffix, output_template, move is not None, painter, checkpoint_every
    )
    with locked(hidden / "watch.lock", f"another process paints what arrives into {place}"):
        if on_begin is not None:
            on_begin()
        while not stop():
            ready, arriving = arrivals.look(time.monotonic())
            for photo in ready:
                if stop():
                    break
                found = desk.paint(photo, on_progress, stop, reading=reading, **more)
                if found is None:
                    break  # cancelled
                arrivals.finish(photo)
                made += sum(record.done for record in found)
                for record in found:
                    if on_record is not None:
                        on_record(record)
                is_done = all(record.done for record in found)
                if move is not None and is_done and arrivals.is_finished(photo):
                    _moved(photo, Path(move))
            if once and not ready and not arriving:
                break
            _wait(every, stop)
    return made


@dataclass
class _Destination:
    """A painter, and the folder that its paintings go to."""

    folder: Path
    styles: Sequence[Blend]
    options: PaintOptions
    suffix: str
    template: str
    moves: bool
    painter: Painter
    checkpoint_every: float

    def paint(
        self, photo: Path, on_progress: ProgressCallback | None, cancel: Cancel, **more: Any
    ) -> tuple[Record, ...] | None:
        """Paint ``photo`` in all styles, and return the records of new paintings; None if cancelled."""
        jobs = self._jobs(photo, more)
        done = {
            job.output for job, why in plan_batch(jobs, self.folder, network=self._network) if why is None
        }
        perform = Performer(self.checkpoint_every, self.painter)
        found = run(jobs, self.folder, perform, network=self._network, on_progress=on_progress, cancel=cancel)
        if found.cancelled:
            return None
        return tuple(r for r in found.records if str(self.folder / r.output) not in done)

    @property
    def _network(self) -> str:
        return self.painter.network

    def _jobs(self, photo: Path, more: dict[str, Any]) -> list[Job]:
        """Return the jobs of a photograph, with names unused by paintings of other photographs."""
        number = 1
        while True:
            apart = self.template if number == 1 else f"{self.template}-{number}"
            jobs = pairs(
                [str(photo)],
                self.styles,
                self.folder,
                self.options,
                suffix=self.suffix,
                template=apart,
                **more,
            )
            if not any(self._is_of_another(job) for job in jobs):
                return jobs
            number += 1

    def _is_of_another(self, job: Job) -> bool:
        """Return True if the output is a painting of another photograph, or of one that was moved away."""
        if not Path(job.output).exists():
            return False
        record = records(manifest(str(self.folder))).get(Path(job.output).name)
        if record is None or record.job.content.place != job.content.place:
            return True
        ((_, why),) = plan_batch([job], self.folder, network=self._network)
        return self.moves and why is not None


def _check(inside: Path, place: Path, move: Path | None, every: float, settled: float) -> None:
    """Raise InputError and its subclasses for unusable arguments."""
    if not inside.is_dir():
        raise InputError(f"expected a folder to watch; got {inside}")
    if not (every > 0 and settled >= 0):
        raise OptionError(f"expected more than 0 seconds between checks; got {every:g} and {settled:g}")
    for folder, what in ((place, "paintings"), (move, "photographs that are done")):
        if folder is not None and folder.exists() and not folder.is_dir():
            raise OutputError(f"expected a folder for the {what}; {folder} is a file")
        if folder is not None and real_path(folder) == real_path(inside):
            raise InputError(f"expected a folder for the {what} other than the watched one, {inside}")


def _moved(photo: Path, folder: Path) -> None:
    """Move ``photo`` to ``folder``, under an unused name; a symbolic link still leads to its file. Raises
    OutputError."""
    make_folder(folder, "photographs that are done")
    target, number = folder / photo.name, 1
    while os.path.lexists(target):
        number += 1
        target = folder / f"{photo.stem}-{number}{photo.suffix}"
    try:
        if photo.is_symlink():
            target.symlink_to(real_path(photo))
            photo.unlink()
        else:
            shutil.move(photo, target)
    except OSError as error:
        raise OutputError(f"cannot move {photo} to {folder}: {error.strerror}") from error


def _wait(seconds: float, stop: Cancel) -> None:
    """Sleep, but no longer than until ``stop`` returns True."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not stop():
        time.sleep(min(_NAP, max(0.0, end - time.monotonic())))
