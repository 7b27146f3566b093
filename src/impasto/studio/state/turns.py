"""Fair turns: the order of the waiting jobs, in which no user's jobs keep those of others waiting.

In each lane owners take turns: the next is the one with the fewest jobs in progress, among these the one
whose last turn is longest ago (new owners first), with the job that has waited longest.
"""

from __future__ import annotations

import heapq
import time
from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, func, insert, select, update

from impasto.studio.state.queries import in_lane
from impasto.studio.state.records import HELD
from impasto.studio.state.tables import jobs, turns


def _waiting(lane: str, *columns: Any) -> Select[Any]:
    """Return a query for queued jobs of ``lane`` with their owners' jobs in progress and last turns."""
    under_way = (
        select(jobs.c.owner, func.count().label("count"))
        .where(jobs.c.status.in_(HELD), in_lane(lane))
        .group_by(jobs.c.owner)
        .subquery()
    )
    held = func.coalesce(under_way.c.count, 0).label("held")
    served = func.coalesce(turns.c.served, 0.0).label("served")
    joined = jobs.outerjoin(under_way, under_way.c.owner == jobs.c.owner).outerjoin(
        turns, and_(turns.c.owner == jobs.c.owner, turns.c.lane == lane)
    )
    found = select(*columns, held, served).select_from(joined)
    return found.where(jobs.c.status == "queued", in_lane(lane)).order_by(
        held, served, jobs.c.waiting, jobs.c.id
    )


def next_job(db: Connection, lane: str) -> tuple[str, str] | None:
    """Return the id and the owner of the next job of ``lane``; None if none waits."""
    row = db.execute(_waiting(lane, jobs.c.id, jobs.c.owner).limit(1)).first()
    return None if row is None else (row.id, row.owner)


def line(db: Connection, lane: str) -> list[str]:
    """Return the ids of the queued jobs of ``lane`` in the current order of turns."""
    waiting: dict[str, list[str]] = defaultdict(list)
    owners: list[tuple[int, float, int, str]] = []
    for row in db.execute(_waiting(lane, jobs.c.id, jobs.c.owner)):
        if row.owner not in waiting:
            owners.append((row.held, row.served, len(owners), row.owner))
        waiting[row.owner].append(row.id)
    found: list[str] = []
    heapq.heapify(owners)
    while owners:
        held, served, number, owner = heapq.heappop(owners)
        found.append(waiting[owner].pop(0))
        if waiting[owner]:
            heapq.heappush(owners, (held + 1, served, number, owner))
    return found


def take_turn(db: Connection, owner: str, lane: str) -> None:
    """Record that a job of ``owner`` begins. The caller holds ``next_version``, which keeps others
    waiting."""
    where, served = (turns.c.owner == owner, turns.c.lane == lane), time.time()
    if db.execute(update(turns).where(*where).values(served=served)).rowcount == 0:
        db.execute(insert(turns).values(owner=owner, lane=lane, served=served))


def give_back_turn(db: Connection, owner: str, lane: str) -> None:
    """Give ``owner`` the turn back: the job begun was requeued through no fault of theirs."""
    db.execute(delete(turns).where(turns.c.owner == owner, turns.c.lane == lane))
