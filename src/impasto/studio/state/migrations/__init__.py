"""How the database's schema came to be, for Alembic: one module a revision."""
