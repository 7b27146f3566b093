"""The reader's preferred language."""

from __future__ import annotations

from collections.abc import Collection


def language_of(accepted: str, offered: Collection[str]) -> str:
    """Return the language of ``offered`` that an Accept-Language header prefers; English if none (RFC 9110,
    12.5.4)."""
    best, liking = "en", 0.0
    for each in accepted[:1000].split(","):
        name, _, quality = each.strip().partition(";q=")
        language = name.partition("-")[0].lower()
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if language in offered and weight > liking:
            best, liking = language, weight
    return best
