"""Names in any letters, on consoles of any encoding."""

from __future__ import annotations

import io
import os
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


@pytest.mark.parametrize("stem", ["12:30:00", "a\\b", "a\nb", "\u5199" * 80])
def test_a_photograph_of_any_name_is_painted_in_a_batch(stem: str, tmp_path: Path) -> None:
    write(Picture(stripes(64, 64)), tmp_path / f"{stem}.png")
    out = tmp_path / "out"
    result = run("batch", tmp_path / f"{stem}.png", "--style", "starry-night", "--fast", "-o", out)
    assert result.exit_code == 0, result.output
    (made,) = out.glob("*-starry-night.png")
    assert len(os.fsencode(made.name)) <= 255
