"""The loop that drives workers, with an executor that is told what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from impasto.errors import ImpastoError
from impasto.jobs import Job
from impasto.jobs.events import BatchEvent, Event, Finished, Started, WorkerLost, WorkerReady
from impasto.jobs.manifest import Record
from impasto.jobs.meter import BatchMeter
from impasto.jobs.pool import Pool
from impasto.jobs.schedule import Policy
from impasto.jobs.work import Outcome, Task

Play = dict[tuple[int, int], str]
"""What becomes of an item at its nth handing out, from 1; "done" where it does not say."""


class Actors:
    """Workers that do, a second after they were given it, what the play says."""

    def __init__(self, play: Play | None = None, unready: int = 0) -> None:
        self.play = play or {}
        self.unready = unready
        self.time = 0.0
        self.events: list[Event] = []
        self.given: list[tuple[int, int]] = []
        self.dismissed: list[tuple[int, bool]] = []
        self.waits: list[float] = []
        self.interrupted = self.closed = False
        self.hands: dict[int, list[int]] = {}

    def now(self) -> float:
        return self.time

    def start(self, worker: int) -> None:
        self.hands[worker] = []
        if self.unready:
            self.unready -= 1
            self.events.append(WorkerLost(worker, "it has no legs"))
        else:
            self.events.append(WorkerReady(worker))

    def give(self, worker: int, task: Task) -> None:
        self.given.append((worker, task.item))
        self.hands[worker].append(task.item)
        count = sum(item == task.item for _, item in self.given)
        what = self.play.get((task.item, count), "done")
        if what == "hang":
            return
        if what == "die":
            self.events.append(WorkerLost(worker, "killed"))
            return
        self.events.append(Started(worker, task.item))
        self.events.append(Finished(worker, task.item, outcome(task, what)))
        if what == "twice":
            self.events.append(self.events[-1])

    def dismiss(self, worker: int, *, kill: bool = False) -> None:
        self.dismissed.append((worker, kill))

    def interrupt(self) -> None:
        self.interrupted = True
        for worker, items in self.hands.items():
            self.events += [Finished(worker, item, Outcome("stopped")) for item in items]

    def wait(self, seconds: float) -> list[Event]:
        self.waits.append(seconds)
        self.time += 1.0
        events, self.events = self.events, []
        return events

    def close(self) -> None:
        self.closed = True


def outcome(task: Task, what: str) -> Outcome:
    if what in ("fail", "refuse"):
        return Outcome("failed", error=f"it would {what}", is_retryable=what == "fail")
    return Outcome("done", Record(task.job.output, "done", task.job, (4, 3), 1, 1.0))


class Book:
    """Takes records down, and keeps what was told, in the order in which it happened."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.batches: list[int] = []
        self.news: list[BatchEvent] = []

    def store_records(self, records: object) -> None:
        assert isinstance(records, list)
        self.records += records
        self.batches.append(len(records))

    def tell(self, news: BatchEvent) -> None:
        if news.record is not None:
            assert news.record in self.records, "told before it was written down"
        self.news.append(news)


@pytest.fixture(autouse=True)
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"photo")
    (tmp_path / "art.jpg").write_bytes(b"art")
    monkeypatch.chdir(tmp_path)


def play(
    actors: Actors, items: int, workers: int, policy: Policy | None = None, stop_after: int | None = None
) -> tuple[Book, bool]:
    tasks = [Task(n, Job("photo.jpg", ("art.jpg",), f"{n}.png"), f"{n}.checkpoint") for n in range(items)]
    book = Book()
    pool = Pool(tasks, actors, workers, store_records=book.store_records, tell=book.tell, policy=policy)

    def stop() -> bool:
        return stop_after is not None and len(book.records) >= stop_after

    return book, pool.run(stop)


def rows(book: Book) -> dict[str, tuple[str, int, str | None]]:
    assert len({r.output for r in book.records}) == len(book.records), "twice in the manifest"
    return {r.output: (r.status, r.attempts, r.error) for r in book.records}


def test_what_comes_together_is_written_down_together_before_it_is_told() -> None:
    actors = Actors()
    book, whole = play(actors, 5, 2)
    assert whole
    assert actors.closed
    assert rows(book) == {f"{n}.png": ("done", 1, None) for n in range(5)}
    assert book.batches == [2, 2, 1]


def test_no_worker_has_more_than_its_share_at_a_time() -> None:
    actors = Actors({(n, 1): "hang" for n in range(4)})
    book, _ = play(actors, 9, 2, Policy(ahead=2, patience=20))
    assert actors.given[:4] == [(1, 0), (1, 1), (2, 2), (2, 3)]
    assert len(rows(book)) == 9


def test_a_failure_is_tried_again_and_then_set_aside_with_its_reason() -> None:
    actors = Actors({(0, 1): "fail", (1, 1): "fail", (1, 2): "fail", (1, 3): "fail", (2, 1): "refuse"})
    book, _ = play(actors, 4, 2, Policy(retries=2, delay=3))
    assert rows(book) == {
        "0.png": ("done", 2, None),
        "1.png": ("failed", 3, "it would fail"),
        "2.png": ("failed", 1, "it would refuse"),
        "3.png": ("done", 1, None),
    }
    assert [n.note for n in book.news if n.state == "retrying"] == ["it would fail"] * 3
    meter = BatchMeter(4, 0, iter(range(100)).__next__)
    progress = [meter.take(event) for event in book.news]
    assert (progress[-1].step, progress[-1].steps, progress[-1].failed) == (4, 4, 2)


def test_a_dead_worker_is_replaced_and_its_item_is_once_in_the_manifest() -> None:
    actors = Actors({(1, 1): "die"})
    book, _ = play(actors, 4, 2)
    assert rows(book)["1.png"] == ("done", 2, None)
    assert len(rows(book)) == 4
    assert [(n.number, n.worker, n.note) for n in book.news if n.state == "replaced"] == [(2, 2, "killed")]
    assert max(worker for worker, _ in actors.given) == 3


def test_an_item_that_kills_workers_is_set_aside() -> None:
    book, _ = play(Actors({(0, n): "die" for n in (1, 2, 3)}), 2, 1, Policy(crashes=3))
    assert rows(book)["0.png"] == ("failed", 3, "3 workers died while painting it; the last one: killed")
    assert rows(book)["1.png"] == ("done", 1, None)


def test_a_worker_that_hangs_is_killed_and_replaced() -> None:
    actors = Actors({(0, 1): "hang"})
    book, _ = play(actors, 2, 1, Policy(patience=30))
    assert (1, True) in actors.dismissed
    assert rows(book)["0.png"] == ("done", 2, None)
    assert 30 <= actors.time < 50


def test_workers_are_not_killed_for_the_time_in_which_this_process_was_stopped() -> None:
    actors = Actors({(0, 1): "hang"})
    wait, told = actors.wait, []

    def held_up(seconds: float) -> list[Event]:
        if len(actors.waits) == 5:
            actors.time += 4000.0
        if len(actors.waits) == 9:
            told.append(list(actors.dismissed))
        return wait(seconds)

    actors.wait = held_up  # type: ignore[method-assign]
    play(actors, 1, 1, Policy(patience=1000))
    assert told == [[]]
    assert actors.dismissed == [(1, True)]


def test_a_result_told_twice_counts_once() -> None:
    book, _ = play(Actors({(0, 1): "twice"}), 2, 1)
    assert len(rows(book)) == 2


def test_a_batch_without_workers_ends_with_the_reason() -> None:
    actors = Actors(unready=99)
    with pytest.raises(ImpastoError, match="no worker can be started: it has no legs"):
        play(actors, 2, 2)
    assert actors.closed
    assert len(rows(play(Actors(unready=2), 2, 1)[0])) == 2


def test_stopping_asks_the_workers_and_waits_for_what_they_say() -> None:
    actors = Actors({(3, 1): "hang", (2, 1): "hang"})
    book, whole = play(actors, 9, 2, stop_after=2)
    assert not whole
    assert actors.interrupted
    assert actors.closed
    assert set(rows(book)) == {"0.png", "1.png"}
    assert not [n for n in book.news if n.state in ("retrying", "replaced")]


def test_idle_workers_go_while_the_last_item_is_painted() -> None:
    actors = Actors({(2, 1): "hang"})
    play(actors, 3, 3, Policy(patience=30))
    assert actors.dismissed[:2] == [(1, False), (2, False)]
