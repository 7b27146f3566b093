"""Files and folders, on this machine and in stores: written whole or not at all, and only here."""

from impasto.files.local import (
    Draft,
    append,
    cannot_write,
    check_writable,
    make_folder,
    reason_of,
    replace,
    sweep,
)

__all__ = [
    "Draft",
    "append",
    "cannot_write",
    "check_writable",
    "make_folder",
    "reason_of",
    "replace",
    "sweep",
]
