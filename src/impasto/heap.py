"""The C library's heap: memory that is freed is kept for what comes next."""

from __future__ import annotations

import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
_LARGEST = 32 << 20
"""In bytes: the largest block that glibc can keep."""
_SETTINGS = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_", "GLIBC_TUNABLES")


def keep_freed() -> None:
    """Keep the memory that this process frees for what it asks for next; for programs that end with their
    work.

    glibc returns large blocks to the system, which clears them when they are asked for again: a tenth of a
    film's processor time. Blocks of more than 32 MB are returned as before. Does nothing with other C
    libraries, nor where the environment has settings of its own.
    """
    if not sys.platform.startswith("linux") or any(name in os.environ for name in _SETTINGS):
        return
    import ctypes

    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_MMAP_THRESHOLD, _LARGEST)
        library.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
