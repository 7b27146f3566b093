"""The programs that have a plug-in, and the folders in which they look for it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from impasto.errors import InputError, OutputError

DATA = Path(__file__).parent / "data"
CLIENT = Path(__file__).with_name("client.py")
GIMP_VERSION = re.compile(r"3\.\d+")


@dataclass(frozen=True)
class System:
    """The parts of a machine that decide where programs keep their files: ``platform`` as in
    ``sys.platform``, the home folder, the environment."""

    platform: str
    home: Path
    environment: Mapping[str, str]

    @classmethod
    def here(cls) -> System:
        """Return this machine. Raises OutputError for a user without a home folder."""
        try:
            return cls(sys.platform, Path.home(), os.environ)
        except RuntimeError as problem:
            raise OutputError("this user has no home folder: expected HOME, or --folder FOLDER") from problem

    def folder(self, variable: str, default: str) -> Path:
        """Return the folder in the environment's ``variable``, or ``default`` in the home folder."""
        given = self.environment.get(variable, "")
        return Path(given) if given else self.home / default


@dataclass(frozen=True)
class Host:
    """A program with a plug-in.

    title: its name. data: the plug-in's files. folder: what the plug-in's folder is called. home: what the
    program's own folder is, for messages. candidates: the program's folders on a system, best first.
    inside: the folder for plug-ins in it; required: it is always there. then: what the user does after
    installing.
    """

    title: str
    data: Path
    folder: str
    home: str
    candidates: Callable[[System], Iterator[Path]]
    inside: str
    required: bool
    then: str


def _gimp(system: System) -> Iterator[Path]:
    if given := system.environment.get("GIMP3_DIRECTORY"):
        yield Path(given)
    for above in (*_settings_folders(system), system.home / ".var/app/org.gimp.GIMP/config"):
        versions = [one for one in _listed(above / "GIMP") if GIMP_VERSION.fullmatch(one.name)]
        yield from sorted(versions, key=lambda one: int(one.name[2:]), reverse=True)


def _settings_folders(system: System) -> Iterator[Path]:
    if system.platform == "win32":
        yield system.folder("APPDATA", "AppData/Roaming")
    elif system.platform == "darwin":
        yield system.home / "Library/Application Support"
    else:
        yield system.folder("XDG_CONFIG_HOME", ".config")
        yield system.home / "snap/gimp/current/.config"


def _krita(system: System) -> Iterator[Path]:
    if system.platform == "win32":
        yield system.folder("APPDATA", "AppData/Roaming") / "krita"
    elif system.platform == "darwin":
        yield system.home / "Library/Application Support/krita"
    else:
        yield system.folder("XDG_DATA_HOME", ".local/share") / "krita"
        yield system.home / ".var/app/org.kde.krita/data/krita"
        yield system.home / "snap/krita/current/.local/share/krita"


def _comfyui(system: System) -> Iterator[Path]:
    if given := system.environment.get("COMFYUI_PATH"):
        yield Path(given)
    for place in ("ComfyUI", "comfy/ComfyUI", "Documents/ComfyUI"):
        if (system.home / place / "custom_nodes").is_dir():
            yield system.home / place


def _listed(folder: Path) -> list[Path]:
    try:
        return [one for one in folder.iterdir() if one.is_dir()]
    except OSError:
        return []


HOSTS = {
    "gimp": Host(
        "GIMP 3",
        DATA / "gimp",
        "impasto",
        "GIMP 3's folder of settings, such as ~/.config/GIMP/3.0",
        _gimp,
        "plug-ins",
        False,
        "start GIMP again; the plug-in is Filters > Artistic > Impasto",
    ),
    "krita": Host(
        "Krita",
        DATA / "krita",
        "impasto_docker",
        "Krita's folder of resources, such as ~/.local/share/krita",
        _krita,
        "pykrita",
        False,
        "start Krita again, switch the plug-in on (Settings > Configure Krita > Python Plugin Manager), "
        "start Krita once more; the docker is Settings > Dockers > Impasto",
    ),
    "comfyui": Host(
        "ComfyUI",
        DATA / "comfyui",
        "impasto",
        "ComfyUI's folder, which has custom_nodes inside",
        _comfyui,
        "custom_nodes",
        True,
        "start ComfyUI again; the nodes are in the category impasto",
    ),
}


def find_host(name: str) -> Host:
    """Return a host by its name. Raises InputError."""
    if name not in HOSTS:
        raise InputError(f"unknown program {name!r}; expected one of {', '.join(HOSTS)}")
    return HOSTS[name]


def plugins_folder(host: Host, given: Path | None = None, system: System | None = None) -> Path:
    """Return the folder in which ``host`` looks for plug-ins.

    ``given``: the program's own folder, where it is none of the usual ones. Raises InputError where the
    program's folder is not there.
    """
    if given is not None:
        folder = given if given.name == host.inside else given / host.inside
        if not given.is_dir() or (host.required and not folder.is_dir()):
            raise InputError(
                f"there is no folder {folder if given.is_dir() else given}; expected {host.home}"
            )
        return folder
    searched = list(host.candidates(system or System.here()))
    for folder in searched:
        if folder.is_dir():
            return folder / host.inside
    looked = f"; looked at {', '.join(map(str, searched))}" if searched else ""
    raise InputError(
        f"{host.title} has no folder here{looked}. If it is installed, start it once, or give --folder "
        f"FOLDER: {host.home}"
    )


def is_sandboxed(folder: Path) -> bool:
    """Return whether a program with plug-ins in ``folder`` runs in a sandbox (Flatpak, Snap), from which it
    cannot start other programs."""
    parts = folder.parts
    return ".var" in parts or "snap" in parts
