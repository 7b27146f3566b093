"""Painting of one photograph on the command line: checks, progress and output files."""

from __future__ import annotations

import functools
import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto import files
from impasto.cli.display import Display
from impasto.cli.exit_codes import INTERRUPTED
from impasto.cli.previews import NumberedPictures, check_numbered, preview_file
from impasto.errors import InputError, OutputError
from impasto.jobs import Job
from impasto.jobs.identity import local_inputs
from impasto.optimize.checkpoints import INTERVAL
from impasto.progress import Progress

if TYPE_CHECKING:
    from impasto.pipelines.result import Result
    from impasto.types import Picture, Pixels

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that stop a command cleanly: Ctrl-C, the system's, and that of a closed terminal."""
# The most bytes of a result on disk: 16 bits per channel, with alpha, uncompressed.
BYTES_PER_PIXEL = 8


@dataclass(frozen=True)
class Outputs:
    """The files that a painting writes besides its result, and how its progress is shown.

    ``preview``: the picture so far, once a second. ``save_every``: numbered pictures, every so many
    iterations. ``log``: a line per iteration. ``parameters``: how the picture was made, as JSON.
    ``checkpoint``: its state, every ``checkpoint_every`` seconds. ``show``: "json", "nothing" or "bar".
    """

    save_every: int | None = None
    preview: Path | None = None
    log: Path | None = None
    parameters: Path | None = None
    checkpoint: Path | None = None
    checkpoint_every: float = INTERVAL
    show: str = "bar"

    def by_name(self) -> dict[str, Path]:
        """Return the files to write, by their names in messages."""
        given = {
            "the checkpoint": self.checkpoint,
            "the preview": self.preview,
            "the log": self.log,
            "the parameters": self.parameters,
        }
        return {name: path for name, path in given.items() if path is not None}


def paint(job: Job, outputs: Outputs) -> int:
    """Paint ``job`` and save it; return the exit code: 0, or 130 if Ctrl-C interrupted it."""
    check(job, outputs)
    from impasto.inspection.logs import LogFile
    from impasto.pipelines.photo import paint_job

    checkpoint = outputs.checkpoint
    resumed = checkpoint is not None and checkpoint.exists()
    finish, done = finisher(job), finished_iterations(checkpoint)
    log = None if outputs.log is None else LogFile(outputs.log, done)
    preview = preview_file(outputs.preview, finish)
    numbered = NumberedPictures(Path(job.output), outputs.save_every, job.quality, finish, done)

    def on_progress(event: Progress) -> None:
        preview(event)
        saved = numbered(event)
        if log is not None:
            log(event, saved)
        display(event)
        if saved:
            display.say(f"saved {saved}", saved=saved)

    with Interrupts() as interrupts, Display(outputs.show) as display:
        result = paint_job(
            job,
            checkpoint=checkpoint,
            checkpoint_every=outputs.checkpoint_every,
            on_progress=on_progress,
            cancel=lambda: interrupts.seen,
        )
        if result.cancelled:
            result.save(job.output, quality=job.quality)
    if outputs.parameters is not None:
        text = json.dumps(result.parameters(), indent=2, ensure_ascii=False)
        files.replace(outputs.parameters, f"{text}\n".encode())
    _finish(display, result, checkpoint, resumed)
    return INTERRUPTED if result.cancelled else 0


def check(job: Job, outputs: Outputs) -> None:
    """Check everything that can be checked before work starts, and raise an error for what is wrong."""
    from impasto.catalogue.lookup import find_style
    from impasto.imaging import check_writable

    for style in job.styles:
        find_style(style.place)
    output = Path(job.output)
    for path in (output, outputs.preview):
        if path is not None:
            check_writable(path)
    for path in (outputs.log, outputs.parameters, outputs.checkpoint):
        if path is not None:
            check_writable(path, suffixes=(path.suffix.lower(),))
    _check_apart(job, outputs)
    size = job.options.size or 0
    width, height = size if isinstance(size, tuple) else (size, size)
    free = shutil.disk_usage(output.absolute().parent).free
    if free < width * height * BYTES_PER_PIXEL:
        raise OutputError(
            f"expected {_megabytes(width * height * BYTES_PER_PIXEL)} of free space for {output}; "
            f"got {_megabytes(free)}"
        )


def _megabytes(count: float) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e7 else f"{count / 1e6:.2g} MB"


def _check_apart(job: Job, outputs: Outputs) -> None:
    """Raise InputError for outputs that would overwrite an input or each other."""
    inputs = [Path(place) for place in local_inputs(job)]
    written = outputs.by_name() | {"the result": Path(job.output)}
    with files.protecting(inputs):  # also those of --from and of a checkpoint
        for path in written.values():
            files.check_unprotected(path)
    for (name, path), (other, another) in combinations(written.items(), 2):
        if _same(path, another):
            raise InputError(f"expected two files for {name} and {other}; both are {path}")
    if outputs.save_every:
        others = [*inputs, *written.values()]
        check_numbered(Path(job.output), outputs.save_every, others, "--save-every")


def _finish(display: Display, result: Result, checkpoint: Path | None, resumed: bool) -> None:
    words = f"resumed from {checkpoint} and painted" if resumed else "painted"
    words = "interrupted; the picture so far" if result.cancelled else words
    size, seconds = f"{result.picture.width}x{result.picture.height}", result.seconds
    more = "".join(f"; {note}" for note in result.notes)
    lines = [f"{words}: {result.job.output} ({size}, {seconds:.1f} s{more})"]
    if result.cancelled and checkpoint is not None:
        lines.append(f"to resume, run: impasto resume {checkpoint}")
    about = {"output": result.job.output, "seconds": round(seconds, 2), "cancelled": result.cancelled}
    display.finish(*lines, **about, losses=dict(result.losses), notes=list(result.notes))


def finished_iterations(checkpoint: Path | None) -> int:
    """Return the number of finished iterations in the checkpoint, if there is one."""
    from impasto.optimize.checkpoints import read_checkpoint

    if checkpoint is None or not checkpoint.exists():
        return 0
    done = read_checkpoint(checkpoint)[1].get("iterations", 0)
    return done if isinstance(done, int) else 0


def finisher(job: Job) -> Callable[[Pixels], Picture]:
    """Return a function that gives the pixels of a preview the photograph's transparency and bit depth."""

    from impasto import imaging

    @functools.cache
    def photo() -> Picture:
        found = imaging.read(job.content.place, job.reading, size=job.options.size)
        return replace(found, pixels=found.pixels[:1, :1].copy())  # its pixels are not needed

    def finish(pixels: Pixels) -> Picture:
        return replace(imaging.painted_like(photo(), pixels), metadata=photo().metadata)

    return finish


class Interrupts:
    """A handler of ``ENDING`` signals: the first one sets ``seen``, for an orderly stop; the second one stops
    at once."""

    def __init__(self) -> None:
        self.seen = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        known = [one for one in ENDING if signal.getsignal(one) is not signal.SIG_IGN]  # as under nohup
        self._before = {one: signal.signal(one, self._take) for one in known}
        return self

    def __exit__(self, *_: object) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _take(self, *_: object) -> None:
        if self.seen:
            raise KeyboardInterrupt
        self.seen = True


def _same(one: Path, other: Path) -> bool:
    if files.real_path(one) == files.real_path(other):
        return True
    return one.exists() and other.exists() and one.samefile(other)
