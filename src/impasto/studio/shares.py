"""Links that show a picture or a film to others: their addresses, signed with the studio's secret, and their
contents."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from pathlib import Path

from impasto.errors import InputError
from impasto.studio.settings import Settings, secret_of
from impasto.studio.state import JobRecord, LinkRecord, RefusalError, State
from impasto.studio.state.storage import FILM, SHOWN, Storage

log = logging.getLogger("impasto.studio.shares")
ID_LETTERS, SIGNATURE_DIGITS = 22, 32
GONE = "the film's file on the server is damaged or missing: paint it again"


def new_link_id() -> str:
    """Return an unguessable id: 132 random bits as 22 letters."""
    return secrets.token_urlsafe(17)[:ID_LETTERS]


def link_code(settings: Settings, link: LinkRecord) -> str:
    """Return the code in the address of ``link``: its id, and 128 bits of HMAC-SHA256 as 32 hex digits.

    The signature covers the whole record, so that neither a stolen nor a modified database reveals a picture.
    """
    said = f"link:{link.id}:{link.owner}:{link.job}:{link.expires!r}"
    signature = hmac.new(secret_of(settings), said.encode(), hashlib.sha256).hexdigest()
    return link.id + signature[:SIGNATURE_DIGITS]


def is_signed(settings: Settings, link: LinkRecord, code: str) -> bool:
    """Return whether ``code`` is that of ``link``, compared in constant time."""
    return hmac.compare_digest(link_code(settings, link).encode(), code.encode())


def prepare_film(storage: Storage, state: State, job: JobRecord, *, quota: int) -> None:
    """Write a copy of the film of ``job`` without its tags, unless it exists; it then counts against its
    owner's quota.

    The film itself keeps the tags of the original clip, such as the location. Raises RefusalError("quota") if
    its owner would have more than ``quota`` bytes, RefusalError("damaged") if the film cannot be read, and
    OutputError.
    """
    from impasto.clips.without_metadata import is_whole

    film, target = storage.job(job.id) / FILM, storage.job(job.id) / SHOWN
    if is_whole(target):
        return
    if not film.is_file():
        raise RefusalError("damaged", GONE)
    target.unlink(missing_ok=True)
    state.jobs.reserve(job.owner, job.id, storage.size(job.id) + film.stat().st_size, quota=quota)
    try:
        _write_shown(film, target)
    finally:
        state.jobs.note_size(job.owner, job.id, storage.size(job.id))


def shown_film(storage: Storage, state: State, job: JobRecord) -> Path | None:
    """Return the path of the film that links to ``job`` show; None if the film is damaged or missing.

    If only that copy is missing or damaged, it is created again and counted. Raises OutputError.
    """
    from impasto.clips.without_metadata import is_whole

    film, target = storage.job(job.id) / FILM, storage.job(job.id) / SHOWN
    if is_whole(target):
        return target
    try:
        _write_shown(film, target)
    except RefusalError as error:
        log.warning("the film of %s cannot be shown: %s", job.id, error.__cause__)
        return None
    state.jobs.note_size(job.owner, job.id, storage.size(job.id))
    return target


def forget_film(storage: Storage, state: State, owner: str, id: str) -> None:
    """Delete the film for links to the job ``id`` when there are no more links; it then no longer counts."""
    target = storage.job(id) / SHOWN
    if target.exists() and not state.links.to(owner, id, time.time()):
        target.unlink(missing_ok=True)
        state.jobs.note_size(owner, id, storage.size(id))


def _write_shown(film: Path, target: Path) -> None:
    from impasto.clips.without_metadata import write_without_metadata

    try:
        write_without_metadata(film, target)
    except InputError as error:
        raise RefusalError("damaged", GONE) from error
