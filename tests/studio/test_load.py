"""The load test at a tenth of its size: whether it runs, and what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def test_under_load_every_stream_hears_of_all_and_memory_stays_flat() -> None:
    command = [sys.executable, "-m", "benchmarks.studio"]
    command += ["--seconds", "1", "--jobs", "10", "--streams", "20", "--rounds", "2", "--paintings", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"10 jobs queued, .*; (\d+) of 20 streams heard of all", done.stdout) == ["20", "20"]
    assert re.search(r"previews at 512 px, 4 at a time: \d", done.stdout)
    assert ": flat\n" in done.stdout
    assert re.search(r"takes a job after \d+ ms", done.stdout)
