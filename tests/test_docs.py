"""The documentation names only what exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from impasto.cli import reference
from impasto.imaging import ReadOptions
from impasto.inference.options import FastOptions
from impasto.jobs.inputs import Inputs
from impasto.jobs.outputs import SaveOptions
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import PRESETS
from impasto.pipelines.video.options import FilmOptions

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.name: page.read_text(encoding="utf-8") for page in PAGES}


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_to_a_file_leads_somewhere(name: str) -> None:
    page = next(page for page in PAGES if page.name == name)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXTS[name]):
        assert (page.parent / target).exists(), target


def test_every_file_that_a_page_names_exists() -> None:
    places = [ROOT, ROOT / "src" / "impasto", ROOT / "studio-page" / "src"]
    named = {
        (page, name)
        for page, text in TEXTS.items()
        for name in re.findall(r"`((?:[\w-]+/)+(?:[\w-]+\.(?:py|ts|md|json|toml|yml))?)`", text)
        if name.split("/")[0] in {"src", "benchmarks", "recipes", "examples", "tests", "docs", "jobs"}
        and not name.startswith("src/impasto/studio/page/")  # built
    }
    assert len(named) > 10
    assert [one for one in sorted(named) if not any((place / one[1]).exists() for place in places)] == []


def test_the_table_of_presets_is_complete() -> None:
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", TEXTS["presets.md"], re.MULTILINE)) == set(PRESETS)


def test_the_page_of_options_is_made_from_the_options_own_fields() -> None:
    assert TEXTS["options.md"] == reference.page(TEXTS["options.md"])
    names = set(re.findall(r"^\| `([a-z_0-9]+)` \|", TEXTS["options.md"], re.MULTILINE))
    options = (OptimizeOptions, FastOptions, FilmOptions, ReadOptions, Inputs, SaveOptions)
    assert names == {name for each in options for name in each.__dataclass_fields__}


def test_the_table_of_rooms_is_what_the_linter_checks() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [layer.split(" | ") for layer in contracts[0]["layers"] if layer != "__main__"]
    table = re.findall(r"^\| (\d+) \| (.+) \|$", (ROOT / "CONTRIBUTING.md").read_text(), re.M)
    rooms = [re.findall(r"`(\w+)`(?=[ :]|$)", re.sub(r"\([^)]*\)", "", row)) for _, row in table]
    assert [int(number) for number, _ in table] == list(range(1, len(layers) + 1))
    assert [sorted(row) for row in rooms] == [sorted(layer) for layer in reversed(layers)]


def test_where_a_change_goes_names_files_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = text.split("### Where a change goes")[1].split("\n## ")[0]
    named = set(re.findall(r"`((?:[\w-]+/)*[\w-]+(?:/|\.(?:py|ts|md|toml)))`", table)) - {"__init__.py"}
    places = [ROOT, ROOT / "src" / "impasto", ROOT / "studio-page" / "src"]
    assert len(named) > 40
    assert sorted(n for n in named if not any((place / n).exists() for place in places)) == []
