"""Scorecards: what people and judges are asked, by version, to read, to edit, to make new ones."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub.accounts.audit import audit
from evalhub.errors import BadInput, Problem
from evalhub.labeling.scorecards import scorecards, versions
from evalhub.rubrics import RubricDefinition
from evalhub.rubrics.editing import Change, counted_since, definition_of, publish
from webui import rubric_form
from webui.access import allow
from webui.context import actor, db, give_up, project

bp = Blueprint("rubrics", __name__, url_prefix="/p/<project_slug>/scorecards")


@bp.get("")
@allow("lead", "viewer")
def index() -> str:
    return render_template("rubrics/index.html", scorecards=scorecards(db(), project().id))


@bp.get("/<key>")
@allow("lead", "viewer")
def page(key: str) -> str:
    rubric, published = versions(db(), project().id, key)
    wanted = request.args.get("version", type=int) or published[0].number
    shown = next((version for version in published if version.number == wanted), None)
    if shown is None:
        abort(404, f"{rubric.title} has no version {wanted}.")
    return render_template(
        "rubrics/page.html",
        rubric=rubric,
        versions=published,
        shown=shown,
        since=counted_since(db(), project().id, key),
    )


@bp.get("/<key>/edit")
@allow("lead")
def edit(key: str) -> str:
    return _editor(_newest(key))


@bp.post("/<key>/edit")
@allow("lead")
def publish_edit(key: str) -> Response | tuple[str, int]:
    _newest(key)
    return _publish(key)


@bp.get("/new")
@allow("lead")
def new() -> str:
    return _editor(_newest(request.args["copy"]), is_new=True)


@bp.post("/new")
@allow("lead")
def publish_new() -> Response | tuple[str, int]:
    return _publish(rubric_form.key_of(request.form.get("title", "")), is_new=True)


def _publish(key: str, *, is_new: bool = False) -> Response | tuple[str, int]:
    """Publish what was filled in; what cannot be is shown again as it was filled in, with the reason."""
    try:
        edited = rubric_form.read(request.form, key)
        if is_new and key in {card.key for card in scorecards(db(), project().id)}:
            raise BadInput("This scorecard cannot be published.", [Problem("title", "a new one", repr(edited.title))])
        change: Change = "wording" if request.form.get("change") == "wording" else "meaning"
        version = publish(db(), project().id, edited, change)
    except BadInput as fault:
        give_up()
        return _editor(rubric_form.filled(request.form, key), is_new=is_new, fault=fault), fault.status
    audit(db(), project().id, actor(), "scorecard.published", key, version=version.number, change=version.change_kind)
    flash(f"Version {version.number} is published.")
    return redirect(url_for("rubrics.page", project_slug=project().slug, key=key))


def _newest(key: str) -> RubricDefinition:
    rubric, published = versions(db(), project().id, key)
    return definition_of(rubric, published[0])


def _editor(shown: RubricDefinition | dict[str, Any], *, is_new: bool = False, **more: Any) -> str:
    return render_template(
        "rubrics/edit.html",
        shown=shown,
        is_new=is_new,
        levels_text=rubric_form.levels_text,
        most=rubric_form.MOST,
        **more,
    )
