"""The studio's state: jobs, pictures, sessions and webhooks to send, in SQLite or PostgreSQL.

Other packages use only ``State`` and the records. Pictures are files (``state.storage``).
"""

from __future__ import annotations

from impasto.studio.settings import Limits, Settings
from impasto.studio.state.database import Database
from impasto.studio.state.deliveries import DeliveryStore
from impasto.studio.state.jobs import JobStore
from impasto.studio.state.links import LinkStore
from impasto.studio.state.overview import JobOverview
from impasto.studio.state.people import PeopleOverview
from impasto.studio.state.pictures import PictureStore
from impasto.studio.state.queue import JobQueue
from impasto.studio.state.records import (
    ACTIVE,
    FINAL,
    LANES,
    STATUSES,
    BatchRecord,
    Delivery,
    JobRecord,
    LinkRecord,
    PersonRecord,
    PictureRecord,
    RefusalError,
)
from impasto.studio.state.schema import prepare_schema
from impasto.studio.state.sessions import SessionStore
from impasto.studio.state.speeds import SpeedStore

__all__ = [
    "ACTIVE",
    "FINAL",
    "LANES",
    "STATUSES",
    "BatchRecord",
    "Delivery",
    "JobRecord",
    "Limits",
    "LinkRecord",
    "PersonRecord",
    "PictureRecord",
    "RefusalError",
    "State",
    "database_url",
    "open_state",
]


class State:
    """The studio's state in the database at ``url``: postgresql://..., or the path of an SQLite file."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        prepare_schema(self.database)
        self.jobs = JobStore(self.database)
        self.queue = JobQueue(self.database)
        self.overview = JobOverview(self.database)
        self.people = PeopleOverview(self.database)
        self.pictures = PictureStore(self.database)
        self.links = LinkStore(self.database)
        self.sessions = SessionStore(self.database)
        self.speeds = SpeedStore(self.database)
        self.deliveries = DeliveryStore(self.database)

    def ready(self) -> None:
        """Raise the database's error if it cannot be reached."""
        self.overview.latest()

    def close(self) -> None:
        self.database.close()


def database_url(settings: Settings) -> str:
    """Return the database in ``settings``: postgresql://..., or the path of an SQLite file."""
    return settings.database_url.get_secret_value() or str(settings.data_dir / "studio.sqlite")


def open_state(settings: Settings) -> State:
    """Return the state in the database of ``settings``."""
    return State(database_url(settings))
