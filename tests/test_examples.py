from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from impasto import imaging

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_demo_paints_a_picture_and_says_where(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py"), "great-wave"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    picture = tmp_path / "out" / "demo-great-wave.png"
    assert str(picture) in done.stdout
    assert imaging.read(picture).width == 512


@pytest.mark.parametrize(
    ("example", "pictures"),
    [("regions.py", ["regions.png", "protected.png"]), ("own_network.py", ["own-network.png"])],
)
def test_an_example_makes_its_pictures(example: str, pictures: list[str], tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / example), "96"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    for name in pictures:
        assert imaging.read(tmp_path / "out" / name).width == 96
