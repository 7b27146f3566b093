"""Styles with weights: STYLE:WEIGHT."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from impasto.catalogue.blends import Blend, read_blend, read_blends
from impasto.catalogue.lookup import find_style, split_weight
from impasto.errors import InputError, OptionError, StyleError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("great-wave", ("great-wave", None)),
        ("great-wave:2", ("great-wave", 2.0)),
        ("great-wave:.5", ("great-wave", 0.5)),
        ("great-wave:-0.2", ("great-wave", -0.2)),
        ("great-wave:1e-3", ("great-wave", 0.001)),
        ("great-wave:", ("great-wave:", None)),
        ("great-wave:nan", ("great-wave:nan", None)),
        (":2", (":2", None)),
        ("a painting.jpg:2", ("a painting.jpg", 2.0)),
        ("a:b:2", ("a:b", 2.0)),
        ("C:\\art.jpg", ("C:\\art.jpg", None)),
        ("C:\\art.jpg:2", ("C:\\art.jpg", 2.0)),
        ("C:/art.jpg:0.5", ("C:/art.jpg", 0.5)),
        ("memory://art.jpg", ("memory://art.jpg", None)),
        ("memory://host:80", ("memory://host:80", None)),
        ("memory://host:80/art.jpg:2", ("memory://host:80/art.jpg", 2.0)),
    ],
)
def test_the_number_behind_the_last_colon_is_the_weight(
    text: str, expected: tuple[str, float | None]
) -> None:
    assert split_weight(text) == expected


def test_a_file_with_a_colon_in_its_name_is_a_file(here: Path) -> None:
    (here / "ratio 16:9").touch()
    fsspec.filesystem("memory").pipe_file("/art/ratio 16:9", b"")
    try:
        for name in ("ratio 16:9", f"file://{here}/ratio 16:9", "memory://art/ratio 16:9"):
            assert split_weight(name) == (name, None)
            assert split_weight(f"{name}:2") == (name, 2.0)
    finally:
        fsspec.filesystem("memory").rm("/art", recursive=True)


def test_styles_without_a_weight_among_those_with_one_have_the_weight_1() -> None:
    assert read_blend(["a:2", "b"]) == Blend(("a", "b"), (2.0, 1.0))
    assert read_blend(["a", "b"]) == Blend(("a", "b"))
    assert read_blend(["a", "b"], (2, 1)) == Blend(("a", "b"), (2, 1))
    painting = object()
    assert read_blend([painting, "b:3"]) == Blend((painting, "b"), (1.0, 3.0))
    assert str(read_blend(["a:2.50", "b"])) == "a:2.5 b:1"


def test_among_many_paintings_those_with_a_weight_are_one() -> None:
    assert read_blends(["a", "b:2", "c", "d:1"]) == [
        Blend(("a",)),
        Blend(("b", "d"), (2.0, 1.0)),
        Blend(("c",)),
    ]
    with pytest.raises(OptionError, match="another style besides b:2"):
        read_blends(["a", "b:2"])


def test_weights_that_mean_nothing_are_refused() -> None:
    with pytest.raises(
        OptionError, match=r"divides a painting among several styles.*besides a:2, or a alone"
    ):
        read_blend(["a:2"])
    with pytest.raises(OptionError, match="a:2, or style_weights; got both"):
        read_blend(["a:2", "b"], (1, 2))
    for read in (read_blend, read_blends):
        with pytest.raises(InputError, match="at least one style"):
            read([])


def test_where_one_style_is_expected_a_weight_is_refused() -> None:
    with pytest.raises(StyleError, match="a style without a weight, great-wave; got great-wave:2"):
        find_style("great-wave:2")
    with pytest.raises(StyleError, match="a number for the weight of great-wave; got 'two'"):
        find_style("great-wave:two")
