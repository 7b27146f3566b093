"""Links that show a finished picture or film to anyone who has them."""

from __future__ import annotations

import time
from dataclasses import asdict

from sqlalchemy import delete, func, insert, select

from impasto.studio.state.database import Database
from impasto.studio.state.queries import next_version
from impasto.studio.state.records import LinkRecord, RefusalError
from impasto.studio.state.tables import jobs, links

MOST_LINKS = 20
"""The maximum number of links to one picture or film at a time."""


class LinkStore:
    """The table of links. Every query but ``find`` names the owner; the links of others are invisible."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, link: LinkRecord) -> None:
        """Add a link. Raises RefusalError("state") beyond ``MOST_LINKS``, or if there is nothing to show."""
        with self._database.transaction() as db:
            next_version(db)  # a job is deleted before or after this, not meanwhile
            shown = select(jobs.c.id).where(
                jobs.c.id == link.job,
                jobs.c.owner == link.owner,
                jobs.c.deleted.is_(None),
                jobs.c.result.is_not(None),
            )
            if db.execute(shown).first() is None:
                raise RefusalError("state", "there is nothing to link to")
            valid = (links.c.job == link.job, links.c.expires > time.time())
            count = db.execute(select(func.count()).select_from(links).where(*valid)).scalar_one()
            if count >= MOST_LINKS:
                raise RefusalError(
                    "state", f"expected at most {MOST_LINKS} links to one picture or film; withdraw some"
                )
            db.execute(insert(links).values(asdict(link)))

    def find(self, id: str, now: float) -> LinkRecord | None:
        """Return the link ``id`` of any owner; None if it does not exist or has expired."""
        with self._database.transaction(reading=True) as db:
            row = db.execute(select(links).where(links.c.id == id, links.c.expires > now)).first()
        return None if row is None else LinkRecord(*row)

    def to(self, owner: str, job: str, now: float) -> list[LinkRecord]:
        """Return the valid links to a job of ``owner``, oldest first."""
        valid = (links.c.owner == owner, links.c.job == job, links.c.expires > now)
        with self._database.transaction(reading=True) as db:
            found = db.execute(select(links).where(*valid).order_by(links.c.created, links.c.id))
            return [LinkRecord(*row) for row in found]

    def remove(self, owner: str, job: str, id: str) -> bool:
        """Revoke a link; return False if it does not exist."""
        gone = delete(links).where(links.c.id == id, links.c.job == job, links.c.owner == owner)
        with self._database.transaction() as db:
            return db.execute(gone).rowcount > 0

    def remove_ended(self, now: float) -> list[tuple[str, str]]:
        """Remove expired links; return the owners and ids of their jobs."""
        ended = links.c.expires <= now
        with self._database.transaction() as db:
            found = db.execute(select(links.c.owner, links.c.job).where(ended).distinct()).all()
            db.execute(delete(links).where(ended))
        return [(owner, job) for owner, job in found]
