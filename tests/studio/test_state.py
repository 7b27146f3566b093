"""The state keeps its promises, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete

pytest.importorskip("fastapi", reason="the extra studio is not installed")

from impasto.studio.state import JobRecord, Limits, PictureRecord, RefusalError, State
from impasto.studio.state.tables import metadata
from tests.studio.servers import postgres_server
from tests.waiting import until

MANY = Limits(jobs_waiting=1000, jobs_per_owner=1000, bytes=1000)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with postgres_server() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[State]:
    if request.param == "sqlite":
        made = State(str(tmp_path / "state.sqlite"))
    else:
        made = State(request.getfixturevalue("postgres"))
        with made.database.transaction() as db:
            for table in metadata.sorted_tables:
                if table.name != "counters":
                    db.execute(delete(table))
    yield made
    made.close()


def job(number: int = 1, **more: object) -> JobRecord:
    made = JobRecord(f"j_{number}", "anna", "painting", "queued", "it", {"n": number}, time.time() + number)
    return replace(made, **more)  # type: ignore[arg-type]


def claim(state: State, worker: str = "w") -> JobRecord | None:
    return state.queue.claim("paintings", worker, until=time.time() + 60)


def test_a_job_is_claimed_by_one_of_many(state: State) -> None:
    state.jobs.submit(job(), MANY)
    found: list[JobRecord | None] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(claim(state, worker=f"w{n}"))) for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [item for item in found if item is not None]
    assert len(found) == 6
    assert len(winners) == 1
    assert (winners[0].status, winners[0].attempts) == ("running", 1)


def test_a_finished_job_is_not_begun_again(state: State) -> None:
    state.jobs.submit(job(), MANY)
    claim(state)
    assert state.queue.finish("j_1", "w", "done", result={"width": 1}, size=5) is not None
    assert claim(state) is None
    assert state.queue.recover(time.time() + 1e6, 3) == []
    assert state.pictures.used("anna") == (5, 0)


def test_a_silent_workers_job_goes_back_and_its_late_word_does_not_count(state: State) -> None:
    state.jobs.submit(job(), MANY)
    claim(state)
    later = time.time() + 100
    assert [item.status for item in state.queue.recover(later, 3)] == ["queued"]
    assert state.queue.report("j_1", "w", until=later, progress={"done": 1}, preview=1) is None
    assert state.queue.finish("j_1", "w", "done") is None
    assert claim(state, worker="w2") is not None
    assert state.queue.finish("j_1", "w2", "done") is not None


def test_a_job_that_kills_its_workers_fails_in_the_end(state: State) -> None:
    state.jobs.submit(job(), MANY)
    for attempt in range(3):
        assert claim(state, worker=f"w{attempt}") is not None
        (found,) = state.queue.recover(time.time(), 3, of=f"w{attempt}")
    assert found.status == "failed"
    assert found.error is not None
    assert "3 times" in found.error["detail"]


def test_putting_down_is_nobodys_fault(state: State) -> None:
    state.jobs.submit(job(), MANY)
    for _ in range(10):
        claim(state)
        assert state.queue.release("j_1", "w") == "queued"
    found = state.jobs.find("anna", "j_1")
    assert found is not None
    assert found.attempts == 0


@pytest.mark.parametrize(("wish", "then"), [("pause", "paused"), ("cancel", "cancelled")])
def test_what_was_wished_for_holds_although_the_worker_died(state: State, wish: str, then: str) -> None:
    state.jobs.submit(job(), MANY)
    claim(state)
    state.jobs.request("anna", "j_1", wish, MANY)
    state.queue.recover(time.time(), 3, of="w")
    found = state.jobs.find("anna", "j_1")
    assert found is not None
    assert found.status == then


def test_changes_come_in_order_and_none_is_missed(state: State) -> None:
    _, _, since = state.overview.changes(0)
    stop, seen = threading.Event(), set()

    def watch() -> None:
        at = since
        while not stop.is_set() or state.overview.latest() > at:
            changed, gone, at = state.overview.changes(at)
            seen.update(item.id for item in changed)
            seen.update(f"gone {id}" for _, id in gone)

    broadcaster = threading.Thread(target=watch)
    broadcaster.start()

    def write(start: int) -> None:
        for number in range(start, start + 15):
            state.jobs.submit(job(number), MANY)
        until(lambda: f"j_{start}" in seen)
        state.jobs.remove("anna", f"j_{start}")

    writers = [threading.Thread(target=write, args=(n * 100,)) for n in range(3)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    broadcaster.join()
    expected = {f"j_{n * 100 + k}" for n in range(3) for k in range(15)}
    assert expected <= seen
    assert {f"gone j_{n * 100}" for n in range(3)} <= seen


def test_a_job_is_explained_for_as_long_as_one_of_its_pages_is_there(state: State) -> None:
    state.jobs.submit(job(), MANY)
    pages = [job(number, kind="explanation", explains="j_1") for number in (2, 3, 4)]
    for page in pages:
        state.jobs.submit(page, MANY)
    for id in ("j_1", "j_2", "j_3"):
        lane = "paintings" if id == "j_1" else "explanations"
        claimed = state.queue.claim(lane, "w", until=time.time() + 60)
        assert claimed is not None
        assert claimed.id == id
        state.queue.finish(id, "w", "done", result={}, size=1)

    def explained() -> bool:
        found = state.jobs.find("anna", "j_1")
        assert found is not None
        return found.explanation

    assert explained()
    state.jobs.remove("anna", "j_3")
    assert explained()
    state.jobs.remove("anna", "j_2")  # j_4 is no page yet
    assert not explained()


def test_positions_are_those_of_the_lane(state: State) -> None:
    made = [job(n) for n in range(3)] + [job(9, kind="draft"), job(10, kind="explanation")]
    found = [state.jobs.submit(item, MANY)[0] for item in made]
    assert [state.jobs.position(item) for item in found] == [1, 2, 3, 1, 1]
    taken = [claim(state) for _ in range(4)]
    assert [item.id if item else None for item in taken] == ["j_0", "j_1", "j_2", None]


def test_owners_take_turns(state: State) -> None:
    for number in range(4):
        state.jobs.submit(job(number), MANY)
    state.jobs.submit(job(8, owner="bert"), MANY)
    state.jobs.submit(job(9, owner="bert"), MANY)
    expected = ["j_0", "j_8", "j_1", "j_9", "j_2", "j_3"]
    places = state.jobs.positions(state.overview.changes(0)[0])
    assert sorted(places, key=lambda id: places[id]) == expected
    taken: list[str] = []
    for _ in range(6):
        claimed = claim(state)
        assert claimed is not None
        taken.append(claimed.id)
        state.queue.finish(claimed.id, "w", "done")
    assert taken == expected


def test_someone_new_is_next_and_a_job_put_back_keeps_its_turn(state: State) -> None:
    for number in range(3):
        state.jobs.submit(job(number), MANY)
    claimed = claim(state)
    assert claimed is not None
    state.jobs.submit(job(9, owner="bert"), MANY)
    assert state.queue.release(claimed.id, "w") == "queued"
    assert [item.id if item else None for item in (claim(state), claim(state))] == ["j_0", "j_9"]


def test_who_has_the_fewest_jobs_under_way_is_next(state: State) -> None:
    for number in range(4):
        state.jobs.submit(job(number), MANY)
    assert claim(state)  # two workers of anna's, while nobody else is there
    assert claim(state)
    state.jobs.submit(job(8, owner="bert"), MANY)
    state.jobs.submit(job(9, owner="bert"), MANY)
    assert [item.id if item else None for item in (claim(state), claim(state))] == ["j_8", "j_9"]


def test_a_refused_job_leaves_no_trace(state: State) -> None:
    with pytest.raises(RefusalError, match="unknown picture"):
        state.jobs.submit(job(uses=("p_none",)), MANY, key="k", fingerprint="f")
    assert state.overview.ids() == set()
    accepted, is_new = state.jobs.submit(job(), MANY, key="k", fingerprint="other")
    assert is_new
    again, is_new = state.jobs.submit(job(2), MANY, key="k", fingerprint="other")
    assert (again.id, is_new) == (accepted.id, False)
    _, is_new = state.jobs.submit(job(3, owner="bert"), MANY, key="k", fingerprint="third")
    assert is_new


def test_the_quota_counts_all_uploads(state: State) -> None:
    picture = PictureRecord("p_1", "anna", "photo", "x", 1, 1, 60, 1.0)
    state.pictures.add(picture, quota=100)
    with pytest.raises(RefusalError) as refused:
        state.pictures.add(replace(picture, id="p_2"), quota=100)
    assert refused.value.reason == "quota"
    state.pictures.add(replace(picture, id="p_3", owner="bert"), quota=100)
    assert state.pictures.remove("bert", "p_1") is False
    assert state.pictures.remove("anna", "p_1") is True


def test_sessions_end(state: State) -> None:
    state.sessions.add("key", "anna", 100.0)
    assert state.sessions.find("key", 99.0) == ("anna", 100.0)
    assert state.sessions.find("key", 100.0) is None
    assert state.sessions.find("other", 1.0) is None
    state.sessions.remove_ended(200.0)
    assert state.sessions.find("key", 99.0) is None


def test_a_webhook_waits_until_it_was_taken(state: State) -> None:
    state.jobs.submit(job(webhook="https://x/"), MANY)
    claim(state)
    state.queue.finish("j_1", "w", "done")
    now = time.time() + 1
    taken = state.deliveries.take(now, hold=10)
    assert taken is not None
    assert (taken.event, taken.attempts) == ("job.done", 1)
    assert state.deliveries.take(now, hold=10) is None
    again = state.deliveries.take(now + 11, hold=10)
    assert again is not None
    assert (again.id, again.attempts) == (taken.id, 2)
    state.deliveries.remove(again.id)
    assert state.deliveries.take(now + 100, hold=10) is None
