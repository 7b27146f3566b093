"""Links that show a picture or a film to others: their addresses, signed with the studio's secret, and what
they show."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from impasto.studio.settings import Settings, secret_of
from impasto.studio.state import JobRecord, LinkRecord, State
from impasto.studio.state.storage import FILM, SHOWN, Storage

ID_LETTERS, SIGNATURE_DIGITS = 22, 32


def new_link_id() -> str:
    """Return an unguessable id: 132 random bits as 22 letters."""
    return secrets.token_urlsafe(17)[:ID_LETTERS]


def link_code(settings: Settings, link: LinkRecord) -> str:
    """Return what stands in the address of ``link``: its id, and 128 bits of HMAC-SHA256 as 32 hex digits.

    The signature is over all of the record, so that neither a stolen database nor one tampered with shows a
    picture.
    """
    said = f"link:{link.id}:{link.owner}:{link.job}:{link.expires!r}"
    signature = hmac.new(secret_of(settings), said.encode(), hashlib.sha256).hexdigest()
    return link.id + signature[:SIGNATURE_DIGITS]


def is_signed(settings: Settings, link: LinkRecord, code: str) -> bool:
    """Return whether ``code`` is that of ``link``, compared in constant time."""
    return hmac.compare_digest(link_code(settings, link).encode(), code.encode())


def shown_film(storage: Storage, id: str) -> Path:
    """Return the path of the film that links to the job ``id`` show; it is there once one has been made."""
    return storage.job(id) / SHOWN


def prepare_film(storage: Storage, state: State, job: JobRecord) -> None:
    """Write the film of ``job`` without its tags, unless it is there; it counts as its owner's from then on.

    The film itself keeps the tags of the clip it was painted from, such as the place where that was taken.
    Raises InputError, OutputError.
    """
    target = shown_film(storage, job.id)
    if not target.is_file():
        from impasto.clips.without_metadata import write_without_metadata

        write_without_metadata(storage.job(job.id) / FILM, target)
        state.jobs.note_size(job.owner, job.id, storage.size(job.id))
