"""What the tables of jobs have in common: groups of statuses, numbered changes, webhooks to be sent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from impasto.studio.state.database import Transaction
from impasto.studio.state.records import ACTIVE, FINAL, HELD, IN_LINE, JobRecord, job_of


def _listed(statuses: tuple[str, ...]) -> str:
    return ", ".join(f"'{status}'" for status in statuses)


ACTIVE_SET, FINAL_SET, HELD_SET, IN_LINE_SET = map(_listed, (ACTIVE, FINAL, HELD, IN_LINE))
LANES = {"drafts": "kind = 'draft'", "paintings": "kind <> 'draft'"}


def next_version(run: Transaction) -> int:
    """The number of this change; whoever changes next waits until this one is kept."""
    return int(
        run("UPDATE counters SET value = value + 1 WHERE name = 'version' RETURNING value")[0]["value"]
    )


def read_job(run: Transaction, id: str) -> JobRecord:
    """The job ``id``, which is there."""
    return job_of(run("SELECT * FROM jobs WHERE id = ?", id)[0])


def announce(run: Transaction, job: JobRecord) -> None:
    """Have a webhook sent for a job that has ended, if it asked for one."""
    if job.webhook:
        run(
            "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, '', 0, ?) ON CONFLICT (id) DO NOTHING",
            *(f"d_{job.id[2:]}", job.id, job.owner, job.webhook, f"job.{job.status}", time.time()),
        )


def forget(run: Transaction, row: Mapping[str, Any]) -> list[str]:
    """Forget a job and what explains it, which shows its pictures; returns their ids."""
    explanations = run("SELECT * FROM jobs WHERE explains = ?", row["id"])
    if row["explains"] is not None:
        others = "SELECT COUNT(*) AS n FROM jobs WHERE explains = ? AND status = 'done' AND id <> ?"
        has_other = int(run(others, row["explains"], row["id"])[0]["n"]) > 0
        run(
            "UPDATE jobs SET explanation = ?, version = ? WHERE id = ?",
            *(int(has_other), next_version(run), row["explains"]),
        )
    for each in (row, *explanations):
        version = next_version(run)
        for table in ("uses", "keys", "deliveries"):
            run(f"DELETE FROM {table} WHERE job = ?", each["id"])
        run("DELETE FROM jobs WHERE id = ?", each["id"])
        run(
            "INSERT INTO gone VALUES (?, ?, ?, ?) ON CONFLICT (job) DO NOTHING",
            *(each["id"], each["owner"], version, time.time()),
        )
    return [each["id"] for each in (row, *explanations)]


def bytes_of(run: Transaction, owner: str) -> int:
    """What ``owner``'s uploads and results take on disk."""
    (pictures,) = run("SELECT COALESCE(SUM(bytes), 0) AS n FROM pictures WHERE owner = ?", owner)
    (jobs,) = run("SELECT COALESCE(SUM(bytes), 0) AS n FROM jobs WHERE owner = ?", owner)
    return int(pictures["n"]) + int(jobs["n"])
