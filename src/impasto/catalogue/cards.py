"""The named styles, what a style file says of itself, and what a text given as a style stands for.

Without torch. ``find_style`` is the only place that decides between a name and a path.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from impasto.errors import InputError, StyleError
from impasto.files import places

FORMAT = 1
SUFFIX = ".style"
_NETWORKS = (".safetensors", ".onnx")
_ENTRIES = ("title", "artist", "year", "licence", "paintings", "encoder")


@dataclass(frozen=True)
class StyleCard:
    """The metadata of a style file."""

    title: str
    artist: str = ""
    year: str = ""
    licence: str = ""
    paintings: tuple[str, ...] = ()
    encoder: Mapping[str, Any] = field(default_factory=dict)
    format: int = FORMAT


@dataclass(frozen=True)
class StyleSource:
    """The source of a style given as text.

    ``kind``: a style that comes with the package ("named"), a style file, a picture, a folder of pictures,
    or what lies in a store ("address"). ``place``: its path or address.
    """

    kind: Literal["named", "file", "picture", "folder", "address"]
    place: str

    @property
    def path(self) -> Path:
        return Path(self.place)


def named_styles() -> dict[str, Path]:
    """Return the styles that come with the package: name to file."""
    with resources.as_file(resources.files("impasto.catalogue") / "data") as folder:
        return {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def styles() -> dict[str, StyleCard]:
    """Return the styles that come with the package: name to card."""
    return {name: read_card(path) for name, path in named_styles().items()}


def find_style(name: str) -> StyleSource:
    """Return what ``name`` stands for: what lies there comes before a named style.

    Raises StyleError for what is neither, and for a network's file; InputError where it cannot be looked at.
    """
    if places.is_address(name):
        if not places.exists(name):
            raise StyleError(f"expected a picture or a style file at {name}; there is no file")
        return StyleSource("address", name)
    path = Path(name)
    refuse_network(path)
    try:
        is_folder, is_there = path.is_dir(), path.exists()
    except OSError as error:  # such as a name too long to be one
        raise InputError(f"cannot read {name[:40]}: {error.strerror or error}") from error
    if is_there:
        kind = "folder" if is_folder else "file" if path.suffix.lower() == SUFFIX else "picture"
        return StyleSource(kind, name)  # type: ignore[arg-type]
    named = named_styles()
    if name in named:
        return StyleSource("named", str(named[name]))
    if path.suffix:
        raise StyleError(f"there is no file {name}; expected a painting, a style file, or a named style")
    raise StyleError(unknown_style(name, named))


def unknown_style(name: str, known: Mapping[str, Any]) -> str:
    """Return the message for a style that is not among those ``known``, with the nearest ones."""
    near = get_close_matches(name.lower().replace("_", "-").replace(" ", "-"), list(known), 1)
    more = f'did you mean "{near[0]}"?' if near else f"the named styles are {', '.join(known)}"
    return f'unknown style "{name}"; {more}'


def refuse_network(path: Path) -> None:
    """Raise StyleError where ``path`` is a network's file, given as a style."""
    if path.suffix.lower() in _NETWORKS:
        raise StyleError(
            f"{path} is a network, as of `impasto train`, and no style: expected a painting or a style file; "
            f"impasto fast PHOTO --model {path} -o OUT paints with it"
        )


def read_card(path: Path) -> StyleCard:
    """Return what the style file at ``path`` says of itself, without reading its numbers.

    Raises StyleError when it is not one, is damaged, or of an unknown version.
    """
    try:
        with path.open("rb") as stream:  # safetensors: a length, a JSON header, the tensors
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        text = header.get("__metadata__", {}).get("impasto")
    except (OSError, ValueError, AttributeError, MemoryError, OverflowError) as error:
        raise StyleError(f"{path} is not a style file: {error}") from error
    if text is None:
        raise StyleError(f"{path} is a safetensors file, but not a style file made by `impasto style`")
    return parse_card(text, path)


def parse_card(text: str, path: Path) -> StyleCard:
    """Return the card that the metadata of a style file hold as JSON. Raises StyleError."""
    try:
        card = _card(text)
    except ValueError as damage:
        raise StyleError(
            f"{path} is a damaged style file: {damage}; measure it again with `impasto style`"
        ) from None
    if card.format != FORMAT:
        raise StyleError(
            f"{path} has style format {card.format}; this version of impasto reads format {FORMAT}"
        )
    return card


def _card(text: str) -> StyleCard:
    """Return the card in a file's metadata; of another format, only its number. Raises ValueError."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ValueError("its description is no JSON") from error
    if not isinstance(values, dict):
        raise ValueError("expected an object as its description")
    if values.get("format") != FORMAT:
        return StyleCard("", format=values.get("format", 0))
    kinds = {name: dict if name == "encoder" else list if name == "paintings" else str for name in _ENTRIES}
    for name, kind in kinds.items():
        if not isinstance(values.get(name), kind):
            raise ValueError(f"its description lacks {name}, or has it as something else")
    unknown = sorted(values.keys() - kinds.keys() - {"format"})
    if unknown:
        raise ValueError(f"its description has an entry {unknown[0]}, which is unknown")
    return StyleCard(**{**values, "paintings": tuple(map(str, values["paintings"]))})
