"""Batches in processes on this machine: real ones, killed at will; what they do is painters.py's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from impasto.catalogue.blends import read_blends
from impasto.errors import ImpastoError
from impasto.jobs import Job
from impasto.jobs.batch import Batch, BatchEvent, run_with
from impasto.jobs.executors.process import ProcessExecutor
from impasto.jobs.machine import WorkerSlot
from impasto.jobs.pairs import pairs
from impasto.jobs.schedule import Policy
from impasto.jobs.work import WorkerPainter
from impasto.optimize.options import OptimizeOptions
from tests.waiting import PATIENCE, until

OUT = Path("out")
PAINTERS = "tests.jobs.painters"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with four photographs, a painting, and folders for results and a diary."""
    for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg", "art.jpg"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "out").mkdir()
    (tmp_path / "diary").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def jobs(letters: str = "abcd") -> list[Job]:
    return pairs([f"{letter}.jpg" for letter in letters], read_blends(["art.jpg"]), OUT, OptimizeOptions())


def paint(
    todo: list[Job], painter: WorkerPainter, *, workers: int = 2, policy: Policy | None = None, **more: object
) -> tuple[Batch, list[BatchEvent]]:
    said: list[BatchEvent] = []
    executor = ProcessExecutor(painter, [WorkerSlot(1)] * workers)
    chosen = policy or Policy(delay=0)
    batch = run_with(
        lambda: (executor, workers),
        todo,
        OUT,
        policy=chosen,
        on_event=said.append,
        **more,  # type: ignore[arg-type]
    )
    assert all(process_is_gone(pid) for pid in pids())
    return batch, said


def diary(**what: str) -> WorkerPainter:
    return WorkerPainter(f"{PAINTERS}:make", {"diary": str(Path("diary").absolute()), **what})


def begun() -> Counter[str]:
    """How often each result was begun."""
    return Counter(path.name.partition(".")[0] for path in Path("diary").iterdir())


def pids() -> set[int]:
    return {int(path.name.split(".")[-2]) for path in Path("diary").iterdir()}


def process_is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def lines() -> list[tuple[str, str, int]]:
    rows = [json.loads(line) for line in (OUT / "manifest.jsonl").read_text().splitlines()]
    return sorted((row["output"][0], row["status"], row["attempts"]) for row in rows)


ALL_DONE = [("a", "done", 1), ("b", "done", 1), ("c", "done", 1), ("d", "done", 1)]


def test_two_workers_paint_what_one_paints() -> None:
    batch, _ = paint(jobs(), diary())
    assert [r.output for r in batch.records] == ["a-art.png", "b-art.png", "c-art.png", "d-art.png"]
    assert lines() == ALL_DONE
    assert begun() == {f"{letter}-art": 1 for letter in "abcd"}
    assert all(
        (OUT / r.output).read_bytes() == f"painted from {r.output[0]}.jpg".encode() for r in batch.records
    )
    assert sorted(p.name for p in OUT.iterdir()) == [*(r.output for r in batch.records), "manifest.jsonl"]
    assert paint(jobs(), diary())[0].skipped == 4


@pytest.mark.parametrize("how", ["die", "zombie", "torn"])
def test_a_killed_worker_is_replaced_and_its_picture_redone_exactly_once(how: str) -> None:
    """``zombie``: it is killed between writing the result and saying so; ``torn``: while it writes."""
    batch, said = paint(jobs(), diary(b_art=how))
    assert batch.failed == ()
    assert sorted(p.name for p in OUT.iterdir()) == [*(r.output for r in batch.records), "manifest.jsonl"]
    assert lines() == [("a", "done", 1), ("b", "done", 2), *ALL_DONE[2:]]
    assert begun() == {"a-art": 1, "b-art": 2, "c-art": 1, "d-art": 1}
    (replaced,) = [e for e in said if e.state == "replaced"]
    assert replaced.job is not None
    assert replaced.job.content.place == "b.jpg"
    assert replaced.note == "the worker was killed by SIGKILL, possibly out of memory"
    assert paint(jobs(), diary())[0].skipped == 4


def test_a_picture_that_kills_every_worker_is_set_aside_and_the_rest_is_painted() -> None:
    batch, _ = paint(jobs("ab"), diary(a_art="murder"), policy=Policy(crashes=2, delay=0))
    assert lines() == [("a", "failed", 2), ("b", "done", 1)]
    (failed,) = batch.failed
    assert failed.error is not None
    assert failed.error.startswith(
        "2 workers died while painting it; the last one: the worker was killed by SIGKILL"
    )


def test_failures_are_tried_again_where_that_may_help() -> None:
    batch, said = paint(jobs("ab"), diary(a_art="fail", b_art="damaged"))
    assert lines() == [("a", "done", 2), ("b", "failed", 1)]
    assert [r.error for r in batch.failed] == ["it is no picture"]
    assert [e.note for e in said if e.state == "retrying"] == ["RuntimeError: not today"]


def test_a_worker_that_hangs_is_killed_and_replaced() -> None:
    _, said = paint(jobs("a"), diary(a_art="hang"), workers=1, policy=Policy(patience=1.0))
    assert lines() == [("a", "done", 2)]
    assert [e.note for e in said if e.state == "replaced"] == ["its painting has made no progress for 1 s"]


def test_a_worker_that_is_stopped_is_killed_and_replaced() -> None:
    policy = Policy(silence=2.0, patience=1e9)
    _, said = paint(jobs("a"), diary(a_art="freeze"), workers=1, policy=policy)
    assert lines() == [("a", "done", 2)]
    assert [e.note for e in said if e.state == "replaced"] == ["the worker did not respond for 2 s"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        ("refuse", "no worker can be started: the worker ended with code 3: there is no such network"),
        ("crash", "no worker can be started: the worker was killed by SIGKILL"),
    ],
)
def test_workers_that_cannot_start_end_the_batch_with_the_reason(make: str, words: str) -> None:
    with pytest.raises(ImpastoError, match=words):
        paint(jobs(), WorkerPainter(f"{PAINTERS}:{make}"), policy=Policy(starts=2, delay=0))
    assert not (OUT / ".impasto").exists()


def test_libraries_keep_to_the_threads_of_the_seat_and_do_not_disturb_the_line() -> None:
    with pytest.warns(UserWarning, match="look out"):
        batch, _ = paint(jobs("ab"), WorkerPainter(f"{PAINTERS}:chatty"), workers=1)
    assert batch.failed == ()
    assert (OUT / "a-art.png").read_text() == "1 1"


def test_stopping_keeps_what_is_done_and_leaves_no_process() -> None:
    def stop() -> bool:
        return len(begun()) >= 3

    batch, _ = paint(jobs(), diary(c_art="wait", d_art="wait"), cancel=stop)
    assert batch.cancelled
    done = {r.output for r in batch.records}
    assert done == {p.name for p in OUT.glob("*.png")}
    assert len(done) <= 2
    batch, _ = paint(jobs(), diary())
    assert (batch.skipped, batch.failed) == (len(done), ())
    assert lines() == ALL_DONE


MAIN = """
from impasto.catalogue.blends import read_blends
from impasto.jobs.batch import run_with
from impasto.jobs.machine import WorkerSlot
from impasto.jobs.executors.process import ProcessExecutor
from impasto.jobs.work import WorkerPainter
from impasto.jobs.pairs import pairs
from impasto.optimize.options import OptimizeOptions
jobs = pairs(["a.jpg", "b.jpg", "c.jpg", "d.jpg"], read_blends(["art.jpg"]), "out", OptimizeOptions())
painter = WorkerPainter("tests.jobs.painters:make", {"diary": "diary", "a_art": "wait", "b_art": "wait"})
run_with(lambda: (ProcessExecutor(painter, [WorkerSlot(1)] * 2), 2), jobs, "out")
"""


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_workers_do_not_outlive_whoever_started_them(kind: signal.Signals) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", MAIN], env=environment, start_new_session=True) as process:
        until(lambda: len(pids()) == 2)
        os.kill(process.pid, kind)
        process.wait(PATIENCE)
    until(lambda: all(process_is_gone(pid) for pid in pids()))
    assert list(OUT.glob("*.png")) == []
    batch, _ = paint(jobs(), diary())
    assert batch.failed == ()
    assert lines() == ALL_DONE
