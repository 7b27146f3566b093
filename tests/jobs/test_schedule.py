from __future__ import annotations

import random

import pytest

from impasto.jobs.schedule import Policy, Schedule


def handed(schedule: Schedule, now: float = 0.0) -> list[tuple[int, int, int]]:
    return [(a.worker, a.item, a.attempt) for a in schedule.assign(now)]


def started(items: int, workers: int, policy: Policy | None = None) -> Schedule:
    schedule = Schedule(range(items), workers, policy)
    for worker in schedule.start(0.0):
        schedule.ready(worker, 0.0)
    return schedule


def test_no_more_workers_are_hired_than_there_are_items() -> None:
    assert Schedule(range(2), 5).start(0.0) == [1, 2]
    assert Schedule(range(5), 2).start(0.0) == [1, 2]
    assert Schedule(range(5), 8, Policy(ahead=2)).start(0.0) == [1, 2, 3]


def test_a_worker_gets_as_many_items_as_it_may_have_and_the_next_when_one_is_done() -> None:
    schedule = started(5, 2, Policy(ahead=2))
    assert handed(schedule) == [(1, 0, 1), (1, 1, 1), (2, 2, 1), (2, 3, 1)]
    assert schedule.done(2, 2, 1.0)
    assert handed(schedule) == [(2, 4, 1)]
    assert (schedule.waiting, schedule.assigned) == (0, 4)


def test_nothing_is_handed_to_a_worker_that_is_not_ready() -> None:
    schedule = Schedule(range(2), 1)
    assert schedule.start(0.0) == [1]
    assert handed(schedule) == []
    assert not schedule.finished


def test_a_failure_that_may_pass_is_tried_again_later_and_then_set_aside() -> None:
    schedule = started(1, 1, Policy(retries=2, delay=10))
    for failures, wait in ((1, 10.0), (2, 20.0)):
        ((worker, item, attempt),) = handed(schedule, 100.0)
        assert attempt == failures
        assert schedule.failed(worker, item, 0.0, is_retryable=True) == "retry"
        assert handed(schedule, wait - 0.1) == []
        assert schedule.due(0.0) == wait
    assert handed(schedule, 20.0) == [(1, 0, 3)]
    assert schedule.failed(1, 0, 20.0, is_retryable=True) == "give up"
    assert schedule.finished


def test_a_failure_that_does_not_pass_is_set_aside_at_once() -> None:
    schedule = started(1, 1)
    handed(schedule)
    assert schedule.failed(1, 0, 0.0, is_retryable=False) == "give up"
    assert schedule.finished


def test_the_items_of_a_dead_worker_go_to_its_successor_first() -> None:
    schedule = started(4, 1, Policy(ahead=2))
    assert handed(schedule) == [(1, 0, 1), (1, 1, 1)]
    assert schedule.lost(1, 5.0) == [(0, "retry"), (1, "retry")]
    assert schedule.start(5.0) == [2]
    schedule.ready(2, 6.0)
    # The first was in work when the worker died and counts as tried; the one behind it does not.
    assert handed(schedule) == [(2, 0, 2), (2, 1, 1)]


def test_an_item_over_which_workers_die_is_set_aside_and_one_on_machines_that_go_is_not() -> None:
    for at_fault, fates in ((True, ["retry", "retry", "give up"]), (False, ["retry"] * 3)):
        schedule = Schedule(range(1), 1, Policy(crashes=3))
        found = []
        for _ in fates:
            (worker,) = schedule.start(0.0)
            schedule.ready(worker, 0.0)
            handed(schedule)
            found += [verdict for _, verdict in schedule.lost(worker, 0.0, at_fault=at_fault)]
        assert found == fates


def test_what_a_worker_given_up_for_dead_says_does_not_count() -> None:
    schedule = started(1, 1)
    handed(schedule)
    schedule.lost(1, 0.0)
    assert not schedule.done(1, 0, 0.0)
    assert schedule.failed(1, 0, 0.0, is_retryable=True) is None
    (worker,) = schedule.start(0.0)
    schedule.ready(worker, 0.0)
    assert handed(schedule) == [(2, 0, 2)]
    assert not schedule.done(1, 0, 0.0)
    assert schedule.done(2, 0, 0.0)
    assert not schedule.done(2, 0, 0.0), "settled once"


def test_workers_that_never_get_ready_are_started_ever_later_and_given_up_when_none_lives() -> None:
    schedule = Schedule(range(9), 1, Policy(starts=3, delay=1))
    for wait in (1.0, 2.0):
        (worker,) = schedule.start(0.0)
        schedule.lost(worker, 0.0)
        assert schedule.start(wait - 0.1) == []
        assert schedule.due(0.0) == wait
        assert not schedule.cannot_start
        schedule._next_start = 0.0
    schedule.lost(schedule.start(0.0)[0], 0.0)
    assert schedule.cannot_start


def test_starts_that_fail_in_turn_end_a_batch_as_surely_as_those_that_fail_together() -> None:
    schedule = Schedule(range(9), 2, Policy(starts=2, delay=0))
    starting = schedule.start(0.0)
    for _ in range(9):  # one always starts while the other fails
        if not starting:
            break
        schedule.lost(starting.pop(0), 0.0)
        starting += schedule.start(0.0)
    assert schedule.cannot_start


def test_the_delay_after_any_number_of_failures_is_a_number() -> None:
    assert Policy(delay=0).wait(5000) == 0
    assert Policy(delay=1, longest_delay=60).wait(5000) == 60


def test_one_machine_on_which_nothing_starts_does_not_end_a_batch_that_others_work_on() -> None:
    schedule = started(9, 2, Policy(starts=1))
    schedule.lost(1, 0.0)
    schedule.lost(schedule.start(0.0)[0], 0.0)
    assert not schedule.cannot_start


def test_a_machine_that_goes_while_its_workers_start_is_no_sign_that_none_can() -> None:
    for at_fault in (True, False):
        schedule = Schedule(range(99), 16, Policy(starts=2, delay=1))
        for worker in schedule.start(0.0):
            schedule.lost(worker, 0.0, at_fault=at_fault)
        assert not schedule.cannot_start
        assert len(schedule.start(1.0)) == 16


def test_a_worker_that_says_nothing_is_noticed_and_one_without_work_is_not() -> None:
    schedule = started(2, 2, Policy(patience=100))
    (first, *_), (second, *_) = handed(schedule)
    assert schedule.done(second, 1, 10.0)
    assert schedule.unresponsive(99.0) == []
    schedule.note_event(first, 50.0)
    assert schedule.unresponsive(149.0) == []
    assert schedule.unresponsive(160.0) == [(first, "its painting has made no progress for 100 s")]


def test_patience_follows_from_how_long_items_take() -> None:
    schedule = started(9, 2, Policy(silence=1e9))
    (first, *_), (second, *_) = handed(schedule)
    assert schedule.patience == 3600, "nothing is known yet"
    schedule.note_event(first, 2.0)
    schedule.done(first, 0, 5.0)
    assert schedule.patience == 120, "items of seconds"
    handed(schedule, 5.0)
    schedule.note_event(second, 60.0)
    assert schedule.patience == 1200, "an item without a word for a minute"
    assert schedule.unresponsive(1200.0) == []
    assert schedule.unresponsive(1270.0) == [
        (worker, "its painting has made no progress for 1200 s") for worker in (first, second)
    ]


def test_a_worker_whose_heart_beats_is_stuck_only_if_its_item_does_not_move() -> None:
    schedule = started(2, 2, Policy(silence=60, patience=500))
    (first, *_), (second, *_) = handed(schedule)
    schedule.note_event(first, 55.0, moved=False)
    assert schedule.unresponsive(62.0) == [(second, "the worker did not respond for 60 s")]
    schedule.lost(second, 62.0)
    for time in range(100, 500, 50):
        schedule.note_event(first, time, moved=False)
        assert schedule.unresponsive(time) == []
    schedule.note_event(first, 501.0, moved=False)
    assert schedule.unresponsive(504.0) == [(first, "its painting has made no progress for 500 s")]


def test_silence_while_this_process_was_held_up_is_excused() -> None:
    schedule = started(1, 1, Policy(silence=60))
    ((worker, *_),) = handed(schedule)
    schedule.excuse_silence(4000.0)
    assert schedule.unresponsive(4050.0) == []
    assert schedule.unresponsive(4070.0) == [(worker, "the worker did not respond for 60 s")]


def test_idle_workers_are_let_go_when_nothing_waits() -> None:
    schedule = started(2, 2)
    handed(schedule)
    assert schedule.dismiss_idle() == []
    schedule.done(2, 1, 0.0)
    assert schedule.dismiss_idle() == [2]
    assert schedule.dismiss_idle() == []
    assert schedule.start(0.0) == []


@pytest.mark.parametrize("seed", range(100))
def test_whatever_happens_every_item_is_settled_exactly_once(seed: int) -> None:
    """Workers finish, fail, die, or speak after their death, by chance, until all is done."""
    chance = random.Random(seed)
    count = chance.randint(1, 30)
    policy = Policy(delay=1, starts=99, ahead=chance.randint(1, 3))
    schedule = Schedule(range(count), chance.randint(1, 6), policy)
    settled: list[int] = []
    out: list[tuple[int, int]] = []
    now = 0.0
    while not schedule.finished:
        now += 1.0
        assert now < 10_000
        for worker in schedule.start(now):
            if chance.random() < 0.8:
                schedule.ready(worker, now)
            else:
                schedule.lost(worker, now)
        out += [(a.worker, a.item) for a in schedule.assign(now)]
        if not out:
            continue
        worker, item = out.pop(chance.randrange(len(out)))
        what = chance.choice(["done", "done", "done", "fail", "refuse", "die"])
        if what == "done" and schedule.done(worker, item, now):
            settled.append(item)
        elif what in ("fail", "refuse"):
            if schedule.failed(worker, item, now, is_retryable=what == "fail") == "give up":
                settled.append(item)
        elif what == "die":  # the other items it had stay in ``out``: it may speak later
            settled += [i for i, verdict in schedule.lost(worker, now) if verdict == "give up"]
            if chance.random() < 0.5:
                out.append((worker, item))
    assert sorted(settled) == list(range(count))
