"""The styles of fast networks in the metadata of their ONNX files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from impasto.errors import CorruptWeightsError
from impasto.files.json_text import parse_json

FORMAT = 1
ONE_STYLE = "johnson2016"
"""The kind of a network of one style."""
KEY = "impasto"
"""The entry of an ONNX file's metadata that ``describe`` makes."""


@dataclass(frozen=True)
class FastStyle:
    """One style: its ``name``, and the work on which it was trained."""

    name: str
    title: str
    artist: str = ""
    year: str = ""
    licence: str = ""


def describe(style: FastStyle, precision: str) -> str:
    """Return the metadata of a network of one style, as JSON."""
    about = {"kind": ONE_STYLE, "format": FORMAT, "precision": precision, "styles": [asdict(style)]}
    return json.dumps(about, ensure_ascii=False)


def understand(text: str | None, source: str) -> FastStyle:
    """Return the style in metadata made by ``describe``. ``source``: the file's name in errors.

    Raises CorruptWeightsError for anything else.
    """
    wanted = f"expected a network of one style, made by impasto export, in {source}"
    if text is None:
        raise CorruptWeightsError(f"{wanted}; it is something else")
    try:
        about = dict(parse_json(text))
        kind, number = about.get("kind"), about.get("format")
        if kind != ONE_STYLE:
            raise CorruptWeightsError(f"{wanted}; it is of the kind {kind!r}")
        if number != FORMAT:
            raise CorruptWeightsError(f"{wanted}, of format {FORMAT}; it has format {number!r}")
        (entry,) = about["styles"]
        style = FastStyle(**{name: str(value) for name, value in dict(entry).items()})
    except (ValueError, TypeError, KeyError) as problem:
        raise CorruptWeightsError(f"{wanted}; its metadata are damaged ({problem})") from problem
    if not style.name:
        raise CorruptWeightsError(f"{wanted}; its style has no name")
    return style
