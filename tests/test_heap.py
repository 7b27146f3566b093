"""What becomes of memory that is freed."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from impasto import heap

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")

ROUNDS = 10
PAGES = 4 * 16 * 2**20 // 4096
"""Of one round."""
CODE = f"""
import resource
from impasto.heap import keep_freed

def fill():
    blocks = [bytearray(b"x") * (16 << 20) for _ in range(4)]

keep_freed()
for _ in range(2):
    fill()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({ROUNDS}):
    fill()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def fetched(**settings: str) -> int:
    """Return the number of pages that the system had to clear, when the same blocks are filled and freed."""
    environment = {name: value for name, value in os.environ.items() if name not in heap._SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment | settings, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_memory_that_is_freed_is_used_again() -> None:
    assert fetched() < PAGES


def test_settings_of_the_environment_stay() -> None:
    assert fetched(MALLOC_TRIM_THRESHOLD_="131072") > (ROUNDS - 1) * PAGES
