"""Run one painting for the command line: checks first, then progress, then the file."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto import files
from impasto.cli.painting_log import PaintingLog
from impasto.errors import InputError, OutputError
from impasto.jobs import Job
from impasto.optimize.checkpoints import INTERVAL
from impasto.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from impasto.pipelines.photo import Result
    from impasto.types import Picture

INTERRUPTED = 130
# What a result may take on disk, generously: 16 bits a channel, with alpha, uncompressed.
BYTES_PER_PIXEL = 8


@dataclass(frozen=True)
class Outputs:
    """What a painting on the command line writes besides its result, and how it shows its progress.

    ``preview``: the picture so far, once a second. ``save_every``: numbered pictures, every so many
    iterations. ``log``: a line an iteration. ``parameters``: how the picture was made, as JSON.
    ``checkpoint``: its state, every ``checkpoint_every`` seconds. ``show``: "json", "nothing" or "bar".
    ``max_pixels``: larger inputs are refused; None for the usual bound.
    """

    save_every: int | None = None
    preview: Path | None = None
    log: Path | None = None
    parameters: Path | None = None
    checkpoint: Path | None = None
    checkpoint_every: float = INTERVAL
    show: str = "bar"
    max_pixels: int | None = None

    def by_name(self) -> dict[str, Path]:
        """Return the files that are asked for, by what messages call them."""
        given = {
            "the checkpoint": self.checkpoint,
            "the preview": self.preview,
            "the log": self.log,
            "the parameters": self.parameters,
        }
        return {name: path for name, path in given.items() if path is not None}

    def most(self) -> int:
        """Return how many pixels an input may have."""
        from impasto.imaging import MAX_PIXELS

        return self.max_pixels or MAX_PIXELS


def paint(job: Job, outputs: Outputs) -> int:
    """Paint ``job`` and save it; return the exit code: 0, or 130 when Ctrl-C cut it short."""
    check(job, outputs)
    from impasto.pipelines.photo import paint_job

    checkpoint = outputs.checkpoint
    resumed = checkpoint is not None and checkpoint.exists()
    with Interrupts() as interrupts, watching(job, outputs) as watch:
        result = paint_job(
            job,
            checkpoint=checkpoint,
            checkpoint_every=outputs.checkpoint_every,
            max_pixels=outputs.most(),
            on_progress=watch,
            cancel=lambda: interrupts.seen,
        )
        if result.cancelled:
            result.save(job.output, quality=job.quality)
    if outputs.parameters is not None:
        text = json.dumps(result.parameters(), indent=2, ensure_ascii=False)
        files.replace(outputs.parameters, f"{text}\n".encode())
    _say(result, outputs, resumed)
    return INTERRUPTED if result.cancelled else 0


def check(job: Job, outputs: Outputs) -> None:
    """Refuse everything that can be refused before work starts."""
    from impasto.catalogue.cards import find_style
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
            f"expected up to {width * height * BYTES_PER_PIXEL / 1e6:.0f} MB of free space for "
            f"{output}; there are {free / 1e6:.0f} MB"
        )


def _check_apart(job: Job, outputs: Outputs) -> None:
    """Refuse outputs that would replace an input, or each other."""
    inputs = [Path(one.place) for one in job.inputs() if one.place]
    written = outputs.by_name() | {"the result": Path(job.output)}
    for path in written.values():
        if any(_same(path, other) for other in inputs):
            raise InputError(f"the output {path} is also an input; it would be overwritten")
    for (name, path), (other, another) in combinations(written.items(), 2):
        if _same(path, another):
            raise InputError(f"expected two files for {name} and {other}; both are {path}")
    if outputs.save_every:
        others = [*inputs, *written.values()]
        check_numbered(Path(job.output), outputs.save_every, others, "--save-every")


def _say(result: Result, outputs: Outputs, resumed: bool) -> None:
    output, checkpoint = result.job.output, outputs.checkpoint
    words = f"went on from {checkpoint} and painted" if resumed else "painted"
    words = "interrupted; the picture so far" if result.cancelled else words
    if outputs.show == "json":
        line = {"output": output, "seconds": round(result.seconds, 2)}
        print(json.dumps(line | {"cancelled": result.cancelled, "losses": dict(result.losses)}))
    elif outputs.show == "bar":
        size = f"{result.picture.width}x{result.picture.height}"
        print(f"{words}: {output} ({size}, {result.seconds:.1f} s)")
        if result.cancelled and checkpoint is not None:
            print(f"go on with: impasto resume {checkpoint}")


def _done(checkpoint: Path | None) -> int:
    """How many iterations the checkpoint, if there is one, has behind it."""
    from impasto.optimize.checkpoints import read_checkpoint

    if checkpoint is None or not checkpoint.exists():
        return 0
    done = read_checkpoint(checkpoint)[1].get("iterations", 0)
    return done if isinstance(done, int) else 0


@contextmanager
def watching(job: Job, outputs: Outputs) -> Iterator[Watcher]:
    """A watcher of ``job``, closed in the end."""
    done = _done(outputs.checkpoint)
    log = None if outputs.log is None else PaintingLog(outputs.log, done=done)
    watcher = Watcher(job, outputs, log, done)
    try:
        yield watcher
    finally:
        watcher.close()


class Watcher:
    """Receives progress events: shows them, logs them, and saves the pictures asked for.

    ``done``: iterations of this painting that were done before, from which it goes on to count.
    """

    def __init__(self, job: Job, outputs: Outputs, log: PaintingLog | None, done: int = 0) -> None:
        self.job = job
        self.outputs = outputs
        self.count = done
        self.saved = ""
        self._previewed = 0.0
        self._log = log
        self._bar: Bar | None = None
        self._photo: Picture | None = None

    def __call__(self, event: Progress) -> None:
        self.count += 1
        numbered = ""
        if self.outputs.save_every and self.count % self.outputs.save_every == 0:
            path = Path(self.job.output)
            self._save(event, path.with_name(f"{path.stem}_{self.count:04d}{path.suffix}"))
            numbered = self.saved
        if self.outputs.preview is not None and time.monotonic() - self._previewed > 1:
            self._save(event, self.outputs.preview)
            self._previewed = time.monotonic()
        if self._log is not None:
            self._log.write(event, self.count, numbered)
        if self.outputs.show == "json":
            print(json.dumps(event.to_dict() | ({"saved": self.saved} if self.saved else {})), flush=True)
        elif self.outputs.show == "bar":
            self._show(event)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _save(self, event: Progress, path: Path) -> None:
        from impasto.imaging import write

        write(self._so_far(event), path, quality=self.job.quality)
        self.saved = str(path)

    def _so_far(self, event: Progress) -> Picture:
        """The picture at this step, with the transparency and the precision of the photograph."""
        from impasto.imaging import read, resize
        from impasto.types import Picture

        if self._photo is None:
            photo = read(self.job.content.place, max_pixels=self.outputs.most())
            # Of its pixels nothing is needed.
            self._photo = Picture(photo.pixels[:1, :1].copy(), photo.alpha, photo.bits)
        assert event.preview is not None
        pixels = event.preview()
        height, width = pixels.shape[:2]
        alpha = self._photo.alpha
        return Picture(pixels, None if alpha is None else resize(alpha, width, height), self._photo.bits)

    def _show(self, event: Progress) -> None:
        if self._bar is None:
            self._bar = make_bar()
            self._bar.start()
            self._bar.add_task("", total=1.0, losses="", left="")
        shown = columns(event)
        if self.saved:
            shown["losses"] += f"  {self.saved}"
        self._bar.update(self._bar.task_ids[0], **shown)


def columns(event: Progress) -> dict[str, Any]:
    """What a line of ``make_bar`` says of a painting."""
    parts = {"content": 0.0, "style": 0.0}
    for name, value in event.losses.items():
        kind = name.split()[0]
        if kind in parts:
            parts[kind] += value
    return {
        "description": f"{event.stage} {event.width}x{event.height} ({event.level}/{event.levels})".lstrip(),
        "completed": event.done,
        "losses": "  ".join(f"{name} {value:.3g}" for name, value in parts.items()),
        "left": "" if event.left is None else f"{event.left:.0f} s left",
    }


def make_bar() -> Bar:
    """A display of progress on standard error, gone in the end; each line has ``columns``."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as RichProgress

    return RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("[dim]{task.fields[losses]}"),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # what is piped on stays where it belongs
    )


class Interrupts:
    """The first Ctrl-C asks for the picture so far; a second one stops at once."""

    def __init__(self) -> None:
        self.seen = False
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        self._before = signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _take(self, *_: object) -> None:
        if self.seen:
            raise KeyboardInterrupt
        self.seen = True


def check_numbered(output: Path, every: int, others: Iterable[Path], option: str) -> None:
    """Refuse to number pictures after ``output`` where one of ``others`` has such a name."""
    pattern = re.compile(rf"{re.escape(output.stem)}_(\d+){re.escape(output.suffix)}")
    folder = output.absolute().parent.resolve()
    for path in others:
        for place in (path.absolute(), path.resolve()):
            found = pattern.fullmatch(place.name)
            if found and place.parent.resolve() == folder and int(found[1]) % every == 0:
                raise InputError(
                    f"{option} numbers pictures after {output}, and {path} has such a name; it could be "
                    "overwritten: expected another output"
                )


def _same(one: Path, other: Path) -> bool:
    if one.resolve() == other.resolve():
        return True
    return one.exists() and other.exists() and one.samefile(other)
