"""Conversations: the list, one call with everything on one timeline, a recording uploaded by hand, deletion."""

from secrets import token_hex
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub.accounts.audit import audit
from evalhub.errors import BadInput, Problem, describe
from evalhub.evaluations.explaining import unplanned
from evalhub.evaluations.rules import rules_of
from evalhub.labeling.slots import may_listen
from evalhub.models import PENDING, RUNNING, Recording
from evalhub.reports.call import TIERS, call_report
from evalhub.reports.calls import calls_csv
from evalhub.reports.judges import asked_about
from evalhub.reports.titles import titles
from evalhub.traces import inbox, queries, receive, span_tree
from evalhub.traces.deletion import delete_conversation
from evalhub.traces.filters import Filters
from evalhub.traces.formats.native_dump import dump
from evalhub.traces.timeline import timeline
from webui.access import allow
from webui.chips import chips
from webui.context import actor, db, person, project, role, services
from webui.lanes import lanes_px

bp = Blueprint("conversations", __name__, url_prefix="/p/<project_slug>")
WAVE_COLUMNS = 60
FIRST_LINES, MORE_LINES, MANY_TOOLS = 200, 2000, 100
"""of a transcript at once: when the page opens, and then until all is there; of the tool calls"""
SIDES = {
    "stereo:caller,agent": "two channels: caller left, agent right",
    "stereo:agent,caller": "two channels: agent left, caller right",
    "mixed:mixed": "one channel with both",
    "agent:agent": "the agent alone",
    "caller:caller": "the caller alone",
}
"""track and channels of an uploaded recording, as the form asks for them"""
MOVED = {"export.csv": "conversations.as_csv", "upload": "conversations.show_upload"}
"""pages that stood where ids stand: a client may name a call so, too"""


@bp.get("/conversations")
@allow("viewer", "lead")
def index() -> str:
    filters = Filters.from_args(request.args)
    page = queries.list_conversations(db(), project().id, filters, cursor=request.args.get("cursor"))
    shown = queries.summaries(db(), project().id, [row.id for row in page.items])
    context: dict[str, Any] = {
        "page": page,
        "summaries": shown,
        "filters": filters,
        "titles": titles(db(), project().id),
    }
    if request.headers.get("HX-Request"):
        return render_template("conversations/rows.html", **context)
    return render_template(
        "conversations/index.html",
        **context,
        chips=chips(filters, context["titles"]),
        asked={name: request.args[name] for name in filters.as_args()},
        total=queries.count(db(), project().id, filters),
        cap=queries.COUNT_CAP,
        choices=queries.choices(db(), project().id),
    )


@bp.get("/conversations.csv")
@allow("viewer", "lead")
def as_csv() -> Response:
    """Every call of the list, not only its first page."""
    filters = Filters.from_args(request.args)
    table = calls_csv(db(), project().id, filters, titles(db(), project().id), _address)
    headers = {"Content-Disposition": f'attachment; filename="calls-{project().slug}.csv"'}
    return Response(table, mimetype="text/csv", headers=headers)


@bp.get("/waveforms")
@allow("viewer", "lead")
def waveforms() -> Response:
    """Tiny waveforms for a page of the list: a few columns per channel, by sha256."""
    hashes = request.args.get("of", "").split(",")[: queries.MAX_PAGE]
    response = jsonify(queries.tiny_waveforms(db(), project().id, hashes, WAVE_COLUMNS))
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@bp.get("/upload")
@allow("lead")
def show_upload() -> str:
    return render_template("conversations/upload.html", sides=SIDES, most=receive.MAX_RECORDING_BYTES)


@bp.post("/upload")
@allow("lead")
def upload() -> Response:
    """One recording becomes a call."""
    file = request.files.get("file")
    if file is None or not file.filename:
        abort(400, "Choose a recording first.")
    stem = "".join(letter if letter.isalnum() else "-" for letter in file.filename.rsplit(".", 1)[0])[:60].strip("-")
    conversation_id = f"{stem or 'upload'}-{token_hex(3)}"
    sides = request.form.get("sides", "")
    if sides not in SIDES:
        raise BadInput("Say who is on which channel.", [Problem("sides", " | ".join(SIDES), describe(sides))])
    track, channels = sides.split(":")
    receive.receive_upload(db(), project().id, conversation_id, agent=request.form.get("agent", "").strip() or None)
    recording = Recording(
        project_id=project().id, conversation_id=conversation_id, track=track, channels=channels.split(",")
    )
    receive.receive_recording(services(), db(), recording, iter(lambda: file.stream.read(1 << 16), b""))
    audit(db(), project().id, actor(), "conversation.uploaded", conversation_id)
    return redirect(url_for("conversations.page", project_slug=project().slug, conversation_id=conversation_id))


@bp.get("/conversations/<path:conversation_id>/timeline.json")
@allow("viewer", "lead", "labeler")
def timeline_json(conversation_id: str) -> Response:
    """What the lanes draw. For labelers without verdicts: they answer blind."""
    conversation = queries.load_conversation(db(), project().id, conversation_id, spans=False)
    analyses = queries.analyses_of(db(), project().id, conversation.recordings)
    sounds = [recording.sha256 for recording in conversation.recordings if recording.sha256]
    if role() == "labeler" and not any(may_listen(db(), project().id, person().id, sha256) for sha256 in sounds):
        abort(403, "You may see the calls that you are labeling.")
    blind = role() == "labeler" or "blind" in request.args
    scores = [] if blind else queries.scores_of(db(), project().id, conversation_id)
    drawn = timeline(conversation, scores, analyses)
    for recording in drawn["recordings"]:
        where = {"project_slug": project().slug, "sha256": recording["sha256"]}
        recording |= {"url": url_for("recordings.sound", **where), "peaks_url": url_for("recordings.peaks", **where)}
        if not blind:
            recording["contour_url"] = url_for("recordings.contour", **where)
    return jsonify(drawn)


@bp.get("/conversations/<path:conversation_id>/raw.json")
@allow("viewer", "lead")
def raw(conversation_id: str) -> Response:
    conversation = queries.load_conversation(db(), project().id, conversation_id)
    return jsonify(dump(conversation, state=conversation.state))


@bp.get("/conversations/<path:conversation_id>/bodies")
@allow()
def bodies(conversation_id: str) -> str:
    """What was received of this call, as it came."""
    found = queries.bodies_of(db(), project().id, conversation_id)
    return render_template("conversations/bodies.html", bodies=found, conversation_id=conversation_id)


@bp.get("/conversations/<path:conversation_id>/bodies/<int:body_id>")
@allow()
def body(conversation_id: str, body_id: int) -> Response:  # noqa: ARG001  (the address says whose it is)
    item = queries.body_of(db(), project().id, body_id)
    sent = (item.headers or {}).get("content-type", "application/json")
    name = f"{item.format}-{item.id}.{'json' if 'json' in sent else 'bin'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(inbox.body_of(item), mimetype="application/octet-stream", headers=headers)


@bp.get("/conversations/<path:conversation_id>/spans")
@allow("viewer", "lead")
def spans(conversation_id: str) -> str:
    """One level of the tree: what lies under a span, or the roots."""
    queries.check_exists(db(), project().id, conversation_id)
    under = request.args.get("under")
    level = span_tree.level(db(), project().id, conversation_id, under=under, offset=_offset())
    return render_template("conversations/spans.html", level=level, conversation_id=conversation_id, under=under)


@bp.get("/conversations/<path:conversation_id>/spans/one")
@allow("viewer", "lead")
def span(conversation_id: str) -> str:
    """Everything one span says, and the level under it."""
    span_id = request.args.get("id", "")
    found = span_tree.details(db(), project().id, conversation_id, span_id)
    level = span_tree.level(db(), project().id, conversation_id, under=span_id)
    return render_template(
        "conversations/span.html", found=found, level=level, conversation_id=conversation_id, under=span_id
    )


@bp.post("/conversations/<path:conversation_id>/delete")
@allow("lead")
def remove(conversation_id: str) -> Response:
    delete_conversation(db(), project().id, conversation_id, by=actor())
    audit(db(), project().id, actor(), "conversation.deleted", conversation_id)
    flash(f"{conversation_id} is deleted, with its sound.")
    return redirect(url_for("conversations.index", project_slug=project().slug))


@bp.get("/conversations/<path:conversation_id>")
@allow("viewer", "lead")
def page(conversation_id: str) -> str | Response:
    if conversation_id in MOVED and not queries.exists(db(), project().id, conversation_id):
        there = url_for(MOVED[conversation_id], project_slug=project().slug)
        return redirect(f"{there}?{request.query_string.decode()}".rstrip("?"))
    conversation = queries.load_conversation(db(), project().id, conversation_id, spans=False)
    if conversation.id != conversation_id:  # it was asked for by the id of a trace, or a session key
        return redirect(url_for("conversations.page", project_slug=project().slug, conversation_id=conversation.id))
    told = _told(conversation, 0, FIRST_LINES)
    return render_template("conversations/page.html", **told, **_rules(conversation, told["evaluations"]))


@bp.get("/conversations/<path:conversation_id>/pending")
@allow("viewer", "lead")
def pending(conversation_id: str) -> str:
    """How many checks still run. The page asks for it: nothing on it is put anew while somebody listens."""
    state = queries.state_of(db(), project().id, conversation_id)
    found = queries.evaluations_of(db(), project().id, conversation_id)
    left = sum(evaluation.status in (PENDING, RUNNING) for evaluation in found)
    shown = {"pending": left, "state": state, "evaluations": len(found), "conversation_id": conversation_id}
    return render_template("conversations/pending.html", **shown)


@bp.get("/conversations/<path:conversation_id>/transcript")
@allow("viewer", "lead")
def transcript(conversation_id: str) -> str:
    """Lines of a long call that its page loads when it stands."""
    conversation = queries.load_conversation(db(), project().id, conversation_id, spans=False)
    return render_template("conversations/lines.html", **_told(conversation, _offset(), MORE_LINES))


@bp.get("/conversations/<path:conversation_id>/tools")
@allow("viewer", "lead")
def tools(conversation_id: str) -> str:
    """Tool calls with what went in and out."""
    conversation = queries.load_conversation(db(), project().id, conversation_id, spans=False)
    start, every = _offset(), conversation.tool_calls
    end = start + MANY_TOOLS
    more = end if end < len(every) else None
    shown = {"tools": every[start:end], "offset": start, "next": more}
    return render_template("conversations/tools.html", call=conversation, **shown)


def _told(conversation: Any, start: int, count: int) -> dict[str, Any]:
    """A call with its report, and `count` lines of its transcript from `start` on."""
    scores = queries.scores_of(db(), project().id, conversation.id)
    evaluations = queries.evaluations_of(db(), project().id, conversation.id)
    asked = asked_about(db(), project().id, conversation.id)
    report: Any = call_report(conversation, scores, evaluations, titles(db(), project().id), asked)
    end = start + count
    more = end if end < len(report.lines) else None
    height = lanes_px(conversation, scores)
    shown = {"lines": report.lines[start:end], "next": more, "lanes_px": height, "tiers": TIERS}
    return {"call": conversation, "report": report, "evaluations": evaluations, **shown}


def _rules(conversation: Any, evaluations: Any) -> dict[str, Any]:
    """Which rules asked for what was evaluated, by their ids, and why none asked for the rest."""
    rules = rules_of(db(), project().id)
    return {
        "rules": {rule.id: rule for rule in rules},
        "unplanned": unplanned(db(), conversation, evaluations, rules),
    }


def _address(conversation_id: str) -> str:
    where = {"project_slug": project().slug, "conversation_id": conversation_id}
    return url_for("conversations.page", **where, _external=True)


def _offset() -> int:
    return max(0, request.args.get("offset", 0, type=int))
