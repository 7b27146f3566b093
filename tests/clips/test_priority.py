from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("av", reason="needs the extra video")

CODE = """
import os, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from impasto.clips.codecs import find_target
from impasto.clips.writer import SegmentWriter

path = Path(sys.argv[1])
writer = SegmentWriter(path, find_target(path, 8, codec=sys.argv[2]), 64, 64, Fraction(5))
for tick in range(3):
    writer.write(np.zeros((64, 64, 3), np.float32), tick)
policies = {os.sched_getscheduler(int(task)) for task in os.listdir("/proc/self/task")}
writer.close()
print(policies == {os.SCHED_OTHER})
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's list of threads")
@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "av1"), ("a.mp4", "h264"), ("a.webm", "vp9")])
def test_no_encoder_makes_this_process_a_real_time_one(name: str, codec: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", CODE, str(tmp_path / name), codec]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
