"""The styles of a gallery network, and what its file says of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from impasto.errors import CorruptWeightsError, InputError
from impasto.files.json_text import parse_json
from impasto.parameters import shown

FORMAT = 1
KIND = "gallery"
ONE_STYLE = "johnson2016"
"""The kind of a network of one style, which has no rows: what it paints cannot be chosen."""
KEY = "impasto"
"""The entry of an ONNX or safetensors file's metadata that ``describe`` makes."""


@dataclass(frozen=True)
class FastStyle:
    """One style: ``name`` in kebab-case, and the work it was learnt from."""

    name: str
    title: str
    artist: str = ""
    year: str = ""
    licence: str = ""


def rows_of(styles: Sequence[FastStyle]) -> int:
    """Return the rows of a network's table for ``styles``: the photograph's, and two for each (see
    network.py).
    """
    return 1 + 2 * len(styles)


def describe(styles: Sequence[FastStyle], extra: Mapping[str, Any] | None = None, kind: str = KIND) -> str:
    """Return the metadata of a network's file, as JSON; ``extra`` is kept beside the styles.

    Raises InputError for styles without a name, or two of one name.
    """
    names = [style.name for style in styles]
    if not all(names) or len(set(names)) != len(names):
        raise InputError(f"expected a name of its own for each style; got {', '.join(map(repr, names))}")
    about = {"kind": kind, "format": FORMAT, "styles": [asdict(style) for style in styles]}
    return json.dumps(dict(extra or {}) | about, ensure_ascii=False)


def kind_of(text: str | None) -> str | None:
    """Return the kind of network that ``describe`` was told; None for what it did not make."""
    try:
        about = parse_json(text or "")
    except ValueError:
        return None
    kind = about.get("kind") if isinstance(about, dict) else None
    return kind if isinstance(kind, str) else None


def understand(
    text: str | None, source: str, kind: str = KIND
) -> tuple[tuple[FastStyle, ...], dict[str, Any]]:
    """Return the styles and the rest of what ``describe`` made. ``source`` is what errors call the file.

    Raises CorruptWeightsError where it is something else, or not of ``kind``.
    """
    if text is None:
        raise CorruptWeightsError(
            f"expected a gallery network, made by impasto train or impasto export; {source} is something else"
        )
    try:
        about = dict(parse_json(text))
        found, number = about.pop("kind", None), about.pop("format", None)
        if found != kind:
            raise CorruptWeightsError(f"expected a {kind} network; {source} is of the kind {shown(found)}")
        if number != FORMAT:
            raise CorruptWeightsError(
                f"expected a {kind} network of format {FORMAT}, which this version of impasto reads; "
                f"{source} has format {shown(number)}"
            )
        styles = tuple(FastStyle(**entry) for entry in about.pop("styles"))
    except (ValueError, TypeError, KeyError) as problem:
        raise CorruptWeightsError(
            f"expected a {kind} network's styles in the metadata of {source}; they are damaged ({problem})"
        ) from problem
    return styles, about
