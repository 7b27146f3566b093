"""``python -m benchmarks.scale [measure | model [PRICE=DOLLARS...] | simulate [PICTURES]]``, and
``python -m benchmarks.scale cluster [PICTURES [NODES]]``.

Both model and simulate by default.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.scale import cluster, measure
from benchmarks.scale.model import (
    LOADS,
    Prices,
    limits,
    load_costs,
    money,
    plan,
    resume_seconds,
    seconds,
    shots,
)
from benchmarks.scale.simulate import Simulation, World, simulate, table
from impasto.pipelines.video.plan import FADE, LEAD, LONGEST

WORLDS = {
    "calm": World(worker_life=1e9, machine_life=1e9, flaky=0, damaged=0, poison=0, hang=0),
    "usual": World(),
    "rough": World(worker_life=600, machine_life=3600, flaky=0.05, damaged=0.01, poison=0.002, hang=0.002),
}


def model(prices: Prices) -> None:
    costs = load_costs()
    print("| load | core seconds a picture | of them painting | cores | machines of 16 | GB in and out |")
    print("|---|---|---|---|---|---|")
    plans = [plan(load, costs, prices) for load in LOADS]
    for one in plans:
        painting = seconds(one.load, costs)["paint"] / one.core_seconds
        print(
            f"| {one.load.name} | {one.core_seconds:.2f} | {painting:.0%} | {one.cores:,.0f} | "
            f"{one.machines} | {one.gigabytes:,.0f} |"
        )
    print("\n| load | cores, on demand | cores, spot | requests | a thousand pictures, spot |")
    print("|---|---|---|---|---|")
    for one in plans:
        thousand = (one.compute_spot + one.requests) / one.load.pictures * 1000
        print(
            f"| {one.load.name} | {money(one.compute)} | {money(one.compute_spot)} | "
            f"{money(one.requests)} | {money(thousand)} |"
        )
    print("\n| workers | pictures a second | what holds them up | the coordinator's core |")
    print("|---|---|---|---|")
    for workers in (10, 100, 1000, 3000, 10_000):
        found = limits(LOADS[0], workers, costs, prices)
        name = min(found, key=lambda part: found[part])
        share = found[name] / found["the coordinator"]
        print(f"| {workers} | {found[name]:,.0f} | {name} | {share:.0%} |")
    print(f"\nTo find a million done pictures in a store done: {resume_seconds(1e6, costs, prices):.0f} s")
    looking = seconds(LOADS[3], costs)["look for cuts"] * LOADS[3].pictures / 3600
    print(f"To look for cuts in the film, which one process does: {looking:.1f} h")
    for shot in (4, 15, 120):
        fast, slow = (shots(shot, LONGEST[name], LEAD[name], FADE) for name in ("fast", "optimize"))
        print(f"Painted twice with shots of {shot} s: {fast - 1:.0%} fast, {slow - 1:.0%} optimised")
    memory = costs["schedule"]["memory, bytes a picture"]
    print(f"Memory of a coordinator of a million pictures: {memory * 1e6 / 1e9:.1f} GB")


def simulations(items: int) -> None:
    runs: list[tuple[str, Simulation]] = []
    for name, world in WORLDS.items():
        with tempfile.TemporaryDirectory() as folder:
            runs.append((name, simulate(Path(folder), items=items, world=world)))
    print(table(runs))


def main(arguments: Sequence[str] | None = None) -> None:
    words = list(sys.argv[1:] if arguments is None else arguments) or ["model", "simulate"]
    if words[0] == "measure":
        measure.main()
        return
    if words[0] == "cluster":
        cluster.main(*map(int, words[1:]))
        return
    if "model" in words:
        model(Prices.of(word for word in words if "=" in word))
    if "simulate" in words:
        simulations(int(words[-1]) if words[-1].isdecimal() else 10_000)


if __name__ == "__main__":
    main()
