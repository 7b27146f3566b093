"""The memory of this process."""

from __future__ import annotations

from pathlib import Path


def memory(name: str) -> float:
    """MB, as /proc has it: VmRSS now, VmHWM at most; the peak there is this process's own, unlike that of
    getrusage."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))
