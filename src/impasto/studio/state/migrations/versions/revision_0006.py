"""Add the batch that a job belongs to."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    """Add the column and its index."""
    op.add_column("jobs", sa.Column("batch", sa.Text))
    op.create_index("jobs_by_batch", "jobs", ["owner", "batch"])
