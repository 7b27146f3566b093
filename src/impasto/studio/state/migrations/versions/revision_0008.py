"""Add the facts of an uploaded film."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    """Create the column."""
    op.add_column("pictures", sa.Column("film", sa.Text))
