"""Names in any letters, on consoles of any encoding."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path

import pytest

from impasto.catalogue.cards import read_card
from impasto.cli import print_any_name
from impasto.imaging import write
from impasto.types import Picture
from tests.cli.running import refused, run
from tests.conftest import stripes

NOT_UTF8 = os.fsdecode(b"bad\xff")


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [
        ("utf-8", "北 é ".encode() + b"bad\xff"),
        ("latin-1", b"\\u5317 \xe9 bad\\udcff"),
        ("ascii", b"\\u5317 \\xe9 bad\\udcff"),
    ],
)
def test_every_name_is_printed_on_every_console(
    encoding: str, printed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    print_any_name()
    print(f"北 é {NOT_UTF8}", end="", flush=True)
    assert stream.buffer.getvalue() == printed  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_style_of_a_file_that_is_not_utf8_is_measured(tmp_path: Path) -> None:
    write(Picture(stripes(64, 64)), tmp_path / f"{NOT_UTF8}.png")
    result = run("style", tmp_path / f"{NOT_UTF8}.png", "-o", tmp_path / "x.style")
    assert result.exit_code == 0, result.output
    assert read_card(tmp_path / "x.style").title == "bad\ufffd"


@pytest.mark.parametrize("name", ["a$b_$c", "北斎", pytest.param(NOT_UTF8, id="not UTF-8")])
@pytest.mark.filterwarnings("ignore:Glyph")  # where no installed font has it
def test_any_name_can_be_in_a_figure(name: str, tmp_path: Path) -> None:
    write(Picture(stripes(64, 64)), tmp_path / f"{name}.png")
    result = run(
        "inspect", "features", tmp_path / f"{name}.png", "-o", tmp_path / "f.png", "--layers", "relu1_1"
    )
    assert result.exit_code == 0, result.output
    assert (tmp_path / "f.png").stat().st_size > 1000


@pytest.mark.parametrize("name", ["a$b_$c", pytest.param(NOT_UTF8, id="not UTF-8")])
def test_any_name_can_be_at_the_ticks_of_a_figure(name: str, tmp_path: Path) -> None:
    for each in (name, "other"):
        write(Picture(stripes(64, 64)), tmp_path / f"{each}.png")
    paths = [tmp_path / f"{each}.png" for each in (name, "other")]
    result = run("inspect", "style", *paths, "-o", tmp_path / "f.png", "--layers", "relu1_1", "--quiet")
    assert result.exit_code == 0, result.output


def test_names_with_control_characters_are_one_line(tmp_path: Path) -> None:
    result = run("fast", "no\nsuch\x1b[31m.jpg", "starry-night", "-o", tmp_path / "x.png")
    refused(result, "no\\nsuch\\x1b[31m.jpg")


_SMALL = ("--size", "32", "--iterations", "1")


@pytest.mark.parametrize(
    "command",
    [
        ("stylize", "PHOTO", "PHOTO", "-o", "OUT.png", "--save-every", "1", *_SMALL),
        ("fast", "PHOTO", "starry-night", "-o", "OUT.png"),
        ("fast", "PHOTO", "starry-night", "-o", "OUT"),
        ("texture", "PHOTO", "-o", "OUT.png", *_SMALL),
        ("style", "PHOTO", "-o", "OUT.style"),
        ("batch", "PHOTO", "--style", "starry-night", "--fast", "-o", "OUT"),
        ("batch", "PHOTO", "--style", "starry-night", "--fast", "-o", "OUT", "--dry-run"),
        ("train", "PHOTO", "-o", "OUT.style", "--dry-run"),
        ("video", "--discard", "-o", "OUT.mp4"),
    ],
    ids=" ".join,
)
def test_control_characters_in_names_are_escaped_wherever_they_are_printed(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    photo = tmp_path / "a\n\x1b[31m\tb.png"
    write(Picture(stripes(64, 64)), photo)
    words = {"PHOTO": str(photo), "OUT": str(tmp_path / "o\x1b\nut")}
    result = run(*(re.sub("PHOTO|OUT", lambda found: words[found[0]], word) for word in command))
    assert result.exit_code == 0, result.output
    printed = result.stdout + result.stderr
    assert "\\x1b" in printed
    assert not re.search(r"[^\n -~]", printed)
    assert not any(line.startswith("ut") for line in printed.splitlines())


@pytest.mark.parametrize(
    ("command", "made"),
    [
        (("stylize", "PHOTO", "starry-night", *_SMALL), ".impasto.png"),
        (("fast", "PHOTO", "starry-night"), ".impasto.png"),
        (("fast", "PHOTO", "starry-night", "-o", "out"), "-starry-night.png"),
        (("fast", "small.png", "PHOTO", "-o", "out"), ".png"),
        (("batch", "PHOTO", "--style", "starry-night", "--fast", "-o", "out"), "-starry-night.png"),
        (("batch", "small.png", "--style", "PHOTO", "--fast", "-o", "out"), ".png"),
        (("texture", "PHOTO", *_SMALL), "-texture.png"),
    ],
)
def test_the_name_of_a_result_is_never_longer_than_a_file_may_have(
    command: tuple[str, ...], made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    photo = f"{'n' * 246}.png"
    for name in (photo, "small.png"):
        write(Picture(stripes(64, 64)), Path(name))
    (tmp_path / "out").mkdir()
    result = run(*(photo if word == "PHOTO" else word for word in command))
    assert result.exit_code == 0, result.output
    (found,) = [path for path in tmp_path.rglob("*.png") if path.name not in (photo, "small.png")]
    assert found.name.endswith(made)
    assert "n" * 200 in found.name


def test_numbered_pictures_with_too_long_a_name_are_refused_before_work_starts(tmp_path: Path) -> None:
    write(Picture(stripes(64, 64)), tmp_path / "p.png")
    output = tmp_path / f"{'m' * 251}.png"
    for command in (("stylize", tmp_path / "p.png", "starry-night"), ("texture", tmp_path / "p.png")):
        refused(run(*command, "-o", output, "--save-every", "1"), "_0001.png", "too long")


@pytest.mark.parametrize("stem", ["12:30:00", "a\\b", "a\nb", "\u5199" * 80])
def test_a_photograph_of_any_name_is_painted_in_a_batch(stem: str, tmp_path: Path) -> None:
    write(Picture(stripes(64, 64)), tmp_path / f"{stem}.png")
    out = tmp_path / "out"
    result = run("batch", tmp_path / f"{stem}.png", "--style", "starry-night", "--fast", "-o", out)
    assert result.exit_code == 0, result.output
    (made,) = out.glob("*-starry-night.png")
    assert len(os.fsencode(made.name)) <= 255
