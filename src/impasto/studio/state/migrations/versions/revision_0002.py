"""What a worker paints is kept beside the request; webhooks have no column for a body that was never used.

Jobs that are not finished cannot be painted by this version's workers: they fail and say so.
"""

import json
import time

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"
ERROR = {
    "type": "/problems/painting",
    "title": "It could not be painted",
    "status": 500,
    "detail": "it was submitted to an earlier version of the studio; submit it again",
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
