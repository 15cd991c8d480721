"""Runs migrations under an advisory lock, so that two starters never migrate at once, and with timeouts, so that a
migration that would freeze a busy site fails instead."""

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

from evalhub.models import Base
from evalhub.settings import Settings

LOCK = 7_303_014_209  # any number, the same in every evalhub
TIMEOUTS = "-c lock_timeout=10s -c statement_timeout=15min -c timezone=utc"


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Days of the inbox are made and dropped by the sweep, they are not part of the schema."""
    return not (kind == "table" and name is not None and name.startswith("inbox_"))


def database_url() -> str:
    """The URL the caller set (evalhub migrate, tests), else the environment's."""
    url = context.config.attributes.get("url") or Settings.from_env().database_url
    if not url:
        raise SystemExit("No database is configured. Set EVALHUB_DATABASE_URL.")
    return str(url)


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, include_name=include_name)
    with context.begin_transaction():
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
        context.run_migrations()


engine = create_engine(database_url(), poolclass=pool.NullPool, connect_args={"options": TIMEOUTS})
with engine.connect() as connection:
    run(connection)
    connection.commit()
