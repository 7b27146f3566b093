"""Names of results from templates, such as {name}-{style}."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Mapping
from pathlib import Path

from impasto.errors import OptionError
from impasto.files.places import is_address, name_of

BESIDE = "{folder}/{name}.impasto.{ext}"
"""The template of a result without a name: beside its photograph."""
PAIRED = "{name}-{style}"
"""The template of the results of a batch, in their folder, without suffix."""
LONGEST = 230
"""Bytes of the name of a result; file systems take 255, and a number may be added, and the suffixes of the
checkpoint and its lock."""


def filled(template: str, fields: Mapping[str, str], *, option: str = "--output-template") -> str:
    """Return ``template`` with ``fields`` in it. Raises OptionError for one that cannot be filled in."""
    known = ", ".join(f"{{{name}}}" for name in fields)
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise OptionError(f"expected {option} with fields {known}; got {template!r} ({error})") from None
    for _, name, form, conversion in parts:
        if name is not None and (name not in fields or form or conversion):
            raise OptionError(f"expected {option} with fields {known}; got {{{name}}} in {template!r}")
    found = template.format(**fields)
    if not found.strip():
        raise OptionError(f"expected {option} with fields {known}; got {template!r}")
    return found


def fitted(
    template: str, fields: Mapping[str, str], suffix: str = "", *, option: str = "--output-template"
) -> str:
    """Return ``filled``, with {name} and {style} cut, the longer one first, while the file's name, with
    ``suffix``, would be too long."""
    cut = dict(fields)
    while True:
        found = filled(template, cut, option=option)
        longest = max(("name", "style"), key=lambda field: len(cut[field]))
        if len(os.fsencode(Path(found).name + suffix)) <= LONGEST or not cut[longest]:
            return found
        cut[longest] = cut[longest][:-1]


def plain(label: str) -> str:
    """Return ``label`` without letters that names of files should not have everywhere."""
    return re.sub(r"[/\\:\x00-\x1f\x7f]", "_", label)


def named(template: str, photo: str, styles: str, size: object, ext: str = "png") -> Path:
    """Return the place of the painting of ``photo``, in ``styles``. Raises OptionError."""
    is_local = bool(photo) and not is_address(photo)
    fields = {
        "folder": str(Path(photo).parent) if is_local else ".",
        "name": Path(name_of(photo)).stem if photo else "impasto",
        "style": styles,
        "size": "x".join(map(str, size)) if isinstance(size, tuple) else str(size or "own"),
        "ext": ext.lower().removeprefix("."),
    }
    return Path(fitted(template, fields))
