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

from impasto.cli.painting_log import PaintingLog
from impasto.errors import InputError, OutputError
from impasto.jobs import Job as Description
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.options import OptimizeOptions
from impasto.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from impasto.pipelines.photo import Result
    from impasto.types import Picture

INTERRUPTED = 130
# What a result may take on disk, generously: 16 bits a channel, with alpha, uncompressed.
BYTES_PER_PIXEL = 8


@dataclass(frozen=True)
class Job:
    """One painting as asked for on the command line."""

    content: Path
    styles: list[str]
    output: Path
    options: OptimizeOptions
    content_masks: tuple[str, ...] = ()
    style_masks: tuple[str, ...] = ()
    protect: str | None = None
    strokes: str | None = None
    save_every: int | None = None
    preview: Path | None = None
    log: Path | None = None
    parameters: Path | None = None
    quality: int = 95
    max_pixels: int | None = None
    checkpoint: Path | None = None
    checkpoint_every: float = INTERVAL
    show: str = "bar"

    @classmethod
    def of(cls, described: Description, **more: Any) -> Job:
        """The painting ``described``, with ``more`` of the fields that only the command line has."""
        return cls(
            content=Path(described.content),
            styles=list(described.styles),
            output=Path(described.output),
            options=described.options,
            content_masks=described.content_masks,
            style_masks=described.style_masks,
            protect=described.protect,
            strokes=described.strokes,
            quality=described.quality,
            **more,
        )

    def run(self) -> int:
        """Paint and save; the exit code: 0, or 130 when Ctrl-C cut it short."""
        self.check()
        from impasto.imaging import MAX_PIXELS
        from impasto.pipelines import batch as works

        resumed = self.checkpoint is not None and self.checkpoint.exists()
        with Interrupts() as interrupts, self._watcher() as watch:
            result = works.perform(
                self.described(),
                checkpoint=self.checkpoint,
                checkpoint_every=self.checkpoint_every,
                max_pixels=self.max_pixels or MAX_PIXELS,
                on_progress=watch,
                cancel=lambda: interrupts.seen,
            )
            if result.cancelled:
                result.save(self.output, quality=self.quality)
        if self.parameters is not None:
            write_text(self.parameters, json.dumps(result.parameters(), indent=2, ensure_ascii=False))
        self._say(result, resumed)
        return INTERRUPTED if result.cancelled else 0

    def described(self) -> Description:
        """What is to be painted, as every part of the program understands it."""
        return Description(
            content=str(self.content),
            styles=tuple(self.styles),
            output=str(self.output),
            options=self.options,
            content_masks=self.content_masks,
            style_masks=self.style_masks,
            protect=self.protect,
            strokes=self.strokes,
            quality=self.quality,
        )

    def check(self) -> None:
        """Everything that can be refused before work starts, is."""
        from impasto.imaging import check_writable
        from impasto.jobs.inputs import names

        for path in (self.output, self.preview):
            if path is not None:
                check_writable(path)
        for path in (self.log, self.parameters):
            if path is not None:
                check_writable(path, suffixes=(path.suffix,))
        if self.checkpoint is not None:
            check_writable(self.checkpoint, suffixes=(self.checkpoint.suffix.lower(),))
        self._check_apart([Path(name) for name in names(self.described())])
        size = self.options.size
        width, height = size if isinstance(size, tuple) else (size, size)
        free = shutil.disk_usage(self.output.absolute().parent).free
        if free < width * height * BYTES_PER_PIXEL:
            raise OutputError(
                f"expected up to {width * height * BYTES_PER_PIXEL / 1e6:.0f} MB of free space for "
                f"{self.output}; there are {free / 1e6:.0f} MB"
            )

    def _check_apart(self, inputs: list[Path]) -> None:
        """Refuse outputs that would replace an input, or each other."""
        given = {
            "the checkpoint": self.checkpoint,
            "the preview": self.preview,
            "the log": self.log,
            "the parameters": self.parameters,
            "the result": self.output,
        }
        outputs = {name: path for name, path in given.items() if path is not None}
        for path in outputs.values():
            if any(_same(path, other) for other in inputs):
                raise InputError(f"the output {path} is also an input; it would be overwritten")
        for (name, path), (other, another) in combinations(outputs.items(), 2):
            if _same(path, another):
                raise InputError(f"expected two files for {name} and {other}; both are {path}")
        if self.save_every:
            check_numbered(self.output, self.save_every, [*inputs, *outputs.values()], "--save-every")

    def _say(self, result: Result, resumed: bool) -> None:
        words = f"went on from {self.checkpoint} and painted" if resumed else "painted"
        words = "interrupted; the picture so far" if result.cancelled else words
        if self.show == "json":
            line = {"output": str(self.output), "seconds": round(result.seconds, 2)}
            print(json.dumps(line | {"cancelled": result.cancelled, "losses": dict(result.losses)}))
        elif self.show == "bar":
            size = f"{result.picture.width}x{result.picture.height}"
            print(f"{words}: {self.output} ({size}, {result.seconds:.1f} s)")
            if result.cancelled and self.checkpoint is not None:
                print(f"go on with: impasto resume {self.checkpoint}")

    def _done(self) -> int:
        """How many iterations the checkpoint, if there is one, has behind it."""
        from impasto.optimize.checkpoints import read_checkpoint

        if self.checkpoint is None or not self.checkpoint.exists():
            return 0
        done = read_checkpoint(self.checkpoint)[1].get("iterations", 0)
        return done if isinstance(done, int) else 0

    @contextmanager
    def _watcher(self) -> Iterator[Watcher]:
        done = self._done()
        log = None if self.log is None else PaintingLog(self.log, done=done)
        watcher = Watcher(self, log, done)
        try:
            yield watcher
        finally:
            watcher.close()


class Watcher:
    """Receives progress events: shows them, logs them, and saves the pictures asked for.

    ``done``: iterations of this painting that were done before, from which it goes on to count.
    """

    def __init__(self, job: Job, log: PaintingLog | None, done: int = 0) -> None:
        self.job = job
        self.count = done
        self.saved = ""
        self._previewed = 0.0
        self._log = log
        self._bar: Bar | None = None
        self._photo: Picture | None = None

    def __call__(self, event: Progress) -> None:
        self.count += 1
        numbered = ""
        if self.job.save_every and self.count % self.job.save_every == 0:
            path = self.job.output
            self._save(event, path.with_name(f"{path.stem}_{self.count:04d}{path.suffix}"))
            numbered = self.saved
        if self.job.preview is not None and time.monotonic() - self._previewed > 1:
            self._save(event, self.job.preview)
            self._previewed = time.monotonic()
        if self._log is not None:
            self._log.write(event, self.count, numbered)
        if self.job.show == "json":
            print(json.dumps(event.to_dict() | ({"saved": self.saved} if self.saved else {})), flush=True)
        elif self.job.show == "bar":
            self._show(event)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._log is not None:
            self._log.close()

    def _save(self, event: Progress, path: Path) -> None:
        from impasto.imaging import write

        write(self._so_far(event), path, quality=self.job.quality)
        self.saved = str(path)

    def _so_far(self, event: Progress) -> Picture:
        """The picture at this step, with the transparency and the precision of the photograph."""
        from impasto.imaging import MAX_PIXELS, read, resize
        from impasto.types import Picture

        if self._photo is None:
            photo = read(self.job.content, max_pixels=self.job.max_pixels or MAX_PIXELS)
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


def write_text(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error}") from error
