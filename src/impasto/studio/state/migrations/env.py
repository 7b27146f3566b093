"""What Alembic runs to migrate the database that ``state.schema`` hands it."""

from alembic import context

from impasto.studio.state.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
