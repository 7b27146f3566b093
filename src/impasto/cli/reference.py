"""The tables of docs/options.md, generated from the options' fields.

``python -m impasto.cli.reference docs/options.md`` updates them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from impasto import files
from impasto.cli.choices import flags, shown_default
from impasto.imaging.read_options import ReadOptions
from impasto.inference.options import FastOptions
from impasto.jobs.inputs import Inputs
from impasto.jobs.outputs import SaveOptions
from impasto.optimize.options import OptimizeOptions
from impasto.parameters import parameters
from impasto.pipelines.video.options import FilmOptions

BEGIN, END = "<!-- tables: python -m impasto.cli.reference docs/options.md -->\n", "<!-- end of tables -->\n"


def tables() -> str:
    """Return the tables of all options in Markdown, one for each group."""
    optimise = _by_group(OptimizeOptions)
    fast = _table("Fast networks (`impasto fast`, `impasto.FastOptions`)", list(_rows(FastOptions)))
    film = _table("Films (`impasto video`, `impasto.FilmOptions`)", list(_rows(FilmOptions)))
    inputs = _table("Inputs (`impasto stylize`, `fast`, `batch`, and Python)", list(_rows(Inputs)))
    save = _table("Writing paintings (`impasto stylize`, `fast`, `batch`)", list(_rows(SaveOptions)))
    readers = "`impasto stylize`, `fast`, `batch`, `resume`, `texture`, `explain`"
    read = _table(f"Reading pictures ({readers})", list(_rows(ReadOptions)))
    paint = (_table(group or "Painting", rows) for group, rows in optimise.items())
    return "\n".join([inputs, *paint, fast, film, read, save])


def _by_group(options: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for (_, described, _), row in zip(parameters(options), _rows(options), strict=True):
        found.setdefault(described.group, []).append(row)
    return found


def _rows(options: Any) -> Iterator[str]:
    for name, described, default in parameters(options):
        spelt = ", ".join(f"`{flag.strip(' /')}`" for flag in flags(name, described))
        yield f"| `{name}` | {spelt} | {shown_default(described, default)} | {described.help} |"


def _table(heading: str, rows: list[str]) -> str:
    head = "| field | option | default | meaning |\n|---|---|---|---|\n"
    return f"## {heading}\n\n{head}" + "".join(f"{row}\n" for row in rows)


def page(text: str) -> str:
    """Return ``text`` with the tables between its markers replaced."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables()}\n{END}{rest.partition(END)[2]}"


def main(path: str) -> None:
    place = Path(path)
    files.replace(place, page(place.read_text(encoding="utf-8")).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
