"""Label: one call, its scorecard, submit and next. Labelers see only this page and their own results."""

import json
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.labeling import desk, drafts, labels, progress, slots, undoing
from evalhub.labeling.claiming import seconds_until
from evalhub.labeling.queues import queue_of
from evalhub.models import Json, Queue
from evalhub.traces.queries import analyses_of, load_conversation
from evalhub.traces.timeline import timeline
from webui.access import allow
from webui.context import db, person, project
from webui.label_form import payload_of

bp = Blueprint("label", __name__, url_prefix="/p/<project_slug>/label")
MAY_LABEL = ("labeler", "lead")
Page = str | Response | tuple[str, int]


@bp.get("")
@allow(*MAY_LABEL)
def page() -> Page:
    """Straight to the only queue there is; with several, a choice."""
    waiting = desk.waiting(db(), project().id, person().id)
    if len(waiting) == 1 and "stay" not in request.args:
        return redirect(url_for("label.work", project_slug=project().slug, queue_id=waiting[0].id))
    return render_template("label/queues.html", waiting=waiting)


@bp.get("/results")
@allow(*MAY_LABEL)
def results() -> str:
    """What I did, for myself: no ranking, nobody else."""
    mine = progress.labelers(db(), project().id, user_id=person().id)
    own = progress.own_labels(db(), project().id, person().id)
    return render_template("label/results.html", work=mine[0] if mine else None, labels=own)


@bp.get("/<int:queue_id>")
@allow(*MAY_LABEL)
def work(queue_id: int) -> Page:
    return _desk(_queue(queue_id))


@bp.get("/timeline/<int:slot_id>")
@allow(*MAY_LABEL)
def sound(slot_id: int) -> Response:
    """What the player needs of the call on the desk. No scores: labelers are blind to judges."""
    call_id = slots.held_call(db(), project_id=project().id, slot_id=slot_id, user_id=person().id)
    call = load_conversation(db(), project().id, call_id, spans=False)
    drawn = timeline(call, [], analyses_of(db(), project().id, call.recordings))
    for recording in drawn["recordings"]:
        this = {"project_slug": project().slug, "sha256": recording["sha256"]}
        recording |= {"url": url_for("recordings.sound", **this), "peaks_url": url_for("recordings.peaks", **this)}
    return jsonify(drawn)


@bp.post("/<int:queue_id>/submit")
@allow(*MAY_LABEL)
def submit(queue_id: int) -> Page:
    held, payload = _held(), payload_of(request.form)
    _keep_draft(held["slot_id"], payload)
    try:
        labels.submit(db(), **held, payload=payload)
    except BadInput as fault:
        return _desk(_queue(queue_id), fault=fault), fault.status
    except Conflict as refused:
        return _taken(queue_id, refused)
    return _next(queue_id)


@bp.post("/draft")
@allow(*MAY_LABEL)
def draft() -> Page:
    _keep_draft(_held()["slot_id"], payload_of(request.form))
    return Response(status=204)


@bp.post("/heartbeat")
@allow(*MAY_LABEL)
def heartbeat() -> Page:
    try:
        until = slots.heartbeat(db(), **_held())
    except Conflict as refused:
        return jsonify(message=str(refused)), 409
    return jsonify(seconds=seconds_until(until))


@bp.post("/<int:queue_id>/skip")
@allow(*MAY_LABEL)
def skip(queue_id: int) -> Page:
    why = {"reason": request.form.get("reason", ""), "comment": request.form.get("why", "")}
    try:
        slots.skip(db(), **_held(), **why)
    except BadInput as fault:
        return _desk(_queue(queue_id), fault=fault), fault.status
    except Conflict as refused:
        return _taken(queue_id, refused)
    return _next(queue_id)


@bp.post("/<int:queue_id>/undo")
@allow(*MAY_LABEL)
def undo(queue_id: int) -> Page:
    try:
        undoing.undo(db(), project_id=project().id, queue_id=queue_id, user_id=person().id)
    except NotFound as nothing:
        return _desk(_queue(queue_id), notice=str(nothing))
    return _next(queue_id)


@bp.post("/pause")
@allow(*MAY_LABEL)
def pause() -> Page:
    """Give the call back with the answers kept as a draft."""
    held = _held()
    _keep_draft(held["slot_id"], payload_of(request.form))
    slots.give_back(db(), **held)
    return redirect(url_for("label.page", project_slug=project().slug, stay=1), 303)


@bp.app_template_filter()
def clock(ms: float | None) -> str:
    """A moment of a call: 1:07, after an hour 1:15:12."""
    if ms is None:
        return "-"
    minutes, seconds = divmod(int(ms) // 1000, 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours}:{rest:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@bp.app_template_filter()
def pretty(value: Any) -> str:
    """A payload as it is read: indented JSON, or the text it was."""
    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)


def _queue(queue_id: int) -> Queue:
    return queue_of(db(), project_id=project().id, queue_id=queue_id)


def _held() -> dict[str, Any]:
    """Which slot, and the token that says it is still ours."""
    try:
        slot_id, token = int(request.form["slot"]), UUID(request.form["token"])
    except ValueError:
        abort(400, "This form is damaged. Open the page again.")
    return {"project_id": project().id, "slot_id": slot_id, "token": token, "user_id": person().id}


def _keep_draft(slot_id: int, payload: Json) -> None:
    """Committed on its own: a refused submit must not lose what was filled in."""
    drafts.save_draft(db(), project_id=project().id, slot_id=slot_id, user_id=person().id, payload=payload)
    db().commit()


def _next(queue_id: int) -> Page:
    """The page's script gets the next call as a part of the page; a plain browser loads it."""
    if _is_part():
        return _desk(_queue(queue_id))
    return redirect(url_for("label.work", project_slug=project().slug, queue_id=queue_id), 303)


def _desk(queue: Queue, fault: BadInput | None = None, notice: str = "") -> str:
    opened = desk.open_desk(db(), queue, person().id)
    this = {"project_id": project().id, "queue_id": queue.id, "user_id": person().id}
    shown = {"queue": queue, "opened": opened, "fault": fault, "notice": notice}
    shown["may_undo"] = undoing.may_undo(db(), **this)
    if isinstance(opened, desk.Empty):
        return _render("empty", **shown)
    titles = {criterion.key: criterion.title for criterion in opened.criteria}
    return _render("desk", **shown, **_call(opened), titles=titles, skip_reasons=slots.SKIP_REASONS)


def _call(opened: desk.Desk) -> dict[str, Any]:
    """The call to listen to, blind: its words in order, no score of anybody."""
    call = load_conversation(db(), project().id, opened.lease.conversation_id, spans=False)
    parts = [*call.turns, *call.tool_calls]
    parts.sort(key=lambda part: (part.start_ms is None, part.start_ms or 0))
    return {"call": call, "parts": parts}


def _taken(queue_id: int, refused: Conflict) -> tuple[str, int]:
    return _render("taken", queue=_queue(queue_id), message=str(refused)), 409


def _render(part: str, **shown: Any) -> str:
    return render_template(
        f"label/{part}.html" if _is_part() else "label/page.html", part=f"label/{part}.html", **shown
    )


def _is_part() -> bool:
    return "X-Part" in request.headers
