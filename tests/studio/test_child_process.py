"""Work in a child process: what it tells, and that it may end in order when it is stopped."""

from __future__ import annotations

from pathlib import Path

from impasto.jobs import Job
from impasto.progress import Progress
from impasto.studio.worker.child_process import run_apart
from tests.studio import explainers


class Heard:
    """What a child process has told."""

    def __init__(self) -> None:
        self.events: list[Progress] = []
        self.previews = 0

    def progress(self, event: Progress) -> None:
        self.events.append(event)

    def preview_written(self) -> None:
        self.previews += 1


def test_work_that_is_stopped_has_time_to_write_its_checkpoint(tmp_path: Path) -> None:
    heard = Heard()
    job = Job("it.png", ("it.png",), str(tmp_path / "out"))
    run_apart(explainers.show, job, "it", heard, lambda: bool(heard.events), stop_seconds=60)
    assert (tmp_path / "checkpoint").read_text() == "kept"
    assert heard.previews == 1
    assert [(event.done, event.preview) for event in heard.events] == [(0.5, None)]


def test_work_without_that_time_is_killed(tmp_path: Path) -> None:
    heard = Heard()
    job = Job("it.png", ("it.png",), str(tmp_path / "out"))
    run_apart(explainers.show, job, "it", heard, lambda: bool(heard.events))
    assert not (tmp_path / "checkpoint").exists()
