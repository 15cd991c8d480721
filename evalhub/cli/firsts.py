"""What a first start makes: a project, its first admin's one-time link, whatever the environment asks for."""

from collections.abc import Mapping

from sqlalchemy import select

from evalhub.accounts.projects import bootstrap, create_project, first_admin_link
from evalhub.models import Project
from evalhub.services import Services
from evalhub.sweep import prepare_days


def prepare(services: Services, env: Mapping[str, str], *, project: tuple[str, str]) -> str | None:
    """Make what is missing. Returns the token of the first admin's link, or None once they have a password."""
    slug, name = project
    with services.work() as session:
        prepare_days(session)
        wanted = select(Project.id).filter_by(slug=slug) if slug == "demo" else select(Project.id).limit(1)
        if session.scalar(wanted) is None:
            create_project(session, slug=slug, name=name, by="evalhub up")
        bootstrap(session, env)
    with services.work() as session:
        return first_admin_link(session)
