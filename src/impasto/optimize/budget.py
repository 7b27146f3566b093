"""The memory that a painting may use. Free of torch: processes that only hand over work plan with it."""

from __future__ import annotations

import psutil

from impasto.optimize.options import OptimizeOptions

SHARE = 0.6
"""The share of the free memory that is used, which leaves room for the rest of the machine."""
FIXED = 420e6
"""The interpreter, torch and its caches, in bytes, counted against the budget."""

_processes = 1


def share_among(processes: int) -> None:
    """Divide the free memory by the number of ``processes`` that paint at the same time."""
    global _processes
    _processes = processes


def budget(options: OptimizeOptions) -> float:
    """Return the bytes a painting may use: ``options.max_memory`` (GB), or a safe share of those free now."""
    if options.max_memory is not None:
        return options.max_memory * 1e9
    return SHARE / _processes * psutil.virtual_memory().available + FIXED
