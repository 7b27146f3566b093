from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import impasto
from impasto.catalogue.cards import read_card
from impasto.catalogue.files import read_style
from impasto.catalogue.lookup import find_style, is_named, named_styles
from impasto.errors import InputError, StyleError


def test_what_lies_there_comes_before_a_named_style(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_style("great-wave").kind == "named"
    (tmp_path / "great-wave").mkdir()
    assert find_style("great-wave").kind == "folder"
    for name, kind in (("a.style", "file"), ("a.jpg", "picture")):
        (tmp_path / name).touch()
        assert find_style(name).kind == kind


def test_a_name_is_a_style_s_where_nothing_lies_in_the_folder_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other" / "great-wave").mkdir(parents=True)
    assert is_named("great-wave")
    assert not is_named("great-wave", tmp_path / "other")
    assert not is_named("monet")
    assert is_named("monet", known=["monet"])
    assert not is_named("other", known=["other"])
    assert not is_named("s3://bucket/great-wave")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("starry-nigth", "unknown style 'starry-nigth'; did you mean 'starry-night'?"),
        ("Great Wave", "unknown style 'Great Wave'; did you mean 'great-wave'?"),
        ("monet", "unknown style 'monet'; the named styles are "),
        ("none.jpg", "there is no file none.jpg; expected a painting, a style file, or a named style"),
        (
            "mine.safetensors",
            "mine.safetensors is a network, not a style: expected a painting or a style file",
        ),
    ],
)
def test_what_is_neither_is_refused_with_what_may_be_meant(name: str, words: str) -> None:
    with pytest.raises(StyleError) as caught:
        find_style(name)
    assert str(caught.value).startswith(words)


def test_a_name_too_long_for_a_file_is_one_line() -> None:
    with pytest.raises(InputError, match=r"cannot read 'x{40}': File name too long"):
        find_style("x" * 300)


def test_cards_are_the_same_with_and_without_the_numbers() -> None:
    for path in named_styles().values():
        assert read_card(path) == read_style(path).card


@pytest.mark.parametrize("data", [b"", b"\xff" * 64, b"\x02\x00\x00\x00\x00\x00\x00\x00{}", b"plain words"])
def test_what_is_no_style_file_has_no_card(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.style").write_bytes(data)
    with pytest.raises(StyleError, match=r"a\.style is"):
        read_card(tmp_path / "a.style")


def test_styles_are_listed_without_torch() -> None:
    code = "import sys, impasto; print(len(impasto.styles()), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(impasto.styles())), "False"]


def test_the_page_of_styles_has_the_distances_of_every_style_that_changes_the_network() -> None:
    page = (Path(__file__).parents[2] / "docs" / "styles.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    wanted = []
    for name, path in sorted(named_styles().items()):
        if training := read_card(path).training:
            before, after = training["before"], training["after"]
            style = f"{before['style']:.4f} to {after['style']:.4f}"
            content = f"{before['content']:.3f} to {after['content']:.3f}"
            wanted.append(f"| `{name}` | {style} | {content} |")
    assert wanted
    assert [row for row in rows if " to " in row] == wanted
