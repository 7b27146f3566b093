"""Run one painting for the command line: checks first, then progress, then the file."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from impasto.errors import InputError, OutputError
from impasto.optimize.options import Options
from impasto.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from impasto.api import Result

INTERRUPTED = 130
# What a result may take on disk, generously: 16 bits a channel, with alpha, uncompressed.
BYTES_PER_PIXEL = 8


@dataclass(frozen=True)
class Job:
    """One painting as asked for on the command line."""

    content: Path
    styles: list[str]
    output: Path
    options: Options
    save_every: int | None = None
    preview: Path | None = None
    log: Path | None = None
    parameters: Path | None = None
    quality: int = 95
    max_pixels: int | None = None
    show: str = "bar"

    def run(self) -> int:
        """Paint and save; the exit code: 0, or 130 when Ctrl-C cut it short."""
        self.check()
        from impasto import api
        from impasto.imaging import MAX_PIXELS

        with Interrupts() as interrupts, self._watcher() as watch:
            result = api.stylize(
                str(self.content),
                tuple(self.styles),
                options=self.options,
                max_pixels=self.max_pixels or MAX_PIXELS,
                on_progress=watch,
                cancel=lambda: interrupts.seen,
            )
            result.save(self.output, quality=self.quality)
        if self.parameters is not None:
            _write_text(self.parameters, json.dumps(result.parameters(), indent=2, ensure_ascii=False))
        self._say(result)
        return INTERRUPTED if result.cancelled else 0

    def check(self) -> None:
        """Everything that can be refused before work starts, is."""
        from impasto.imaging import check_writable

        for path in (self.output, self.preview):
            if path is not None:
                check_writable(path)
        for path in (self.log, self.parameters):
            if path is not None:
                check_writable(path, suffixes=(path.suffix,))
        inputs = [self.content, *map(Path, self.styles)]
        for path in (self.output, self.preview, self.log, self.parameters):
            if path is not None and any(p.exists() and path.exists() and p.samefile(path) for p in inputs):
                raise InputError(f"the output {path} is also an input; it would be overwritten")
        size = self.options.size
        width, height = size if isinstance(size, tuple) else (size, size)
        free = shutil.disk_usage(self.output.absolute().parent).free
        if free < width * height * BYTES_PER_PIXEL:
            raise OutputError(
                f"expected up to {width * height * BYTES_PER_PIXEL / 1e6:.0f} MB of free space for "
                f"{self.output}; there are {free / 1e6:.0f} MB"
            )

    def _say(self, result: Result) -> None:
        words = "interrupted; the picture so far" if result.cancelled else "painted"
        if self.show == "json":
            line = {"output": str(self.output), "seconds": round(result.seconds, 2)}
            print(json.dumps(line | {"cancelled": result.cancelled, "losses": dict(result.losses)}))
        elif self.show == "bar":
            size = f"{result.picture.width}x{result.picture.height}"
            print(f"{words}: {self.output} ({size}, {result.seconds:.1f} s)")

    @contextmanager
    def _watcher(self) -> Iterator[Watcher]:
        log = None
        if self.log is not None:
            try:
                log = self.log.open("w", newline="", encoding="utf-8")
            except OSError as error:
                raise OutputError(f"cannot write the log {self.log}: {error}") from error
        watcher = Watcher(self, log)
        try:
            yield watcher
        finally:
            watcher.close()


class Watcher:
    """Receives progress events: shows them, logs them, and saves the pictures asked for."""

    def __init__(self, job: Job, log: TextIO | None) -> None:
        self.job = job
        self.count = 0
        self.saved = ""
        self._previewed = 0.0
        self._log = log
        self._rows: Any = None
        self._bar: Bar | None = None

    def __call__(self, event: Progress) -> None:
        self.count += 1
        if self.job.save_every and self.count % self.job.save_every == 0:
            path = self.job.output
            self._save(event, path.with_name(f"{path.stem}_{self.count:04d}{path.suffix}"))
        if self.job.preview is not None and time.monotonic() - self._previewed > 1:
            self._save(event, self.job.preview)
            self._previewed = time.monotonic()
        if self._log is not None:
            self._write_row(event)
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
        from impasto.types import Picture

        assert event.preview is not None
        write(Picture(event.preview()), path, quality=self.job.quality)
        self.saved = str(path)

    def _write_row(self, event: Progress) -> None:
        assert self._log is not None
        if self._rows is None:
            columns = ["iteration", "level", "width", "height", "seconds", *event.losses]
            self._rows = csv.writer(self._log)
            self._rows.writerow(columns)
        place = [self.count, event.level, event.width, event.height, round(event.elapsed, 3)]
        self._rows.writerow([*place, *event.losses.values()])

    def _show(self, event: Progress) -> None:
        if self._bar is None:
            self._bar = _make_bar()
            self._bar.start()
            self._bar.add_task("", total=1.0, losses="", left="")
        parts = {"content": 0.0, "style": 0.0}
        for name, value in event.losses.items():
            kind = name.split()[0]
            if kind in parts:
                parts[kind] += value
        losses = "  ".join(f"{name} {value:.3g}" for name, value in parts.items())
        left = "" if event.left is None else f"{event.left:.0f} s left"
        self._bar.update(
            self._bar.task_ids[0],
            description=f"{event.width}x{event.height} ({event.level}/{event.levels})",
            completed=event.done,
            losses=losses + (f"  {self.saved}" if self.saved else ""),
            left=left,
        )


def _make_bar() -> Bar:
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


def _write_text(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error}") from error
