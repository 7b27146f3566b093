"""Time, memory and size of both networks, each in a process of its own."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.fast.networks import OURS, THEIRS, Contender, contenders
from benchmarks.fast.pictures import Settings

SIZES = ((256, 256), (512, 512), (1920, 1080))
REPEATS = {(256, 256): 15, (512, 512): 7, (1920, 1080): 3}

Size = tuple[int, int]


def measured(one: Contender, size: Size) -> dict[str, float]:
    """What ``engine`` says of ``one``."""
    command = [sys.executable, "-m", "benchmarks.fast.engine", str(one.file), one.precision]
    command += [str(number) for number in (*size, REPEATS[size])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(settings: Settings) -> None:
    with tempfile.TemporaryDirectory() as name:
        compared = contenders(Path(name))
        for size in SIZES:
            runs: dict[Contender, list[dict[str, float]]] = {one: [] for one in compared}
            for _ in range(settings.rounds):
                for one in compared:
                    runs[one].append(measured(one, size))
            _print(size, runs)
        for one in compared:
            if one.refused:
                print(f"\n{one.network}, {one.way}, is not offered: {one.refused}")


def _print(size: Size, runs: Mapping[Contender, Sequence[Mapping[str, float]]]) -> None:
    print(f"\n{size[0]}x{size[1]}, medians of {len(next(iter(runs.values())))} rounds\n")
    print("| network | way | ms | published / this | lowest - highest | peak MB | above start | file |")
    print("|---|---|---|---|---|---|---|---|")
    for one, found in runs.items():
        base = next(other for other in runs if other.network == THEIRS and other.way == one.way)
        ratios = [b["seconds"] / f["seconds"] for b, f in zip(runs[base], found, strict=True)]
        spread = f"{min(ratios):.1f} - {max(ratios):.1f}" if one.network == OURS else ""
        ratio = f"{statistics.median(ratios):.1f}" if one.network == OURS else ""
        seconds = statistics.median(f["seconds"] for f in found)
        peak = statistics.median(f["peak"] for f in found)
        above = statistics.median(f["peak"] - f["before"] for f in found)
        print(
            f"| {one.network} | {one.way} | {1000 * seconds:.0f} | {ratio} | {spread} | {peak:.0f} | "
            f"{above:.0f} | {one.file.stat().st_size / 1e6:.1f} MB |",
            flush=True,
        )
