"""The addresses of links that show a picture to others, signed with the studio's secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from impasto.studio.settings import Settings, secret_of
from impasto.studio.state import LinkRecord

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
