"""Names of files to send, in any script (RFC 6266)."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

LONGEST = 180
"""The longest name in bytes of UTF-8, without suffix; file systems allow 255."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def content_disposition(disposition: str, title: str, suffix: str) -> str:
    """Return the header for a file named by ``title``, in any script, and for old programs in ASCII.

    ``disposition``: "attachment" or "inline". ``suffix``: without a dot.
    """
    name = file_name(title)
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", _without_marks(name)).strip("-")
    encoded = quote(f"{name}.{suffix}", safe="")
    return f"{disposition}; filename=\"{plain or 'painting'}.{suffix}\"; filename*=UTF-8''{encoded}"


def file_name(title: str) -> str:
    """Return ``title`` as the name of a file on any system, without suffix; "painting" if nothing is left.

    Control and direction characters, and those not allowed in Windows file names, are removed.
    """
    shown = "".join(c for c in title if unicodedata.category(c)[0] != "C")
    name = " ".join(re.sub(r'[<>:"/\\|?*]+', "-", shown).split())
    name = name.encode()[:LONGEST].decode(errors="ignore").strip(" .")
    return f"_{name}" if _RESERVED.fullmatch(name) else name or "painting"


def _without_marks(text: str) -> str:
    """Return ``text`` with its accents removed: "Möwe" as "Mowe"."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
