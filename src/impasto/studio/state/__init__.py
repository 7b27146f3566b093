"""What the studio remembers: jobs, pictures, sessions, webhooks to send; in SQLite or in PostgreSQL.

Everything else sees ``State`` and the records only. Pictures' bytes are files (``studio.storage``).
"""

from __future__ import annotations

from impasto.studio.settings import Limits, Settings
from impasto.studio.state.database import Database
from impasto.studio.state.deliveries import Deliveries
from impasto.studio.state.jobs import Jobs
from impasto.studio.state.pictures import Pictures
from impasto.studio.state.records import (
    ACTIVE,
    FINAL,
    STATUSES,
    Delivery,
    JobRecord,
    PictureRecord,
    RefusalError,
)
from impasto.studio.state.schema import prepare
from impasto.studio.state.sessions import Sessions
from impasto.studio.state.survey import Survey
from impasto.studio.state.work import Work

__all__ = [
    "ACTIVE",
    "FINAL",
    "STATUSES",
    "Delivery",
    "JobRecord",
    "Limits",
    "PictureRecord",
    "RefusalError",
    "State",
    "open_state",
]


class State:
    """The studio's memory at ``url``: postgresql://..., or the path of an SQLite file."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        prepare(self.database)
        self.jobs = Jobs(self.database)
        self.work = Work(self.database)
        self.survey = Survey(self.database)
        self.pictures = Pictures(self.database)
        self.sessions = Sessions(self.database)
        self.deliveries = Deliveries(self.database)

    def ready(self) -> None:
        """Raise whatever the database raises when it cannot be reached."""
        with self.database.transaction(reading=True) as run:
            run("SELECT value FROM counters WHERE name = 'version'")

    def settle(self) -> None:
        """Have what was deleted overwritten on the disk now, where that is ours to do."""
        self.database.settle()

    def close(self) -> None:
        self.database.close()


def open_state(settings: Settings) -> State:
    """Return the state that ``settings`` name."""
    url = settings.database_url.get_secret_value()
    return State(url or str(settings.data_dir / "studio.sqlite"))
