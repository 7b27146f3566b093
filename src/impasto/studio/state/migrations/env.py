"""The Alembic environment: runs the migrations on the connection from ``state.schema``."""

from alembic import context

from impasto.studio.state.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
