"""A film in parts on a real Ray cluster on this machine, whose workers are killed in mid-film."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from impasto import FastOptions, FilmOptions, imaging, video
from impasto.types import Picture
from tests.clips.clips import sound_packets, write_clip
from tests.pipelines.video.test_parts import pictures, shots

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None,
        reason="Ray is not installed: pip install -c constraints.txt '.[ray]'",
    ),
]

# In a process of its own: Ray warns, and leaves threads behind.
MAIN = """
import json
import pytest
from impasto import FastOptions, FilmOptions, video
from impasto.jobs.executors.ray import RayExecutor
from tests.stopping import install

said = []
install(pytest.MonkeyPatch(), "die", 3, "00000.json,00004.json", RayExecutor)
done = video(
    "clip.mp4", "starry-night", "parts.mkv", options=FastOptions(), workers=2, ray="local",
    film=FilmOptions(codec="ffv1"), tell=said.append,
)
print(json.dumps({"frames": done.frames, "said": said}))
"""

CARRY = """
import json
from impasto import FilmOptions, video

said = []
done = video(
    "clip.mp4", None, "parts.mkv", keyframes={0: "0.png", 7: "7.png", 12: "12.png"}, workers=2, ray="local",
    film=FilmOptions(codec="ffv1"), tell=said.append,
)
print(json.dumps({"frames": done.frames, "said": said}))
"""


def test_a_film_on_ray_is_the_film_painted_in_one_go_though_workers_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    write_clip(tmp_path / "clip.mp4", shots() + shots(), sound=True)
    done = subprocess.run(
        [sys.executable, "-c", MAIN], check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["frames"] == 42
    assert said["said"][0].startswith("Ray: 1 node")
    assert len([line for line in said["said"] if "again" in line or "replaced" in line]) == 2
    video("clip.mp4", "starry-night", "whole.mkv", options=FastOptions(), film=FilmOptions(codec="ffv1"))
    one, other = pictures(tmp_path / "parts.mkv"), pictures(tmp_path / "whole.mkv")
    assert len(one) == len(other) == 42
    # Another number of threads sums in another order.
    assert max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True)) < 0.02
    assert sound_packets(tmp_path / "parts.mkv") == sound_packets(tmp_path / "clip.mp4")
    assert not (tmp_path / ".impasto").exists()


def test_keyframes_carried_on_ray_give_the_film_of_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    write_clip(tmp_path / "clip.mp4", shots())
    for number in (0, 7, 12):
        imaging.write(Picture(np.ascontiguousarray(1 - shots()[number])), f"{number}.png")
    done = subprocess.run(
        [sys.executable, "-c", CARRY], check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["frames"] == 21
    assert said["said"][0].startswith("Ray: 1 node")
    keyframes = {number: f"{number}.png" for number in (0, 7, 12)}
    video("clip.mp4", None, "whole.mkv", keyframes=keyframes, film=FilmOptions(codec="ffv1"))
    np.testing.assert_array_equal(pictures(tmp_path / "parts.mkv"), pictures(tmp_path / "whole.mkv"))
