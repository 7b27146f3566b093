from __future__ import annotations

import json

from impasto.progress import Progress, throttled, time_left

PART = Progress(stage="one.png", done=0.5, step=3, steps=6, losses={"total": 1.0})


def test_an_event_goes_to_json_and_back_without_its_preview() -> None:
    event = Progress(done=0.25, elapsed=1.5, left=4.5, step=1, unit="frame", parts=(PART,), preview=lambda: 1)
    values = json.loads(json.dumps(event.to_dict()))
    assert "preview" not in values
    assert Progress.from_dict(values) == event


def test_losses_of_layers_add_up_to_their_kind() -> None:
    losses = {"total": 3.5, "content relu4_2": 0.5, "style relu1_1": 1.0, "style relu2_1": 2.0}
    assert Progress(losses=losses).losses_by_kind() == {"total": 3.5, "content": 0.5, "style": 3.0}


def test_the_time_left_is_by_what_was_done_since_the_beginning() -> None:
    assert time_left(10.0, 0.0) is None
    assert time_left(10.0, 0.25) == 30.0
    assert time_left(10.0, 0.75, 0.5) == 10.0
    assert time_left(10.0, 1.0) == 0.0


def passed_on(seconds: float, **more: float) -> list[int]:
    """The steps that get through of one a second, where the callback takes so many ``seconds``."""
    now, found = 0.0, []

    def callback(event: Progress) -> None:
        nonlocal now
        now += seconds
        found.append(event.step)

    tell = throttled(callback, 2.0, clock=lambda: now, **more)
    for step in range(1, 10):
        tell(Progress(step=step, done=step / 9))
        now += 1.0
    return found


def test_events_are_passed_on_now_and_then_and_the_last_one_always() -> None:
    assert passed_on(0.0) == [1, 3, 5, 7, 9]
    assert passed_on(0.5, share=0.1) == [1, 6, 9]
