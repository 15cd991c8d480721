"""Conversations: accepted, listed, read in the very format they are sent in, deleted."""

from typing import Any

from flask import request

from evalhub.errors import BadInput, Problem
from evalhub.score_rows import evaluation_row, score_row
from evalhub.traces import queries, receive
from evalhub.traces.deletion import delete_conversation
from evalhub.traces.filters import Filters
from evalhub.traces.formats.native_dump import dump
from webui.access import api_key
from webui.api import api
from webui.api.answers import page_url, received
from webui.api.bodies import read_body
from webui.context import actor, db, project


@api.post("/conversations")
@api_key("ingest")
def post_conversation() -> tuple[dict[str, object], int]:
    return received(receive.receive_native(db(), project().id, read_body())), 202


@api.get("/conversations")
@api_key("full")
def list_conversations() -> dict[str, object]:
    filters = Filters.from_args(request.args)
    cursor = request.args.get("cursor")
    page = queries.list_conversations(db(), project().id, filters, cursor=cursor, limit=_limit())
    return {"items": [_item(row) for row in page.items], "next": page.next}


@api.get("/conversations/<path:conversation_id>")
@api_key("full")
def get_conversation(conversation_id: str) -> dict[str, Any]:
    return _dumped(conversation_id)


def _dumped(conversation_id: str) -> dict[str, Any]:
    conversation = queries.load_conversation(db(), project().id, conversation_id)
    return dump(conversation, state=conversation.state)


# An id may hold slashes, and end like one of these addresses: then it is the conversation that is meant.
@api.get("/conversations/<path:conversation_id>/scores")
@api_key("full")
def get_scores(conversation_id: str) -> dict[str, Any]:
    if queries.exists(db(), project().id, f"{conversation_id}/scores"):
        return _dumped(f"{conversation_id}/scores")
    queries.check_exists(db(), project().id, conversation_id)
    scores = queries.scores_of(db(), project().id, conversation_id)
    return {"items": [score_row(score) for score in scores]}


@api.get("/conversations/<path:conversation_id>/evaluations")
@api_key("full")
def get_evaluations(conversation_id: str) -> dict[str, Any]:
    if queries.exists(db(), project().id, f"{conversation_id}/evaluations"):
        return _dumped(f"{conversation_id}/evaluations")
    queries.check_exists(db(), project().id, conversation_id)
    evaluations = queries.evaluations_of(db(), project().id, conversation_id)
    return {"items": [evaluation_row(evaluation) for evaluation in evaluations]}


@api.delete("/conversations/<path:conversation_id>")
@api_key("full")
def remove_conversation(conversation_id: str) -> tuple[str, int]:
    delete_conversation(db(), project().id, conversation_id, by=actor())
    return "", 204


def _limit() -> int:
    text = request.args.get("limit", str(queries.PAGE))
    if not (text.isdecimal() and len(text) < 10 and 1 <= int(text) <= queries.MAX_PAGE):
        raise BadInput("This limit cannot be used.", [Problem("limit", f"1 to {queries.MAX_PAGE}", repr(text))])
    return int(text)


def _item(row: Any) -> dict[str, Any]:
    """A row of the list: the narrow facts, named as in the native format."""
    facts = {
        "id": row.id,
        "url": page_url(row.id),
        "state": row.state,
        "started_at": row.started_at.isoformat() if row.started_at else None,
        "duration_ms": row.duration_ms,
        "agent": {"name": row.agent_name, "version": row.agent_version, "architecture": row.architecture},
        "channel": row.channel,
        "tags": row.tags,
        "outcome": row.outcome,
    }
    return {name: value for name, value in facts.items() if value is not None}
