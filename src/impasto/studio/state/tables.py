"""The tables, for queries; ``migrations`` creates them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Double,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
)


class JsonText(TypeDecorator[Any]):
    """JSON, stored as text; None as NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


metadata = MetaData()


def _needed(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _key(name: str) -> Column[Any]:
    return Column(name, Text, primary_key=True)


counters = Table("counters", metadata, _key("name"), _needed("value", BigInteger))
pictures = Table(
    "pictures",
    metadata,
    _key("id"),
    _needed("owner"),
    _needed("role"),
    _needed("name"),
    _needed("width", Integer),
    _needed("height", Integer),
    _needed("bytes", BigInteger),
    _needed("created", Double),
    Column("notes", JsonText),
    Column("learnt", Double),
    Column("film", JsonText),
    Index("pictures_by_owner", "owner", "created"),
)
jobs = Table(
    "jobs",
    metadata,
    _key("id"),
    _needed("owner"),
    _needed("kind"),
    _needed("status"),
    _needed("title"),
    _needed("request", JsonText),
    Column("job", JsonText),
    Column("explains", Text),
    Column("webhook", Text),
    _needed("created", Double),
    _needed("waiting", Double),
    Column("started", Double),
    Column("finished", Double),
    _needed("attempts", Integer),
    Column("worker", Text),
    Column("lease", Double),
    Column("progress", JsonText),
    _needed("preview", Integer),
    Column("result", JsonText),
    Column("error", JsonText),
    _needed("explanation", Integer),
    _needed("bytes", BigInteger),
    _needed("version", BigInteger),
    Column("deleted", Double),
    Column("batch", Text),
    Index("jobs_by_version", "version"),
    Index("jobs_by_batch", "owner", "batch"),
    Index("jobs_by_owner", "owner", "created"),
    Index("jobs_by_status", "status", "waiting"),
)
uses = Table(
    "uses",
    metadata,
    _needed("job"),
    _needed("picture"),
    Index("uses_by_picture", "picture"),
    Index("uses_by_job", "job"),
)
keys = Table(
    "keys",
    metadata,
    _needed("owner"),
    _needed("key"),
    _needed("fingerprint"),
    _needed("job"),
    PrimaryKeyConstraint("owner", "key"),
    Index("keys_by_job", "job"),
)
sessions = Table("sessions", metadata, _key("digest"), _needed("owner"), _needed("expires", Double))
deliveries = Table(
    "deliveries",
    metadata,
    _key("id"),
    _needed("job"),
    _needed("owner"),
    _needed("address"),
    _needed("event"),
    _needed("attempts", Integer),
    _needed("due", Double),
    Index("deliveries_by_due", "due"),
)
links = Table(
    "links",
    metadata,
    _key("id"),
    _needed("job"),
    _needed("owner"),
    _needed("created", Double),
    _needed("expires", Double),
    Index("links_by_job", "job"),
)
turns = Table(
    "turns",
    metadata,
    _needed("owner"),
    _needed("lane"),
    _needed("served", Double),
    PrimaryKeyConstraint("owner", "lane"),
)
speeds = Table("speeds", metadata, _key("network"), _needed("rate", Double), _needed("measured", Double))
gone = Table(
    "gone", metadata, _key("job"), _needed("owner"), _needed("version", BigInteger), _needed("at", Double)
)
