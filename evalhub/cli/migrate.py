"""`evalhub migrate`: bring a database to the schema of this version."""

import click

from evalhub.errors import SetupError
from evalhub.migrate import migrate
from evalhub.settings import Settings


@click.command("migrate")
def command() -> None:
    """Bring the database of EVALHUB_DATABASE_URL to the schema of this version."""
    url = Settings.from_env().database_url
    if not url:
        raise SetupError("No database is configured.", mend="Set EVALHUB_DATABASE_URL, or run `evalhub up`.")
    migrate(url)
    click.echo("The database has the schema of this version.")
