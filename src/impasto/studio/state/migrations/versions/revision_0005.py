"""Add the bin, and the links that show a picture to others."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    """Create the column and the table."""
    op.add_column("jobs", sa.Column("deleted", sa.Double))
    op.create_table(
        "links",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
    )
    op.create_index("links_by_job", "links", ["job"])
