"""`evalhub backup`: a copy of everything, while it runs or not."""

from dataclasses import replace
from pathlib import Path

import click

from evalhub.settings import Settings


@click.command("backup")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), help="Data folder.  [default: see docs/configuration.md]")
def command(folder: Path, data: Path | None) -> None:
    """Copy the database and the audio into a new FOLDER. evalhub may go on running meanwhile.

    \b
    Example:
      evalhub backup /backups/evalhub-2026-11-01
    """
    from evalhub.backup import backup
    from evalhub.embedded.platform import database_of

    settings = Settings.from_env()
    settings = replace(settings, data_dir=data.expanduser().absolute()) if data else settings
    with database_of(settings) as url:
        backup(url, settings.audio_dir, folder.absolute())
    click.echo(f"Everything is in {folder.absolute()}. Bring it back with: evalhub restore {folder.absolute()}")
