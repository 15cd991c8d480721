"""Queues: how far each is, and a new one by three answers: which calls, which scorecard, how many."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from evalhub.accounts.audit import audit
from evalhub.accounts.people import members
from evalhub.errors import BadInput, EvalhubError
from evalhub.labeling.export import labels_csv
from evalhub.labeling.plans import MOST_CALLS, create_queue
from evalhub.labeling.population import preview
from evalhub.labeling.progress import labelers, queues
from evalhub.labeling.queues import close_queue, plan_of, queue_of
from evalhub.labeling.scorecards import judged_criteria, scorecards
from evalhub.traces import filters
from evalhub.traces.queries import choices
from webui.access import allow
from webui.context import actor, db, project

bp = Blueprint("queues", __name__, url_prefix="/p/<project_slug>/queues")
CALLS = 60


@bp.get("")
@allow("lead")
def index() -> str:
    return render_template("queues/index.html", queues=queues(db(), project().id))


@bp.get("/new")
@allow("lead")
def new() -> str:
    return _form(request.args)


@bp.post("/preview")
@allow("lead")
def show_preview() -> str:
    return render_template("queues/preview.html", **_preview(request.form))


@bp.post("")
@allow("lead")
def create() -> AnyResponse | tuple[str, int]:
    try:
        queue = _create(request.form)
    except BadInput as fault:
        db().rollback()
        return _form(request.form, fault), fault.status
    audit(db(), project().id, actor(), "queue.created", queue.name, queue=queue.id)
    return redirect(url_for("queues.page", project_slug=project().slug, queue_id=queue.id))


@bp.get("/<int:queue_id>")
@allow("lead")
def page(queue_id: int) -> str:
    plan = plan_of(db(), queue_of(db(), project_id=project().id, queue_id=queue_id))
    return render_template(
        "queues/page.html",
        queue=queues(db(), project().id, queue_id=queue_id)[0],
        plan=plan,
        labelers=labelers(db(), project().id, queue_id=queue_id),
    )


@bp.post("/<int:queue_id>/close")
@allow("lead")
def close(queue_id: int) -> AnyResponse:
    close_queue(db(), project_id=project().id, queue_id=queue_id)
    audit(db(), project().id, actor(), "queue.closed", str(queue_id))
    return redirect(url_for("queues.page", project_slug=project().slug, queue_id=queue_id))


@bp.get("/<int:queue_id>/labels.csv")
@allow("lead")
def export(queue_id: int) -> Response:
    queue_of(db(), project_id=project().id, queue_id=queue_id)
    table = labels_csv(db(), project_id=project().id, queue_id=queue_id)
    headers = {"Content-Disposition": f'attachment; filename="labels-{project().slug}-{queue_id}.csv"'}
    return Response(table, mimetype="text/csv", headers=headers)


@bp.app_template_filter()
def hours(ms: float) -> str:
    """A span of work: 4 h 10 min."""
    whole, minutes = divmod(max(1, round(ms / 60_000)), 60)
    return f"{whole} h {minutes} min" if whole else f"{minutes} min"


def _create(form: Mapping[str, str]) -> Any:
    wanted = filters.Filters.from_args(form)
    asked = _asked(form)
    return create_queue(
        db(),
        filters.ids(project().id, wanted),
        project_id=project().id,
        rubric=asked["rubric"],
        calls=asked["calls"],
        population_query=wanted.as_args(),
        name=asked["name"],
        stratify_by=asked["stratify_by"] or None,
        overlap_share=asked["overlap"] / 100,
        created_by=actor(),
    )


def _form(given: Mapping[str, str], fault: BadInput | None = None) -> str:
    return render_template(
        "queues/new.html",
        given=given,
        asked=_asked(given),
        fault=fault,
        choices=choices(db(), project().id),
        scorecards=scorecards(db(), project().id),
        judged=judged_criteria(db(), project().id),
        most=MOST_CALLS,
        **_preview(given),
    )


def _asked(given: Mapping[str, str]) -> dict[str, Any]:
    """The answers besides the filter, as far as they can be read."""
    number = given.get("calls", str(CALLS))
    share = given.get("overlap", "20")
    return {
        "rubric": given.get("rubric", ""),
        "calls": int(number) if number.isdigit() else 0,
        "name": given.get("name", "").strip()[:120],
        "stratify_by": given.get("stratify_by", ""),
        "overlap": min(int(share), 100) if share.isdigit() else 20,
    }


def _preview(given: Mapping[str, str]) -> dict[str, Any]:
    """How many calls match and how long listening takes; a filter that cannot be read is said instead."""
    asked = _asked(given)
    people = sum(member.role == "labeler" for member in members(db(), project().id))
    try:
        matching = filters.ids(project().id, filters.Filters.from_args(given))
    except EvalhubError as fault:
        return {"problem": str(fault), "labelers": people}
    seen = preview(db(), matching, project_id=project().id, calls=asked["calls"], overlap_share=asked["overlap"] / 100)
    return {"preview": seen, "wanted": asked["calls"], "labelers": people}
