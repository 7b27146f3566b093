"""Add the time at which the network was refined on a painting."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    """Create the column."""
    op.add_column("pictures", sa.Column("learnt", sa.Double))
