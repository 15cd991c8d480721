"""What belongs to one request: its database session, its project, who is there."""

from typing import cast

from flask import Flask, current_app, g
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from evalhub.db import PENDING_JOBS
from evalhub.models import Project, User
from evalhub.services import Services


def services() -> Services:
    """What this process holds open."""
    return cast("Services", current_app.extensions["evalhub"])


def db() -> Session:
    """This request's session: one transaction, committed at the end of a successful request, then its jobs are rung."""
    if "db" not in g:
        g.db = services().sessions()
    return cast("Session", g.db)


def project() -> Project:
    """The project of the address, or of the API key."""
    return cast("Project", g.project)


def role() -> str | None:
    """What the person may do in the project; None for programs."""
    return cast("str | None", g.get("role"))


def person() -> User:
    """Who is signed in."""
    return cast("User", current_user.person)


def actor() -> str:
    """Who acts, for the audit log."""
    key = g.get("api_key")
    return f"key {key.name} (…{key.hint})" if key else person().email


def give_up() -> None:
    """Undo what this request did so far; its session can be asked again."""
    session: Session | None = g.get("db")
    if session is not None:
        session.rollback()
        session.info.pop(PENDING_JOBS, None)


def init_app(app: Flask) -> None:
    """Commit before the answer leaves, so that what was acknowledged is durable."""
    app.url_value_preprocessor(_note_project)
    app.after_request(_commit)
    app.teardown_appcontext(_close)
    app.context_processor(_for_templates)


def _note_project(_: str | None, values: dict[str, object] | None) -> None:
    """The project of an address concerns the access check alone; views ask for project()."""
    g.project_slug = (values or {}).pop("project_slug", None)


def _commit(response: Response) -> Response:
    session: Session | None = g.get("db")
    if session is None:
        return response
    if response.status_code >= 400:
        give_up()
        return response
    session.commit()
    for job, arguments in session.info.pop(PENDING_JOBS, {}).values():
        services().ring(job, **arguments)
    return response


def _close(_: BaseException | None) -> None:
    session: Session | None = g.pop("db", None)
    if session is not None:
        session.close()


def _for_templates() -> dict[str, object]:
    """What every page shows around its content; nothing while the database is away."""
    if "away" in g:
        return {"project": None, "role": None, "person": None}
    return {"project": g.get("project"), "role": g.get("role"), "person": getattr(current_user, "person", None)}
