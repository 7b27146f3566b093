"""Atomic writes, digests, locks, and files on this machine or in stores. All files are written here."""

from impasto.files.local import (
    FULL,
    Draft,
    append,
    cannot_write,
    check_writable,
    is_full,
    make_folder,
    read_bounded,
    real_path,
    reason_of,
    replace,
    sweep,
    user_folder,
)
from impasto.files.protection import check_unprotected, protecting

__all__ = [
    "FULL",
    "Draft",
    "append",
    "cannot_write",
    "check_unprotected",
    "check_writable",
    "is_full",
    "make_folder",
    "protecting",
    "read_bounded",
    "real_path",
    "reason_of",
    "replace",
    "sweep",
    "user_folder",
]
