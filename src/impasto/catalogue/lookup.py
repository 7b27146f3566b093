"""The named styles, and the only place that decides whether a style is a name or a path. Free of torch."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from impasto.catalogue.cards import SUFFIX, StyleCard, read_card
from impasto.errors import InputError, StyleError, did_you_mean
from impasto.files import places, reason_of

_NETWORKS = (".safetensors", ".onnx")
_WEIGHTED = re.compile(r"(.+):([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)", re.DOTALL)


@dataclass(frozen=True)
class StyleSource:
    """The source of a style given as a string.

    ``kind``: a style that comes with the package ("named"), a style file, a picture, a folder of pictures, or
    a file in a store ("address"). ``place``: its path or address.
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


def split_weight(text: str) -> tuple[str, float | None]:
    """Return the style and the weight in ``STYLE:WEIGHT``; None where there is no weight.

    The weight is the number after the last colon, unless a file is called ``text`` or the number is the port
    of an address.
    """
    match = _WEIGHTED.fullmatch(text)
    if match is None or _is_there(text):
        return text, None
    name, weight = match.groups()
    if places.is_address(name) and "/" not in name.partition("://")[2]:
        return text, None
    return name, float(weight)


def _is_there(text: str) -> bool:
    return places.exists(text) if places.is_address(text) else places.is_there(Path(places.plain(text)))


def find_style(name: str) -> StyleSource:
    """Return the style that ``name`` refers to; existing files take precedence over named styles.

    Raises StyleError if it is neither, or the file of a network; InputError if it cannot be read.
    """
    name = places.plain(name)
    if not name.partition(":")[0]:
        raise StyleError(f"expected a style: a name, a path or a picture; got {name or 'an empty name'}")
    if (alone := split_weight(name)[0]) != name:
        raise StyleError(f"expected a style without a weight, {alone}; got {name}")
    if places.is_address(name):
        if not places.exists(name):
            raise StyleError(f"expected a picture or a style file at {name}; there is no file")
        return StyleSource("address", name)
    path = Path(name)
    refuse_network(path)
    found = named_or_path(name)
    if found != path:
        return StyleSource("named", str(found))
    if path.is_dir():
        return StyleSource("folder", name)
    if path.exists():
        return StyleSource("file" if path.suffix.lower() == SUFFIX else "picture", name)
    before, colon, weight = name.rpartition(":")
    if colon and (before in named_styles() or places.is_there(Path(before))):
        raise StyleError(f"expected a number for the weight of {before}; got {weight!r}")
    if path.suffix:
        raise StyleError(f"there is no file {name}; expected a painting, a style file, or a named style")
    raise StyleError(unknown_style(name, named_styles()))


def named_or_path(name: str) -> Path:
    """Return the path ``name`` if something is there or no style has that name, else that style's file.

    Raises InputError for a path that cannot be looked at.
    """
    if is_named(name):
        return named_styles()[name]
    path = Path(name)
    try:
        path.exists()
    except (OSError, ValueError) as error:  # such as a name too long to be one, or with a NUL
        raise InputError(f"cannot read {name[:40]!r}: {reason_of(error)}") from error
    return path


def is_named(name: str, folder: Path | None = None, known: Collection[str] | None = None) -> bool:
    """Return True if ``name`` is one of the ``known`` styles and no file has that name.

    ``folder``: the folder that a path is relative to, the current one by default. ``known``: by default, the
    styles that come with the package.
    """
    path = Path(name) if folder is None else folder / name
    return name in (named_styles() if known is None else known) and not places.is_there(path)


def check_painting(painting: object) -> None:
    """Raise InputError if ``painting`` is a named style or a style file, which have no picture; anything but
    a string or a path passes."""
    if not isinstance(painting, (str, Path)):
        return
    name = str(painting)
    what = "a named style" if is_named(name) else "a style file" if name.lower().endswith(SUFFIX) else None
    if what is not None:
        raise InputError(
            f"expected the picture of a painting; got {name}, {what}, which holds statistics but no picture"
        )


def unknown_style(name: str, known: Mapping[str, Any]) -> str:
    """Return the message for a style that is not among those ``known``, with similar names."""
    plain = name.lower().replace("_", "-").replace(" ", "-")
    more = did_you_mean(plain, known, f"the named styles are {', '.join(known)}")
    return f"unknown style {name!r}{more}"


def refuse_network(path: Path) -> None:
    """Raise StyleError if ``path``, given as a style, is the file of a network."""
    suffix = path.suffix.lower()
    if suffix in _NETWORKS:
        more = f"; impasto fast PHOTO --model {path} -o OUT paints with it" if suffix == ".onnx" else ""
        raise StyleError(
            f"{path} is a network, not a style: expected a painting or a style file, as made by "
            f"`impasto style` and `impasto train`{more}"
        )
