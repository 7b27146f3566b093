"""The fast network: from a cold start to the painting on disk, and refined for one style.

    python -m benchmarks fast                                   # every part
    python -m benchmarks.fast starting                          # some of them
    python -m benchmarks.fast refining --steps 300 --paintings FILE... --practice FOLDER

Distances are by genuine VGG-19 to relu3_4, which no network was trained with. Pictures and judge lie in
../shared, beside the repository, unless they are named. Its speed beside other networks' is a part of
`benchmarks.peers`.
"""

from __future__ import annotations

from benchmarks.fast.parts import main

__all__ = ["main"]
