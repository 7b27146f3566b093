"""Atomic writing, digests, locks, and files on this machine or in stores; nothing else writes files."""

from impasto.files.local import (
    Draft,
    append,
    cannot_write,
    check_writable,
    make_folder,
    reason_of,
    replace,
    sweep,
    user_folder,
)
from impasto.files.protection import check_unprotected, protecting

__all__ = [
    "Draft",
    "append",
    "cannot_write",
    "check_unprotected",
    "check_writable",
    "make_folder",
    "protecting",
    "reason_of",
    "replace",
    "sweep",
    "user_folder",
]
