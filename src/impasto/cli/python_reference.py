"""The page of the Python reference, generated from the docstrings.

``python -m impasto.cli.python_reference docs/python-reference.md`` updates it.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import impasto
from impasto import files

HEAD = """# Reference of Python

Made from the docstrings by `python -m impasto.cli.python_reference docs/python-reference.md`. The options
that `stylize` and `fast` take as keyword arguments are in [options.md](options.md); examples are in
[python.md](python.md).
"""


def page() -> str:
    """Return the whole page."""
    names = [name for name in impasto.__all__ if not name.startswith("_")]
    return HEAD + "".join(f"\n{part}" for name in names for part in _described(name, getattr(impasto, name)))


def _described(name: str, thing: Any) -> Iterator[str]:
    yield f"## {name}\n"
    if inspect.isclass(thing):
        yield _text(thing)
        for method, function in vars(thing).items():
            if not method.startswith("_") and callable(function):
                yield f"### {name}.{method}\n"
                yield from _called(method, function)
        return
    yield from _called(name, thing)


def _called(name: str, function: Any) -> Iterator[str]:
    own = inspect.signature(function)
    plain = [p for p in own.parameters.values() if p.name != "self"]
    shown = [_shown(p) for p in plain]
    for number, parameter in enumerate(plain):
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            shown.insert(number, "*")
            break
    lines = "".join(f"    {one},\n" for one in shown)
    returned = "" if own.return_annotation is own.empty else f" -> {own.return_annotation}"
    yield f"```text\n{name}(\n{lines}){returned}\n```\n"
    yield _text(function)


def _shown(parameter: inspect.Parameter) -> str:
    stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
    kind = "" if parameter.annotation is parameter.empty else f": {parameter.annotation}"
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{stars}{parameter.name}{kind}{default}"


def _text(thing: Any) -> str:
    """Return a docstring in Markdown."""
    text = inspect.getdoc(thing) or ""
    return re.sub("``(.+?)``", r"`\1`", text) + "\n"


def main(path: str) -> None:
    files.replace(Path(path), page().encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
