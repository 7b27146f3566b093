"""The presets of the documents do what the documents say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from impasto.optimize.presets import PRESETS

PAGE = (Path(__file__).parents[1] / "docs" / "presets.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.partition("## What the documents say")[2].partition("\n## ")[0].splitlines()
    if line.startswith("| ") and "| document |" not in line
]


def value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


@pytest.mark.parametrize(
    ("document", "statement", "preset", "options"), ROWS, ids=[f"{row[2]} {row[1]}" for row in ROWS]
)
def test_every_statement_is_carried_out_by_its_preset(
    document: str, statement: str, preset: str, options: str
) -> None:
    chosen = PRESETS[preset.strip("`")]
    said = re.findall(r"`([a-z_0-9]+)=([^`]+)`", options)
    assert said, (document, statement)
    found = {"save_every": chosen.save_every} | json.loads(json.dumps(chosen.options.to_dict()))
    assert {name: found[name] for name, _ in said} == {name: value(text) for name, text in said}


def test_every_document_has_its_statements() -> None:
    assert len({row[0] for row in ROWS}) == 5
