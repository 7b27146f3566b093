"""Pictures in folders, which may also hold macOS's companion files, dangling links and other files."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path, PurePath

from impasto.errors import PictureError
from impasto.files import reason_of
from impasto.imaging.formats import RAW_SUFFIXES, READABLE_SUFFIXES
from impasto.imaging.guard import ImagingWarning

FOREIGN_SUFFIXES = frozenset(
    (*RAW_SUFFIXES, ".psd", ".xcf", ".kra", ".jxl", ".jp2", ".j2k", ".svg", ".exr", ".hdr", ".tga", ".pdf")
).difference(READABLE_SUFFIXES)
"""The suffixes of pictures that cannot be read."""


def is_picture(name: str) -> bool:
    """Return True if a file's name is that of a picture, and not hidden like macOS's ._photo.jpg."""
    path = PurePath(name)
    return path.suffix.lower() in READABLE_SUFFIXES and not path.name.startswith(".")


def pictures_in(folder: Path, *, recursive: bool = False) -> list[Path]:
    """Return the pictures in ``folder``, sorted by name; with ``recursive``, also those in its subfolders.

    An ImagingWarning lists the pictures that are skipped: those of other formats, those in subfolders,
    and links to files that are not there. Raises PictureError for a folder that cannot be read.
    """
    try:
        inside = sorted(folder.rglob("*") if recursive else folder.iterdir())
    except OSError as error:
        raise PictureError(f"cannot read the folder {folder}: {reason_of(error)}") from error
    found = [path for path in inside if is_picture(path.name) and path.is_file()]
    dangling = [path for path in inside if is_picture(path.name) and path.is_symlink() and not path.exists()]
    foreign = [p for p in inside if p.suffix.lower() in FOREIGN_SUFFIXES and not p.name.startswith(".")]
    below = [] if recursive else [p for p in inside if p.is_dir() and _has_pictures(p)]
    passed = [
        *_counted(foreign, "picture of a format that is not read", "pictures of formats that are not read"),
        *_counted(dangling, "link to a missing file", "links to missing files"),
        *_counted(below, "subfolder with pictures (--recursive)", "subfolders with pictures (--recursive)"),
    ]
    if passed:
        warnings.warn(f"{folder}: skipped {'; '.join(passed)}", ImagingWarning, stacklevel=2)
    return found


def _has_pictures(folder: Path) -> bool:
    try:
        return not folder.name.startswith(".") and any(is_picture(path.name) for path in folder.iterdir())
    except OSError:
        return False


def _counted(paths: Iterable[Path], one: str, several: str) -> list[str]:
    names = [path.name for path in paths]
    if not names:
        return []
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return [f"{len(names)} {one if len(names) == 1 else several}: {shown}"]
