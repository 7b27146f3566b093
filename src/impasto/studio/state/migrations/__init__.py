"""Alembic migrations of the database's schema, one module per revision."""
