"""Judging stored calls: which, how many that is and what it costs, then doing it."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub import plugins
from evalhub.accounts.audit import audit
from evalhub.errors import BadInput
from evalhub.evaluations.selections import judge_again, preview
from evalhub.traces import filters
from evalhub.traces.queries import choices
from webui.access import allow
from webui.context import actor, db, project, services

bp = Blueprint("judging", __name__, url_prefix="/p/<project_slug>/judging")


@bp.get("")
@allow("lead")
def form() -> str:
    return _form(request.args)


@bp.post("/preview")
@allow("lead")
def show_preview() -> str:
    return render_template("judging/preview.html", **_preview(request.form))


@bp.post("")
@allow("lead")
def start() -> Response | tuple[str, int]:
    try:
        wanted = filters.Filters.from_args(request.form)
    except BadInput as fault:
        return _form(request.form), fault.status
    judge = plugins.evaluators()["rubric_judge"]()
    count = judge_again(db(), project().id, filters.ids(project().id, wanted), judge)
    audit(db(), project().id, actor(), "judge.asked", calls=count, **wanted.as_args())
    flash(f"{count} calls wait for the judge now.")
    return redirect(url_for("settings.show_judge", project_slug=project().slug))


def _form(given: Mapping[str, str]) -> str:
    return render_template("judging/form.html", given=given, choices=choices(db(), project().id), **_preview(given))


def _preview(given: Mapping[str, str]) -> dict[str, Any]:
    """What it would come to; a filter that cannot be read is said instead."""
    connected = services().settings.judge_model
    try:
        matching = filters.ids(project().id, filters.Filters.from_args(given))
    except BadInput as fault:
        return {"problem": str(fault), "connected": connected}
    return {"preview": preview(db(), project(), matching, services().settings), "connected": connected}
