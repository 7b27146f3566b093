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
    [
        ("regions.py", ["regions.png", "protected.png"]),
        ("own_network.py", ["own-network.png"]),
        ("panorama.py", ["panorama.png", "tiles.png"]),
    ],
)
def test_an_example_makes_its_pictures(example: str, pictures: list[str], tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / example), "96"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    for name in pictures:
        assert imaging.read(tmp_path / "out" / name).width == 96


def test_one_painted_frame_gives_a_film(tmp_path: Path) -> None:
    pytest.importorskip("av")
    command = [sys.executable, str(ROOT / "examples" / "keyframes.py"), "48", str(tmp_path / "film.webp")]
    subprocess.run(command, capture_output=True, check=True)
    frames = [picture for picture, _ in imaging.read_frames(tmp_path / "film.webp")]
    assert (len(frames), frames[0].width, frames[0].height) == (30, 96, 32)


def test_the_lesson_makes_its_figures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    command = [sys.executable, str(ROOT / "examples" / "inside.py"), "64"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "the Gram matrix by" in done.stdout
    names = ["1-features", "2-reconstructions", "4-losses", "4-painting", "4-walk", "5-networks"]
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == [f"inside-{name}" for name in names]
