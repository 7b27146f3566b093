"""How ``impasto batch`` shows its work: lines that move, or JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from impasto.cli.painting import columns, make_bar
from impasto.files.places import name_of

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from impasto.jobs.batch import Batch, BatchProgress
    from impasto.jobs.totals import Totals

LINES = 8
"""Workers that have a line of their own."""


class BatchDisplay:
    """Shows a batch: a line for all of it, and one for each picture at hand; or JSON."""

    def __init__(self, show: str) -> None:
        self.show = show
        self._bar: Bar | None = None
        self._lines: dict[int, TaskID] = {}

    def __call__(self, event: BatchProgress) -> None:
        if self.show == "json":
            print(json.dumps(_plain(event)), flush=True)
        elif self.show == "bar":
            self._draw(event)

    def say(self, line: str) -> None:
        """A line about where the work is done."""
        if self.show == "json":
            print(json.dumps({"state": "cluster", "about": line}), flush=True)
        elif self.show == "bar":
            print(line, file=sys.stderr)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def sum_up(self, batch: Batch, folder: str) -> None:
        """The last words: how many, and which failed."""
        painted = len(batch.records) - batch.skipped - len(batch.failed)
        if self.show == "json":
            counts = {"painted": painted, "skipped": batch.skipped, "failed": len(batch.failed)}
            ending = {"left_out": list(batch.left_out), "cancelled": batch.cancelled}
            print(json.dumps({"state": "finished"} | counts | ending))
            return
        for record in batch.failed:
            tries = f" ({record.attempts} times)" if record.attempts > 1 else ""
            print(f"impasto: {record.output} failed{tries}: {record.error}", file=sys.stderr)
        if self.show == "nothing":
            return
        counted = f"{painted} painted, {batch.skipped} there already, {len(batch.failed)} failed"
        print(f"{'interrupted' if batch.cancelled else 'done'}: {folder} ({counted})")
        if batch.left_out:
            print(f"left out, being results of this folder's batch: {', '.join(batch.left_out)}")

    def _draw(self, event: BatchProgress) -> None:
        bar = self._started()
        whole = bar.task_ids[0]
        if said := _said(event):
            bar.console.print(said, markup=False)
        totals = event.totals
        if totals is not None:
            within = 0.0 if event.painting is None or totals.running > 1 else event.painting.done
            completed = (totals.settled + within) / max(1, totals.total)
            bar.update(whole, description=_counts(totals), completed=completed, left=_left(totals.left))
        self._draw_one(bar, event)

    def _draw_one(self, bar: Bar, event: BatchProgress) -> None:
        """The line of the worker that the event is about."""
        if event.state not in ("started", "painting"):
            if event.worker in self._lines:
                bar.remove_task(self._lines.pop(event.worker))
            return
        if event.worker not in self._lines:
            if len(self._lines) >= LINES:
                return
            self._lines[event.worker] = bar.add_task("", total=1.0, losses="", left="")
        from rich.markup import escape

        name = escape(name_of(event.job.output)) if event.job is not None else ""
        line = self._lines[event.worker]
        if event.painting is None:
            bar.update(line, description=name, completed=0.0, losses="", left="")
        else:
            shown = columns(event.painting)
            bar.update(line, **shown | {"description": f"{name}  {shown['description']}"})

    def _started(self) -> Bar:
        if self._bar is None:
            self._bar = make_bar()
            self._bar.start()
            self._bar.add_task("", total=1.0, losses="", left="")
        return self._bar


def _counts(totals: Totals) -> str:
    """``12 of 400, 1 failed, 3.4 a minute``."""
    found = [f"{totals.settled} of {totals.total}"]
    if totals.failed:
        found.append(f"{totals.failed} failed")
    if totals.per_minute is not None:
        found.append(f"{totals.per_minute:.3g} a minute")
    return ", ".join(found)


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 120:
        return f"{seconds:.0f} s left"
    minutes = round(seconds / 60)
    return f"{minutes} min left" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min left"


def _said(event: BatchProgress) -> str:
    """What stays on the screen: why something is done again."""
    if not event.note:
        return ""
    if event.job is None:
        return f"worker {event.worker} is replaced: {event.note}"
    name = name_of(event.job.output)
    if event.state == "replaced":
        return f"again: {name}: {event.note}; another worker takes it"
    return f"again: {name}: {event.note}"


def _plain(event: BatchProgress) -> dict[str, Any]:
    found: dict[str, Any] = {"state": event.state}
    if event.job is not None:
        found |= {
            "output": event.job.output,
            "content": event.job.content.place,
            "style": event.job.styles[0].place,
        }
    found |= {"number": event.number, "total": event.total, "worker": event.worker}
    if event.note:
        found["note"] = event.note
    if event.painting is not None:
        found["painting"] = event.painting.to_dict()
    elif event.totals is not None:
        found["totals"] = event.totals.to_dict()
    if event.record is not None:
        found |= {"seconds": event.record.seconds, "losses": dict(event.record.losses)}
        found |= {"size": event.record.size, "error": event.record.error, "attempts": event.record.attempts}
    return found
