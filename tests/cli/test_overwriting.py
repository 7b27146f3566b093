"""No command overwrites an input."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from impasto.cli.commands import COMMANDS
from impasto.cli.streams import WRITTEN
from impasto.imaging import write
from impasto.types import Picture
from tests.cli.running import refused, run
from tests.conftest import stripes

READ = frozenset(
    [
        "accounts",
        "certificate",
        "content",
        "contents",
        "content_dir",
        "file",
        "judge",
        "key",
        "paintings",
        "photo",
        "photos",
        "pictures",
        "token_file",
        "repeat",
        "restore",
        "result",
        "source",
        "start",
        "style",
    ]
)
"""The parameters of all commands that are paths of inputs."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(Picture(stripes(64, 64)), "photo.png")
    write(Picture(stripes(64, 64, 6)), "art.png")
    Path("alias.png").hardlink_to("photo.png")
    Path("art").mkdir()
    write(Picture(stripes(64, 64, 6)), "art/one.png")
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        "stylize photo.png art.png -o photo.png",
        "stylize photo.png art.png -o alias.png",
        "stylize photo.png art.png -o art.png",
        "stylize photo.png art -o art/one.png",
        "stylize photo.png starry-night -o out.png --init art.png --preview art.png",
        "stylize photo.png starry-night -o art.png --init art.png",
        "stylize photo.png starry-night -o art.png --protect art.png",
        "stylize photo.png starry-night -o out.png --encoder art.png --checkpoint art.png",
        "stylize photo.png starry-night -o out.png --log photo.png",
        "fast photo.png starry-night -o photo.png",
        "fast photo.png art.png -o art.png",
        "fast photo.png art -o art/one.png",
        "fast photo.png starry-night --model art.png -o art.png",
        "style photo.png -o photo.png",
        "texture art.png -o art.png",
        "texture photo.png -o alias.png",
        "texture art.png -o out.png --log art.png",
        "inspect features photo.png -o photo.png",
        "inspect reconstruct photo.png --style art.png -o art.png",
        "inspect style photo.png art.png -o art.png",
        "inspect style photo.png art -o art/one.png",
        "inspect layers photo.png art.png -o photo.png",
        "inspect encoders photo.png art.png -o art.png",
        "neural-style -content_image photo.png -style_image art.png -output_image photo.png",
        "style-transfer photo.png art.png -o art.png",
    ],
)
def test_an_output_that_is_an_input_is_refused_and_the_input_stays(words: str, here: Path) -> None:
    before = contents(here)
    result = run(*words.split())
    assert result.exit_code == 2, result.output
    assert "impasto: " in result.stderr
    assert contents(here) == before


@pytest.mark.parametrize(
    ("default", "words"),
    [
        ("features.png", "inspect features features.png"),
        ("styles.png", "inspect style styles.png starry-night"),
        ("art-texture.png", "texture art.png --init art-texture.png"),
        ("photo.impasto.png", "stylize photo.png art.png --protect photo.impasto.png"),
    ],
)
def test_the_default_output_is_refused_where_it_is_an_input(default: str, words: str, here: Path) -> None:
    write(Picture(stripes(64, 64)), default)
    before = contents(here)
    refused(run(*words.split()), f"the output {default} is also an input")
    assert contents(here) == before


def test_every_path_of_a_command_is_known_as_input_or_output() -> None:
    paths = {
        p.name
        for function in functions()
        for p in inspect.signature(function, eval_str=True).parameters.values()
        if "Path" in str(p.annotation).partition("[typer")[0]
    }
    assert not READ & WRITTEN
    assert paths - READ - WRITTEN == set()


def functions() -> Iterator[Callable[..., Any]]:
    for listed in COMMANDS.values():
        module, _, name = listed.home.partition(":")
        found = getattr(import_module(f"impasto.cli.{module}"), name)
        if isinstance(found, typer.Typer):
            yield from (one.callback for one in found.registered_commands if one.callback is not None)
        else:
            yield found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
