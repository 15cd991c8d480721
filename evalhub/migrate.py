"""Bring the database to the schema of this version."""

from alembic import command
from alembic.config import Config

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
