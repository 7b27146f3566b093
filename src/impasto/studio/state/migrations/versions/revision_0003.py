"""Add each owner's last turn in the queue."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "turns",
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("served", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("owner", "lane"),
    )
