"""The display of progress: a bar on a terminal, plain lines elsewhere, JSON lines, or nothing."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from impasto.cli.json_lines import print_event, print_result
from impasto.cli.standard_streams import one_line, print_lines
from impasto.progress import Progress

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

PLAIN_EVERY, PLAIN_SHARE = 10.0, 0.05
"""Seconds between two plain lines; for long work, this share of the elapsed time."""
DRAW_EVERY = 0.1
"""Seconds between two updates of the bar."""
WIDE = 100
"""The number of terminal columns from which losses are shown."""
RATED = ("frame", "picture")
"""Units whose rate per minute is shown."""


def describe(event: Progress) -> str:
    """Return the state of ``event``: ``iteration 12 of 30, level 3 of 5, 512x384``."""
    found = [event.stage] if event.stage else []
    if event.unit == "byte":
        of = "" if event.steps is None else f" of {event.steps / 1e6:.1f}"
        found.append(f"{event.step / 1e6:.1f}{of} MB")
    elif event.step or event.steps:
        found.append(f"{event.unit} {event.step}" + ("" if event.steps is None else f" of {event.steps}"))
    if event.failed:
        found.append(f"{event.failed} failed")
    if event.recoveries:
        found.append(f"{event.recoveries} recoveries")
    if event.unit in RATED and event.left and event.steps is not None:
        found.append(f"{60 * (event.steps - event.step) / event.left:.3g} a minute")
    if event.levels > 1:
        found.append(f"level {event.level} of {event.levels}")
    if event.width:
        found.append(f"{event.width}x{event.height}")
    return ", ".join(found)


def describe_losses(event: Progress) -> str:
    """Return the losses of ``event`` by kind: ``content 0.61  style 1.9``."""
    kinds = event.losses_by_kind().items()
    return "  ".join(f"{kind} {value:.3g}" for kind, value in kinds if kind != "total")


def describe_left(event: Progress) -> str:
    """Return the time left: ``42 s left``, ``12 min left``, ``2 h 05 min left``; "" where it is not known."""
    if event.left is None:
        return ""
    minutes = round(event.left / 60)
    if event.left < 100:
        return f"{event.left:.0f} s left"
    return f"{minutes} min left" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min left"


def line(event: Progress) -> str:
    """Return ``event`` as one line of text."""
    share = f"{event.done:.0%}" if _is_measured(event) else ""
    return ", ".join(filter(None, (share, describe(event), describe_losses(event), describe_left(event))))


def rows(event: Progress, width: int = WIDE) -> Table:
    """Return ``event`` and its parts as a table with a row each, for a terminal of ``width`` columns."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_column(ratio=1, min_width=10)
    for column in ("share", "left", "losses"):
        table.add_column(no_wrap=True, justify="right" if column == "share" else "left")
    for one in (event, *event.parts):
        known = _is_measured(one)
        table.add_row(
            Text(one_line(describe(one))),
            ProgressBar(total=1.0, completed=one.done, pulse=not known),
            f"{one.done:.0%}" if known else "",
            describe_left(one),
            f"[dim]{describe_losses(one)}" if width >= WIDE else "",
        )
    return table


def _is_measured(event: Progress) -> bool:
    return event.done > 0 or event.steps is not None


class Display:
    """The display of a command's progress and result.

    ``show``: "bar" shows a bar on a terminal, or occasional lines elsewhere, on standard error; "json" prints
    every event as a line of JSON on standard output; "nothing" is silent.
    """

    def __init__(
        self, show: str, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.show = show
        self._stream = stream or sys.stderr
        self._clock = clock
        self._began: float | None = None
        self._told = 0.0
        self._event = Progress()
        self._live: Live | None = None
        self._ended = threading.Event()
        self._drawing: threading.Thread | None = None

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, event: Progress) -> None:
        """Show ``event``."""
        self._event = event
        if self.show == "json":
            print_event("progress", **event.to_dict())
        elif self.show == "bar" and self._is_terminal():
            self._draw()
        elif self.show == "bar":
            now = self._clock()
            if self._began is None:
                self._began = self._told = now
            elif now - self._told >= max(PLAIN_EVERY, PLAIN_SHARE * (now - self._began)):
                self._told = now
                self._print(f"impasto: {line(event)}")

    def say(self, words: str, event: str = "note", **record: Any) -> None:
        """Print a permanent line, such as the reason for a retry; as JSON, ``record``."""
        if self.show == "json":
            print_event(event, **(record or {"note": words}))
        elif self.show == "bar" and words:
            self._print(f"impasto: {words}")

    def finish(self, *lines: str, **record: Any) -> None:
        """End the display and print the result on standard output: ``lines``, or ``record`` as JSON."""
        self.close()
        if self.show == "json":
            print_result(**record)
        elif self.show == "bar":
            print_lines(*lines)

    def close(self) -> None:
        """Remove the bar."""
        if self._drawing is not None:
            self._ended.set()
            self._drawing.join()
            self._drawing = None
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _is_terminal(self) -> bool:
        return self._stream.isatty() and os.environ.get("TERM", "") != "dumb"

    def _draw(self) -> None:
        if self._live is not None:
            return  # it reads the newest event by itself
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._stream)
        self._live = Live(
            get_renderable=lambda: rows(self._event, console.width),
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),  # the output of a pipe is buffered
        )
        self._live.start(refresh=True)
        # Rich's own thread is not waited for. It may be the last that holds a painting's tensors, and freeing
        # one while Python ends aborts the process.
        self._ended.clear()
        self._drawing = threading.Thread(target=self._redraw, args=(self._live,), name="bar", daemon=True)
        self._drawing.start()

    def _redraw(self, live: Live) -> None:
        while not self._ended.wait(DRAW_EVERY):
            live.refresh()

    def _print(self, words: str) -> None:
        words = one_line(words)
        if self._live is not None:
            self._live.console.print(words, markup=False, highlight=False, soft_wrap=True)
        else:
            print(words, file=self._stream, flush=True)
