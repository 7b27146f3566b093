"""The fast networks: ours against the published one, in time, memory, size and likeness; new styles; faults.

    python -m benchmarks fast                                   # every part
    python -m benchmarks.fast speed limits                      # some of them
    python -m benchmarks.fast likeness --count 4 --size 256     # smaller
    python -m benchmarks.fast learning --judge FILE --photos FOLDER --practice FOLDER

Times are medians of runs in turns, each network in a process of its own that has ended before the next one
begins: sessions that are still alive spin, and disturb each other. Likeness is measured by genuine VGG-19 to
relu3_4, which no network was trained with. Pictures and judge lie in ../shared, beside the repository,
unless they are named.
"""

from __future__ import annotations

from benchmarks.fast.parts import main

__all__ = ["main"]
