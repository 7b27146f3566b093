"""Add the job that a worker paints; drop the unused body of webhooks.

Unfinished jobs have no such column and fail with a message.
"""

import json
import time

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"
ERROR = {
    "type": "/problems/painting",
    "title": "Painting failed",
    "status": 500,
    "detail": "the job was submitted to an earlier version of the studio; submit it again",
}


def upgrade() -> None:
    """Add and drop the columns; fail unfinished jobs."""
    op.add_column("jobs", sa.Column("job", sa.Text))
    op.drop_column("deliveries", "body")
    fail = sa.text(
        "UPDATE jobs SET status = 'failed', error = :error, finished = :now, worker = NULL, lease = NULL "
        "WHERE status NOT IN ('done', 'cancelled', 'failed')"
    )
    op.execute(fail.bindparams(error=json.dumps(ERROR), now=time.time()))
