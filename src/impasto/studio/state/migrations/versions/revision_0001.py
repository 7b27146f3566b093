"""The tables of the first schema; existing tables are left unchanged."""

from alembic import op

revision, down_revision = "0001", None
TABLES = (
    "CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS pictures (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL,
        width INTEGER NOT NULL, height INTEGER NOT NULL, bytes BIGINT NOT NULL,
        created DOUBLE PRECISION NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS jobs (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL,
        title TEXT NOT NULL, request TEXT NOT NULL, explains TEXT, webhook TEXT,
        created DOUBLE PRECISION NOT NULL, waiting DOUBLE PRECISION NOT NULL,
        started DOUBLE PRECISION, finished DOUBLE PRECISION,
        attempts INTEGER NOT NULL, worker TEXT, lease DOUBLE PRECISION,
        progress TEXT, preview INTEGER NOT NULL, result TEXT, error TEXT, explanation INTEGER NOT NULL,
        bytes BIGINT NOT NULL, version BIGINT NOT NULL)""",
    "CREATE TABLE IF NOT EXISTS uses (job TEXT NOT NULL, picture TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS keys (
        owner TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, job TEXT NOT NULL,
        PRIMARY KEY (owner, key))""",
    """CREATE TABLE IF NOT EXISTS sessions (
        digest TEXT PRIMARY KEY, owner TEXT NOT NULL, expires DOUBLE PRECISION NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS deliveries (
        id TEXT PRIMARY KEY, job TEXT NOT NULL, owner TEXT NOT NULL, address TEXT NOT NULL,
        event TEXT NOT NULL, body TEXT NOT NULL, attempts INTEGER NOT NULL, due DOUBLE PRECISION NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS gone (
        job TEXT PRIMARY KEY, owner TEXT NOT NULL, version BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS jobs_by_version ON jobs (version)",
    "CREATE INDEX IF NOT EXISTS jobs_by_owner ON jobs (owner, created)",
    "CREATE INDEX IF NOT EXISTS jobs_by_status ON jobs (status, waiting)",
    "CREATE INDEX IF NOT EXISTS pictures_by_owner ON pictures (owner, created)",
    "CREATE INDEX IF NOT EXISTS uses_by_picture ON uses (picture)",
    "CREATE INDEX IF NOT EXISTS uses_by_job ON uses (job)",
    "CREATE INDEX IF NOT EXISTS keys_by_job ON keys (job)",
    "CREATE INDEX IF NOT EXISTS deliveries_by_due ON deliveries (due)",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES:
        op.execute(statement)
    op.execute("INSERT INTO counters (name, value) VALUES ('version', 0) ON CONFLICT (name) DO NOTHING")
