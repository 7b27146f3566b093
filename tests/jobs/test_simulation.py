"""A thousand simulated workers drive the real schedule, loop and manifest (benchmarks/scale)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.scale.model import (
    LOADS,
    Load,
    Prices,
    limits,
    load_costs,
    plan,
    resume_seconds,
    seconds,
    shots,
)
from benchmarks.scale.simulate import Simulation, World, simulate

ROUGH = World(worker_life=250, machine_life=900, flaky=0.05, damaged=0.01, poison=0.004, hang=0.004, deaf=0.5)
ITEMS = 1500


def run(
    folder: Path, world: World = ROUGH, seed: int = 1, items: int = ITEMS, workers: int = 1000
) -> Simulation:
    folder.mkdir()
    return simulate(folder, items=items, workers=workers, world=world, seed=seed)


def test_a_thousand_failing_workers_lose_nothing_and_record_nothing_twice(tmp_path: Path) -> None:
    found = run(tmp_path / "it")
    told, batch = found.told, found.batch
    # It was rough indeed: all that can happen did.
    assert told.deaths > 30
    assert told.machines > 3
    assert told.hung
    assert told.late
    assert sum(told.painted.values()) > len(told.painted), "some were painted twice"
    # And yet every picture has one line, and was told once.
    rows = [
        json.loads(line) for line in (tmp_path / "it" / "out" / "manifest.jsonl").read_text().splitlines()
    ]
    assert sorted(row["output"] for row in rows) == [f"{n:07d}.png" for n in range(ITEMS)]
    assert found.settled_twice == ()
    assert not batch.cancelled
    # Every picture that is not set aside was painted.
    assert {int(record.output[:7]) for record in batch.records if record.done} <= set(told.painted)
    reasons = {(record.error or "").partition(";")[0] for record in batch.failed}
    assert reasons <= {"it is no picture", "the store did not answer", "3 workers died while painting it"}
    assert 0 < len(batch.failed) < 0.03 * ITEMS


def test_the_same_seed_is_the_same_run(tmp_path: Path) -> None:
    few: dict[str, Any] = {"items": 300, "workers": 100}
    first, second = run(tmp_path / "a", **few), run(tmp_path / "b", **few)
    other = run(tmp_path / "c", seed=2, **few)
    assert (first.told, first.seconds) == (second.told, second.seconds)
    assert first.seconds != other.seconds


def test_where_nothing_fails_workers_are_kept_busy(tmp_path: Path) -> None:
    calm = World(spread=0.0, worker_life=1e9, machine_life=1e9, flaky=0, damaged=0, poison=0, hang=0)
    (tmp_path / "it").mkdir()
    found = simulate(tmp_path / "it", items=500, workers=50, world=calm)
    assert found.told.deaths == found.told.machines == 0
    assert len(found.batch.failed) == 0
    # Ten rounds of ten seconds after at most twelve of starting, ticks of 0.05 s between.
    assert 106 < found.seconds < 114


def test_the_model_adds_up() -> None:
    costs = {
        "seconds per megapixel": {"fast": 0.4},
        "files": {
            "decode jpg, s/MP": 0.01,
            "encode jpg, s/MP": 0.02,
            "size of jpg, MB/MP": 0.5,
            "hash, s/MB": 0.02,
        },
        "schedule": {
            "a picture with 100 workers, s (processor)": 0.0005,
            "a picture with 1000 workers, s (processor)": 0.001,
        },
        "manifest": {"to read, s (processor)": 0.0},
        "films": {},
    }
    load = Load("it", pictures=864_000, megapixels=2.0, engine="fast")
    assert sum(seconds(load, costs).values()) == pytest.approx(2 * 0.44)
    found = plan(load, costs, Prices(core_hour=0.05, gpu_hour=2.0))
    assert found.rate == pytest.approx(10)
    assert found.cores == pytest.approx(10 * 0.88 / 0.85)
    assert found.machines == 1
    assert found.compute == pytest.approx(found.cores * 24 * 0.05)
    assert found.gigabytes == pytest.approx(864_000 * 2 / 1000)
    assert found.coordinator == pytest.approx(10 * 0.0005)
    assert found.even_gpu == 40
    few, many = (limits(load, workers, costs, Prices()) for workers in (100, 10_000))
    assert min(few, key=lambda name: few[name]) == "workers"
    assert min(many, key=lambda name: many[name]) == "the coordinator"
    assert resume_seconds(36_000, costs, Prices(latency=0.5)) == pytest.approx(36)


def test_prices_are_given_by_name() -> None:
    assert Prices.of(["core_hour=0.1", "gets=10"]) == Prices(core_hour=0.1, gets=10.0)
    with pytest.raises(TypeError, match="moon_hour"):
        Prices.of(["moon_hour=1"])


def test_what_is_painted_twice_is_what_the_parts_overlap_by() -> None:
    assert shots(4, longest=100, lead=24, fade=8) == 1
    assert shots(8, longest=96, lead=24, fade=8) == pytest.approx(1 + 32 / 192)


def test_the_costs_that_are_kept_fit_the_model() -> None:
    costs = load_costs()
    for load in LOADS:
        found = plan(load, costs, Prices())
        assert found.cores > 0
        assert found.core_seconds > costs["seconds per megapixel"][load.engine] * load.megapixels
