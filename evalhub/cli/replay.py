"""`evalhub replay`: read accepted bodies again."""

from dataclasses import replace as replaced
from datetime import UTC, datetime
from pathlib import Path

import click

from evalhub.errors import NotFound
from evalhub.settings import Settings


@click.command("replay")
@click.option("--project", help="Only of this project, by its short name.  [default: all]")
@click.option("--conversation", help="Only bodies that speak of this conversation.")
@click.option("--since", type=click.DateTime(), help="Only bodies received since then, in UTC.")
@click.option("--rejected", is_flag=True, help="Only bodies that could not be read.")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder.  [default: see docs/configuration.md]")
def command(
    project: str | None, conversation: str | None, since: datetime | None, rejected: bool, data: Path | None
) -> None:
    """Read accepted bodies again, after an update that understands more of them.

    They wait like new ones and are read within seconds while evalhub runs, else with its next start. Nothing is
    doubled; what reads as before is not evaluated again.

    \b
    Example:
      evalhub replay --project demo --since 2026-11-01
    """
    from sqlalchemy import select
    from sqlalchemy.orm import Session

    from evalhub.db import open_engine
    from evalhub.embedded.platform import database_of
    from evalhub.models import Project
    from evalhub.traces.replay import replay

    settings = Settings.from_env()
    settings = replaced(settings, data_dir=data.expanduser().absolute()) if data else settings
    with database_of(settings) as url, Session(open_engine(url)) as session, session.begin():
        chosen = session.scalar(select(Project.id).filter_by(slug=project)) if project else None
        if project and chosen is None:
            raise NotFound(f"There is no project {project!r}.")
        utc = since.replace(tzinfo=UTC) if since else None
        count = replay(session, project_id=chosen, conversation_id=conversation, since=utc, only_rejected=rejected)
    click.echo(f"{count:,} {'body waits' if count == 1 else 'bodies wait'} to be read again.")
