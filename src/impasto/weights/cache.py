"""The folders that hold networks: the weights folder, and the one inside the package."""

from __future__ import annotations

import atexit
import importlib.resources
import json
import os
import re
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

import platformdirs

from impasto import files
from impasto.errors import CorruptWeightsError, OptionError, OutputError
from impasto.files.json_text import parse_json

FOLDER_VARIABLE = "IMPASTO_WEIGHTS_DIR"
TAKES = f"a folder that takes files, or another in {FOLDER_VARIABLE}"
"""The expectation in errors about a weights folder that is not writable."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True)
class Stored:
    """The record of a network on this machine, stored in a JSON file beside it.

    ``sha256`` and ``size`` (bytes) are those of the stored file, ``source_sha256`` that of the file
    it was made from. ``convolutions`` is how many it holds and ``deepest`` the last ("conv5_4").
    """

    name: str
    architecture: str
    convention: str
    padding: str
    convolutions: int
    deepest: str
    licence: str
    source: str
    source_sha256: str
    sha256: str
    size: int

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Stored:
        """Parse a record. Raises ValueError or TypeError on text that is not one."""
        values = parse_json(text)
        kinds = {field.name: {"str": str, "int": int}[str(field.type)] for field in fields(cls)}
        if not isinstance(values, dict) or set(values) != set(kinds):
            raise ValueError(f"expected the fields {', '.join(kinds)}")
        wrong = [name for name, kind in kinds.items() if type(values[name]) is not kind]
        if wrong:
            raise TypeError(f"wrong type of {', '.join(wrong)}")
        return cls(**values)


def folder() -> Path:
    """Return the weights folder: ``IMPASTO_WEIGHTS_DIR``, or "weights" in the user's cache folder.

    Raises OutputError for a user without a home folder.
    """
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen).expanduser() if chosen.startswith("~") else Path(chosen)
    return files.user_folder(platformdirs.user_cache_path, FOLDER_VARIABLE) / "weights"


def make_folder() -> Path:
    """Return the weights folder, made if need be. Raises OutputError where it cannot be."""
    place = folder()
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.cannot_write(place, error, TAKES) from error
    return place


def check_name(name: str) -> str:
    """Return ``name`` if a network can be stored under it. Raises OptionError otherwise."""
    if _NAME.fullmatch(name):
        return name
    raise OptionError(
        "A network's name is made of lower-case letters, digits, '-', '_' and '.', beginning with a letter"
        f" or a digit; got {name!r}."
    )


def path(name: str) -> Path:
    """Return the path at which the network ``name`` is stored; it need not exist.

    Raises OptionError for a name that cannot be a file's.
    """
    return bundled_path() if name == "tiny" else folder() / f"{check_name(name)}.safetensors"


def record_path(network: Path) -> Path:
    """Return the JSON file beside the network file ``network``."""
    return network.with_suffix(".json")


def present(name: str) -> bool:
    """Return whether the network ``name`` is on this machine, ready for use."""
    try:
        network = path(name)
    except OutputError:  # without a folder there are no networks in it
        return False
    return network.is_file() and (name == "tiny" or record_path(network).is_file())


def stored_names() -> list[str]:
    """Return the names of all networks in the weights folder, sorted, without the bundled one."""
    try:
        names = sorted(file.stem for file in folder().glob("*.safetensors"))
    except OSError:  # OutputError, without a folder, included
        return []
    return [name for name in names if _NAME.fullmatch(name) and name != "tiny" and present(name)]


def read_record(network: Path) -> Stored:
    """Return the record of the network file ``network``.

    Raises CorruptWeightsError when it is absent or is not such a record.
    """
    place = record_path(network)
    try:
        return Stored.from_json(place.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError) as error:
        raise CorruptWeightsError(
            f"expected {place} to record what {network.name} should be; it cannot be read: {error}"
        ) from error


@cache
def bundled_path() -> Path:
    """Return the file of the bundled network; a temporary one if the package is in a zip file."""
    resource = importlib.resources.files("impasto.weights") / "data" / "tiny.safetensors"
    if isinstance(resource, Path):
        return resource
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(importlib.resources.as_file(resource))
