"""The sweeper: recovers lost jobs and deletes expired data. It runs in every worker."""

from __future__ import annotations

import logging
import time

from impasto.studio.logs import remove_old_audits
from impasto.studio.settings import Settings
from impasto.studio.shares import forget_film
from impasto.studio.state import State
from impasto.studio.state.storage import Storage

log = logging.getLogger("impasto.studio.worker")
STRAY = 3600.0
COPY_DAYS = 30.0
"""Days for which the copy of the database made before an upgrade is kept."""


class Sweeper:
    """The regular maintenance of state and storage."""

    def __init__(self, settings: Settings, state: State, storage: Storage) -> None:
        self.settings, self.state, self.storage = settings, state, storage

    def recover(self) -> int:
        """Requeue jobs that were lost with a worker; return their number."""
        lost = self.state.queue.recover(time.time(), self.settings.attempts)
        for job in lost:
            log.warning("job requeued", extra={"job": job.id, "attempt": job.attempts, "status": job.status})
        return len(lost)

    def delete_expired(self) -> int:
        """Delete expired data and stray files; return the number deleted."""
        now, settings = time.time(), self.settings
        day = 86400.0
        gone = self.state.jobs.remove_expired(
            finished=now - settings.keep_days * day if settings.keep_days else None,
            drafts=now - settings.keep_draft_minutes * 60,
            deleted=now - settings.keep_bin_days * day,
        )
        for id in gone:
            self.storage.remove_job(id)
        count = len(gone)
        if settings.keep_upload_days:
            for picture in self.state.pictures.unused_since(now - settings.keep_upload_days * day):
                if self.state.pictures.remove(picture.owner, picture.id):
                    self.storage.remove_picture(picture.id)
                    count += 1
        self.state.sessions.remove_ended(now)
        for owner, id in self.state.links.remove_ended(now):
            forget_film(self.storage, self.state, owner, id)
        self.state.overview.remove_deleted(now - 600)
        self.state.overview.forget_turns(now - 7 * day)
        known = self.state.pictures.ids(), self.state.overview.ids()
        strays = self.storage.remove_strays(*known, older=STRAY)
        remove_old_audits(settings.data_dir, now - settings.keep_audit_days * day)
        for copy in settings.data_dir.glob("studio.sqlite.[0-9]*"):
            if copy.stat().st_mtime < now - COPY_DAYS * day:
                copy.unlink(missing_ok=True)
        self.state.database.empty_log()
        if count or strays:
            log.info("expired data deleted", extra={"removed": count, "strays": strays})
        return count + strays
