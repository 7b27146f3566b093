"""Installing, listing and removing plug-ins.

A plug-in's folder has a record of the files that were installed, with their digests: what a person has
changed since is neither overwritten nor removed unasked.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from impasto import files
from impasto.catalogue.lookup import styles
from impasto.errors import InputError, OutputError
from impasto.files.digests import of_bytes
from impasto.files.json_text import parse_json
from impasto.optimize.presets import PRESETS
from impasto.plugins.client import SETTINGS
from impasto.plugins.hosts import CLIENT, Host, is_sandboxed
from impasto.version import __version__

RECORD = ".impasto-plugin.json"
PAINTING_PRESETS = ("default", "draft", "best")
EXECUTABLE = frozenset(["impasto.py"])
"""Files that the host starts as programs of their own."""


@dataclass(frozen=True)
class Installed:
    """An installed plug-in: its folder, its version, the files that were changed or removed since."""

    folder: Path
    version: str
    changed: tuple[str, ...]


def settings(studio: str | None = None, token_file: Path | None = None) -> dict[str, object]:
    """Return the settings of a plug-in, as ``client.ClientSettings`` reads them.

    ``studio``: the address of a studio that paints in place of this Python's ``impasto``; ``token_file``: the
    file with its token. Raises InputError.
    """
    if studio is not None and not studio.startswith(("http://", "https://")):
        raise InputError(f"expected --studio to be an address such as http://127.0.0.1:8321; got {studio!r}")
    if token_file is not None and studio is None:
        raise InputError("--token-file is for a studio; expected --studio ADDRESS too")
    if token_file is not None and not token_file.is_file():
        raise InputError(
            f"expected --token-file to be a file with the studio's token; there is no {token_file}"
        )
    return {
        "command": [sys.executable, "-m", "impasto"],
        "studio": studio,
        "token_file": None if token_file is None else str(token_file.absolute()),
        "styles": {name: _title(card.title, card.artist) for name, card in styles().items()},
        "style_weights": {name: PRESETS[name].options.style_weight for name in PAINTING_PRESETS},
    }


def _title(title: str, artist: str) -> str:
    return f"{title} ({artist})" if artist else title


def contents(host: Host, values: Mapping[str, object]) -> dict[str, bytes]:
    """Return the files of a plug-in by their path in the folder for plug-ins."""
    inside = "" if (host.data / host.folder).is_dir() else f"{host.folder}/"
    found = {
        f"{inside}{path.relative_to(host.data).as_posix()}": path.read_bytes()
        for path in sorted(host.data.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }
    found[f"{host.folder}/client.py"] = CLIENT.read_bytes()
    text = json.dumps(values, indent=2, ensure_ascii=False)
    found[f"{host.folder}/{SETTINGS}"] = f"{text}\n".encode()
    return found


def install(
    host: Host,
    folder: Path,
    *,
    studio: str | None = None,
    token_file: Path | None = None,
    force: bool = False,
) -> Path:
    """Install the plug-in of ``host`` into ``folder``, its folder for plug-ins; return its own folder.

    ``force``: also overwrite files that were changed by others. Raises InputError and OutputError; nothing is
    written then.
    """
    if studio is None and host.title != "ComfyUI" and is_sandboxed(folder):
        raise InputError(
            f"this {host.title} runs in a sandbox (Flatpak or Snap) and cannot start impasto; start "
            "`impasto studio` and give its address: --studio http://127.0.0.1:8321"
        )
    new = contents(host, settings(studio, token_file))
    before = _record(folder / host.folder)
    foreign = sorted(
        name
        for name, data in new.items()
        if _digest(folder / name) not in (None, before.get(name), of_bytes(data))
    )
    if foreign and not force:
        raise OutputError(
            f"these files in {folder} were changed, or are not Impasto's: {', '.join(foreign)}; "
            "--force overwrites them"
        )
    files.make_folder(folder / host.folder, "the plug-in")
    for name, data in new.items():
        files.make_folder((folder / name).parent, "the plug-in")
        files.replace(folder / name, data)
        if Path(name).name in EXECUTABLE:
            (folder / name).chmod(0o755)
    _discard(folder, {name: digest for name, digest in before.items() if name not in new})
    record = {"version": __version__, "files": {name: of_bytes(data) for name, data in new.items()}}
    files.replace(folder / host.folder / RECORD, json.dumps(record, indent=2).encode())
    return folder / host.folder


def find_installed(host: Host, folder: Path) -> Installed | None:
    """Return the plug-in of ``host`` in ``folder``, its folder for plug-ins; None where there is none."""
    place = folder / host.folder
    recorded = _record(place)
    if not recorded:
        return None
    changed = tuple(sorted(name for name, digest in recorded.items() if _digest(folder / name) != digest))
    return Installed(place, _version(place), changed)


def remove(host: Host, folder: Path, *, force: bool = False) -> Path:
    """Remove the plug-in of ``host`` from ``folder`` and return where it was. Files of others stay.

    Raises InputError where it is not installed, and OutputError where files were changed and ``force`` is
    false; nothing is removed then.
    """
    found = find_installed(host, folder)
    if found is None:
        raise InputError(f"the plug-in for {host.title} is not installed in {folder}")
    changed = [name for name in found.changed if (folder / name).exists()]
    if changed and not force:
        raise OutputError(f"these files in {folder} were changed: {', '.join(changed)}; --force removes them")
    recorded = _record(found.folder)
    _discard(folder, {name: _digest(folder / name) or "" for name in recorded} if force else recorded)
    (found.folder / RECORD).unlink(missing_ok=True)
    for cache in found.folder.glob("__pycache__/*.pyc"):
        cache.unlink(missing_ok=True)
    for empty in (found.folder / "__pycache__", found.folder):
        with contextlib.suppress(OSError):
            empty.rmdir()
    return found.folder


def _discard(folder: Path, recorded: Mapping[str, str]) -> None:
    """Remove the recorded files that are as they were recorded."""
    for name, digest in recorded.items():
        if _digest(folder / name) == digest:
            try:
                (folder / name).unlink()
            except OSError as problem:
                raise files.cannot_write(folder / name, problem) from problem


def _record(place: Path) -> dict[str, str]:
    """Return the digests of the installed files; none where no plug-in is installed."""
    found = _read_record(place).get("files")
    if not isinstance(found, dict):
        return {}
    safe = {str(name): str(digest) for name, digest in found.items()}
    return {name: digest for name, digest in safe.items() if _is_inside(name)}


def _version(place: Path) -> str:
    return str(_read_record(place).get("version", "unknown"))


def _read_record(place: Path) -> dict[str, object]:
    try:
        found = parse_json((place / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_inside(name: str) -> bool:
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts


def _digest(path: Path) -> str | None:
    """Return the SHA-256 of a file; None where there is none."""
    try:
        return of_bytes(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise OutputError(f"cannot read {path}: {problem.strerror}") from problem
