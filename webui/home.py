"""Home: the next step of a new project, the week of a living one."""

from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub.accounts.projects import create_project, projects_of
from evalhub.errors import BadInput, Conflict
from evalhub.labeling import desk
from evalhub.reports import home
from webui.access import allow, signed_in
from webui.context import db, give_up, person, project, role, services

bp = Blueprint("home", __name__)


@bp.get("/")
@signed_in
def index() -> Response:
    """Straight in, where there is one project only."""
    own = projects_of(db(), person())
    if len(own) == 1:
        return redirect(url_for("home.page", project_slug=own[0].slug))
    return redirect(url_for("home.projects"))


@bp.get("/projects")
@signed_in
def projects() -> str:
    return _projects_page()


@bp.post("/projects")
@signed_in
def add_project() -> Response | tuple[str, int]:
    if not person().is_owner:
        abort(403, "Only an owner of this installation makes projects.")
    asked = {"slug": request.form.get("slug", "").strip().lower(), "name": request.form.get("name", "")[:100]}
    try:
        made = create_project(db(), **asked, by=person().email, admin=person())
    except (BadInput, Conflict) as refused:
        give_up()
        return _projects_page(error=str(refused)), 422
    return redirect(url_for("home.page", project_slug=made.slug))


def _projects_page(error: str | None = None) -> str:
    return render_template("home/projects.html", projects=projects_of(db(), person()), error=error)


@bp.get("/p/<project_slug>/")
@allow("viewer", "lead", "labeler")
def page() -> str | Response:
    if role() == "labeler":
        return redirect(url_for("label.page", project_slug=project().slug))
    progress = home.progress(db(), project().id)
    return render_template(
        "home/page.html",
        progress=progress,
        week=home.week(db(), project().id) if progress.calls else None,
        stands_out=home.stands_out(db(), project().id),
        queues=desk.waiting(db(), project().id, person().id) if role() != "viewer" else [],
        judge_model=services().settings.judge_model,
    )


@bp.get("/p/<project_slug>/waiting")
@allow("viewer", "lead")
def waiting() -> str | tuple[str, int]:
    """The live part of the checklist: the newest call, or the first since the page was opened; 204 while it is as
    the page knows it."""
    since = request.args.get("since", type=datetime.fromisoformat)
    seen = home.observed(db(), project().id, since)
    if request.args.get("known") == (seen.mark if seen else "") and (seen is None or seen.is_fresh):
        return "", 204
    return render_template("home/observed.html", seen=seen, since=since)
