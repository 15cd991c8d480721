"""Scorecards: what people and judges are asked, by version, to read before choosing one."""

from flask import Blueprint, abort, render_template, request

from evalhub.labeling.scorecards import scorecards, versions
from webui.access import allow
from webui.context import db, project

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
    return render_template("rubrics/page.html", rubric=rubric, versions=published, shown=shown)
