"""Add the measured speed of painting, and the notes from reading a picture."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    """Create the table and the column."""
    op.create_table(
        "speeds",
        sa.Column("network", sa.Text, primary_key=True),
        sa.Column("rate", sa.Double, nullable=False),
        sa.Column("measured", sa.Double, nullable=False),
    )
    op.add_column("pictures", sa.Column("notes", sa.Text))
