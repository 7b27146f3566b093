"""The metadata of a style file, read without its statistics and without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from impasto.errors import StyleError
from impasto.files.json_text import parse_json
from impasto.parameters import shortened

FORMAT = 1
SUFFIX = ".style"
_ENTRIES = ("title", "artist", "year", "licence", "paintings", "encoder")


@dataclass(frozen=True)
class StyleCard:
    """The metadata of a style file. ``training``: how its network was refined for the style, if it has
    one."""

    title: str
    artist: str = ""
    year: str = ""
    licence: str = ""
    paintings: tuple[str, ...] = ()
    encoder: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    def to_json(self) -> str:
        """Return the card as the text in a style file's metadata."""
        entries = asdict(self)
        if not self.training:
            del entries["training"]
        return json.dumps(entries, ensure_ascii=False)


def read_card(path: Path) -> StyleCard:
    """Return the card of the style file at ``path``, without reading its statistics.

    Raises StyleError if it is not a style file, is damaged, or has an unknown version.
    """
    try:
        with path.open("rb") as stream:  # safetensors: a length, a JSON header, the tensors
            header = parse_json(stream.read(int.from_bytes(stream.read(8), "little")))
        text = header.get("__metadata__", {}).get("impasto")
    except (OSError, ValueError, AttributeError, MemoryError, OverflowError) as error:
        raise StyleError(f"{path} is not a style file: {error}") from error
    if text is None:
        raise StyleError(f"{path} is a safetensors file, but not a style file made by `impasto style`")
    return parse_card(text, path)


def parse_card(text: str, path: Path) -> StyleCard:
    """Return the card in the JSON metadata of a style file. Raises StyleError."""
    try:
        card = _card(text)
    except ValueError as damage:
        raise StyleError(
            f"{path} is a damaged style file: {damage}; measure it again with `impasto style`"
        ) from None
    if card.format != FORMAT:
        raise StyleError(
            f"{path} has style format {shortened(card.format)}; this version of impasto reads format {FORMAT}"
        )
    return card


def _card(text: str) -> StyleCard:
    """Return the card in a file's metadata; for another format, only its number. Raises ValueError."""
    try:
        values = parse_json(text)
    except ValueError as error:
        raise ValueError("its description is not JSON") from error
    if not isinstance(values, dict):
        raise ValueError("expected an object as its description")
    if values.get("format") != FORMAT:
        return StyleCard("", format=values.get("format", 0))
    kinds: dict[str, type] = {"encoder": dict, "paintings": list, "training": dict}
    kinds = {name: kinds.get(name, str) for name in (*_ENTRIES, *(values.keys() & {"training"}))}
    for name, kind in kinds.items():
        if not isinstance(values.get(name), kind):
            raise ValueError(f"its description has no {name}, or a wrong one")
    unknown = sorted(values.keys() - kinds.keys() - {"format"})
    if unknown:
        raise ValueError(f"its description has an unknown entry, {shortened(unknown[0])}")
    return StyleCard(**{**values, "paintings": tuple(map(str, values["paintings"]))})
