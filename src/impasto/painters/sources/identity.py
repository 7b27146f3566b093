"""Digests of inputs in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from impasto.catalogue.files import FileStyle
from impasto.catalogue.measured import CollectionStyle, PictureStyle
from impasto.errors import InputError
from impasto.imaging.inputs import kind_of
from impasto.types import Picture


def fingerprint(things: Iterable[object]) -> str:
    """Return the SHA-256 of pictures, masks and styles in memory, in their order.

    Raises InputError for a style of another type.
    """
    digest = hashlib.sha256()

    def add(thing: object) -> None:
        if isinstance(thing, np.ndarray):
            digest.update(f"array {thing.dtype} {thing.shape}".encode())
            digest.update(np.ascontiguousarray(thing).tobytes())
        elif isinstance(thing, Picture):
            digest.update(f"picture {thing.bits} {thing.alpha is not None}".encode())
            add(thing.pixels)
            for plane in (thing.alpha, thing.headroom):
                if plane is not None:
                    add(plane)
        elif isinstance(thing, PictureStyle):
            digest.update(f"style {thing.sizing} {thing.resampling} {thing.rounding}".encode())
            add(thing.picture)
        elif isinstance(thing, CollectionStyle):
            digest.update(f"styles {len(thing.members)}".encode())
            for member in thing.members:
                add(member)
        elif isinstance(thing, FileStyle):
            for name in sorted(thing.tensors):
                digest.update(name.encode())
                add(thing.tensors[name])
        else:
            raise InputError(
                "a checkpoint stores a digest of its inputs: expected styles that are paths, pictures or "
                f"style files; got {kind_of(thing)}"
            )

    for thing in things:
        add(thing)
    return digest.hexdigest()
