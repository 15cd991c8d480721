"""Bring the database to the schema of this version, and say whether it is there."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

from evalhub.bundled import bundled


def alembic_config(url: str) -> Config:
    """Alembic's settings, wherever the migrations lie: in the checkout or inside the wheel."""
    config = Config()
    config.set_main_option("script_location", str(bundled("migrations")))
    config.attributes["url"] = url
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade to `revision`. Two processes may call it at once: the second waits, then finds nothing to do."""
    command.upgrade(alembic_config(url), revision)


def is_current(url: str) -> bool:
    """Whether the database has exactly the schema of this version."""
    wanted = ScriptDirectory.from_config(alembic_config(url)).get_current_head()
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == wanted
