"""`evalhub restore`: a backup into an empty installation."""

from dataclasses import replace
from pathlib import Path

import click

from evalhub.migrate import migrate
from evalhub.settings import Settings


@click.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), help="Data folder.  [default: see docs/configuration.md]")
def command(folder: Path, data: Path | None) -> None:
    """Fill an empty installation from the FOLDER of a backup. Stop evalhub first.

    \b
    Example:
      evalhub restore /backups/evalhub-2026-11-01 --data /srv/evalhub
    """
    from evalhub.backup import restore
    from evalhub.embedded.platform import database_of

    settings = Settings.from_env()
    settings = replace(settings, data_dir=data.expanduser().absolute()) if data else settings
    with database_of(settings) as url:
        restore(url, settings.audio_dir, folder.absolute())
        migrate(url)
    click.echo(f"Restored into {settings.data_dir}. Start it with: evalhub up --data {settings.data_dir}")
