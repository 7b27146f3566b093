"""Run all benchmarks, or those named: ``python -m benchmarks startup speed``."""

from __future__ import annotations

import sys

from benchmarks import (
    convergence,
    fast,
    house,
    keyframes,
    losses,
    memory,
    networks,
    quality,
    speed,
    startup,
    video,
)

BENCHMARKS = {
    "startup": startup.main,
    "house": house.main,
    "speed": speed.main,
    "memory": memory.main,
    "quality": quality.main,
    "convergence": convergence.main,
    "losses": losses.main,
    "networks": networks.main,
    "video": video.main,
    "keyframes": keyframes.main,
    "fast": fast.main,
}


def main() -> None:
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        sys.exit(f"no benchmark called {unknown.pop()}; there are {', '.join(BENCHMARKS)}")
    for name in names:
        print(f"\n## {name}\n", flush=True)
        BENCHMARKS[name]()


main()
