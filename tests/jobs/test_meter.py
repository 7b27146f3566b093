from __future__ import annotations

from impasto.jobs import Job, Reference
from impasto.jobs.events import BatchEvent, State
from impasto.jobs.meter import WINDOW, BatchMeter
from impasto.progress import Progress


def test_speed_is_that_of_the_last_minutes_and_tells_the_time_left() -> None:
    now = 0.0
    meter = BatchMeter(100, 10, lambda: now)

    def settle(state: State, at: float) -> Progress:
        nonlocal now
        now = at
        return meter.take(BatchEvent(state, None, 1))

    assert settle("started", 5.0).left is None
    settle("done", 10.0)
    settle("failed", 10.0)
    progress = settle("done", 20.0)
    assert (progress.step, progress.steps, progress.failed, progress.elapsed) == (13, 100, 1, 20.0)
    assert progress.left == 870.0  # 87 pictures, at 6 a minute
    now = 0.0
    meter = BatchMeter(10_000, 0, lambda: now)
    for second in range(1, 1001):  # one a second, then four
        for part in range(1 if second <= 500 else 4):
            progress = settle("done", second + part / 4)
    assert progress.left is not None
    assert 220 < 60 * (10_000 - progress.step) / progress.left < 245
    assert len(meter._marks) < 2 * WINDOW


def test_the_parts_of_a_batch_are_the_paintings_in_progress() -> None:
    meter = BatchMeter(100, 0, lambda: 0.0)
    jobs = [Job(Reference("a.jpg"), (Reference("b.jpg"),), f"out/{n}.png") for n in range(10)]
    for number, job in enumerate(jobs):
        progress = meter.take(BatchEvent("started", job, number + 1, worker=number))
    assert [part.stage for part in progress.parts] == [f"{n}.png" for n in range(8)]
    half = Progress(stage="strokes", done=0.5)
    progress = meter.take(BatchEvent("painting", jobs[2], 3, worker=2, progress=half))
    assert (progress.parts[2].stage, progress.parts[2].done, progress.done) == ("2.png strokes", 0.5, 0.005)
    meter.take(BatchEvent("replaced", jobs[0], 1, worker=0))
    progress = meter.take(BatchEvent("failed", jobs[2], 3, worker=2))
    assert [part.stage for part in progress.parts] == [f"{n}.png" for n in (1, 3, 4, 5, 6, 7)]
    assert (progress.step, progress.failed) == (1, 1)
