"""Whether the process lives, and whether it can do its work."""

from flask import Blueprint, Response, jsonify
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from evalhub.models import InboxItem
from evalhub.models.inbox import WAITING
from evalhub.schema import is_current
from webui.access import public
from webui.context import db, services

bp = Blueprint("health", __name__)
STALE_S = 60
FITTING: set[str] = set()


@bp.get("/healthz")
@public
def healthz() -> dict[str, str]:
    return {"status": "alive"}


@bp.get("/readyz")
@public
def readyz() -> Response:
    try:
        problem = None if _has_schema() else "the database has another schema: run `evalhub migrate`"
        problem = problem or _stale()
    except OperationalError:
        problem = "the database is away"
    response = jsonify({"status": "not ready", "reason": problem} if problem else {"status": "ready"})
    response.status_code = 503 if problem else 200
    return response


def _stale() -> str | None:
    """Bodies that wait too long mean that no worker parses."""
    age = func.extract("epoch", func.now() - func.min(InboxItem.received_at))
    seconds = db().scalar(select(age).where(InboxItem.state == WAITING))
    return f"bodies have waited {seconds:.0f} s to be parsed" if seconds and seconds > STALE_S else None


def _has_schema() -> bool:
    """The schema is looked at until it fits; it does not change under a running server."""
    url = services().settings.database_url or ""
    if url not in FITTING and is_current(url):
        FITTING.add(url)
    return url in FITTING
