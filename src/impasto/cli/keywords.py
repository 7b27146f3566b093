"""The types of the options as keyword arguments, for editors and type checkers.

``python -m impasto.cli.keywords src/impasto/pipelines/keywords.py`` updates them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from impasto import files
from impasto.imaging.read_options import ReadOptions
from impasto.inference.options import FastOptions
from impasto.jobs.inputs import inputs_for
from impasto.optimize.options import OptimizeOptions
from impasto.parameters import parameters
from impasto.pipelines.texture import NO_CONTENT

WIDTH = 110
HEAD = '''"""The options of painting as keyword arguments; made by ``python -m impasto.cli.keywords``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from impasto.catalogue.loader import StyleLike
from impasto.imaging.inputs import MaskLike
'''
INPUTS = {
    "masks": "MaskLike | Sequence[MaskLike] | None",
    "mask": "MaskLike | None",
    "style": "StyleLike | None",
}
"""The types of inputs other than photograph and styles, by their kinds."""
NO_TEXTURE = frozenset(["size", *NO_CONTENT, *inputs_for("optimize")])
_OF_PAINTINGS = frozenset(name for one in (OptimizeOptions, ReadOptions) for name, *_ in parameters(one))
CLASSES: tuple[tuple[str, str, Any, str, frozenset[str]], ...] = (
    ("TextureKeywords", "TypedDict", OptimizeOptions, "optimize", NO_TEXTURE),
    ("OptimizeKeywords", "TextureKeywords", OptimizeOptions, "optimize", _OF_PAINTINGS - NO_TEXTURE),
    ("FastKeywords", "TypedDict", FastOptions, "fast", frozenset()),
)
"""The classes, what they extend, their options, the engine, and the fields that each does not add."""
APART = ("encoder",)
"""Fields that are separate parameters."""


def text() -> str:
    """Return the source of the module of types, formatted as by ``ruff format``."""
    known: dict[str, str] = {}
    bodies = ["\n".join(_lines(n, base, options, e, w, known)) for n, base, options, e, w in CLASSES]
    imports = [_imported(m, sorted(n for n in known if known[n] == m)) for m in sorted(set(known.values()))]
    return HEAD + "\n".join(imports) + "\n\n\n" + "\n\n\n".join(bodies) + "\n"


def _imported(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    listed = "".join(f"    {name},\n" for name in names)
    return line if len(line) <= WIDTH else f"from {module} import (\n{listed})"


def _lines(
    name: str, base: str, options: Any, engine: str, without: Collection[str], known: dict[str, str]
) -> Iterator[str]:
    """Yield the lines of a class; the module of each type it uses is added to ``known``."""
    inputs = {field: one for field, one in inputs_for(engine).items() if field not in without}
    rest = "``ReadOptions`` and ``Inputs``" if inputs else "``ReadOptions``"
    some = "Fields" if without and base == "TypedDict" else "The fields"
    yield f"class {name}({base}, total=False):"
    yield f'    """{some} of ``{options.__name__}``, and those of {rest}."""'
    yield ""
    for one in (options, ReadOptions):
        module = sys.modules[one.__module__]
        for field, _, _ in parameters(one):
            if field in without:
                continue
            kind = one.__annotations__[field]
            for word in re.findall(r"[A-Z]\w*", kind):
                if word != "None" and word != "Mapping" and hasattr(module, word):
                    known.setdefault(word, one.__module__)
            if field not in APART:
                yield f"    {field}: {kind}"
    for field, described in inputs.items():
        yield f"    {field}: {INPUTS[described.kind]}"


def main(path: str) -> None:
    files.replace(Path(path), text().encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
