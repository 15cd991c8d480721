"""Home: the next step of a new project, the week of a living one."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from evalhub.accounts.projects import projects_of
from evalhub.reports import home
from webui.access import allow, signed_in
from webui.context import db, person, project, role, services

bp = Blueprint("home", __name__)


@bp.get("/")
@signed_in
def index() -> str | Response:
    projects = projects_of(db(), person())
    if len(projects) == 1:
        return redirect(url_for("home.page", project_slug=projects[0].slug))
    return render_template("home/projects.html", projects=projects)


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
        judge_model=services().settings.judge_model,
    )


@bp.get("/p/<project_slug>/waiting")
@allow("viewer", "lead")
def waiting() -> str:
    """The live part of the checklist: what arrived until now."""
    return render_template("home/observed.html", progress=home.progress(db(), project().id))
