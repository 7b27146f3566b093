"""Pagination of lists, newest first: each page has the cursor of the next one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated

from fastapi import Query

from impasto.studio.state import JobRecord, PictureRecord
from impasto.studio.state.storage import is_id
from impasto.studio.web.problems import ProblemError

After = Annotated[str | None, Query(max_length=200, description="`next` of the previous page")]


def next_page(found: Sequence[JobRecord | PictureRecord], limit: int) -> str | None:
    """Return the cursor of the page after ``found``, an opaque string; None if there is none."""
    if len(found) < limit:
        return None
    last = found[-1]
    return base64.urlsafe_b64encode(f"{last.created!r} {last.id}".encode()).decode()


def read_cursor(text: str | None) -> tuple[float, str] | None:
    """Return the time and id in a cursor. Raises ProblemError."""
    if text is None:
        return None
    try:
        created, id = base64.urlsafe_b64decode(text.encode("ascii")).decode("ascii").split(" ")
        if not is_id(id):
            raise ValueError(f"malformed id: {id!r}")
        return float(created), id
    except (ValueError, binascii.Error, UnicodeError) as error:
        raise ProblemError("invalid", "expected after to be the `next` of a previous page") from error
