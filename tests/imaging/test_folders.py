"""Folders as people have them."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from PIL import Image

from impasto import imaging
from impasto.imaging.folders import is_picture, pictures_in
from tests.cli.running import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "photos"
    (inside / "more").mkdir(parents=True)
    (inside / "empty").mkdir()
    whole = Image.new("RGB", (32, 32), "teal")
    whole.save(inside / "a.jpg")
    whole.save(inside / "b.PNG")
    whole.save(inside / "more" / "c.jpg")
    (inside / "._a.jpg").write_bytes(b"\0\x05\x16\x07")
    (inside / ".DS_Store").write_bytes(b"x")
    (inside / "notes.txt").write_text("x")
    return inside


def test_companions_of_macos_and_hidden_files_are_no_pictures(folder: Path) -> None:
    (folder / "more" / "c.jpg").unlink()
    assert [path.name for path in pictures_in(folder)] == ["a.jpg", "b.PNG"]


def test_what_is_passed_over_is_said(folder: Path) -> None:
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    (folder / "raw.NEF").write_bytes(b"x")
    with pytest.warns(imaging.ImagingWarning) as caught:
        found = pictures_in(folder)
    assert [path.name for path in found] == ["a.jpg", "b.PNG"]
    (words,) = (str(one.message) for one in caught)
    assert "1 picture of a format that is not read: raw.NEF" in words
    assert "1 link to a missing file: gone.jpg" in words
    assert "1 subfolder with pictures (--recursive): more" in words


def test_subfolders_are_included_when_asked_for(folder: Path) -> None:
    assert [p.name for p in pictures_in(folder, recursive=True)] == ["a.jpg", "b.PNG", "c.jpg"]


@pytest.mark.parametrize(
    "name", ["a.jfif", "a.jpe", "a.pjpeg", "a.HIF", "a.bmp", "a.apng", "a.JPEG", "a.tiff", "a.dib"]
)
def test_all_suffixes_of_readable_pictures_are_known(name: str) -> None:
    assert is_picture(name)


def test_a_bitmap_is_read(tmp_path: Path) -> None:
    Image.new("RGB", (5, 4), (255, 0, 51)).save(tmp_path / "x.bmp")
    assert imaging.read(tmp_path / "x.bmp").pixels[0, 0].tolist() == pytest.approx([1, 0, 0.2])


def test_a_whole_tree_is_painted(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("fast", folder, "starry-night", "-o", out, "--recursive")
    assert result.exit_code == 0, result.output
    assert sorted(p.name for p in out.iterdir()) == [
        "a-starry-night.jpg",
        "b-starry-night.png",
        "c-starry-night.jpg",
    ]
    with warnings.catch_warnings(action="default"):
        again = run("fast", folder, "starry-night", "-o", tmp_path / "few")
    assert "skipped 1 subfolder with pictures (--recursive): more" in again.stderr
    assert len(list((tmp_path / "few").iterdir())) == 2
