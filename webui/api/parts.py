"""What belongs to a conversation, in any order: events, the end, feedback, realtime events, and whole files."""

from flask import request

from evalhub.traces import receive
from evalhub.traces.formats.native_parts import END, EVENTS, FEEDBACK
from webui.access import api_key
from webui.api import api
from webui.api.answers import received
from webui.api.bodies import read_body
from webui.context import db, project


@api.post("/conversations/<path:conversation_id>/events")
@api_key("ingest")
def post_events(conversation_id: str) -> tuple[dict[str, object], int]:
    return _part(conversation_id, EVENTS)


@api.post("/conversations/<path:conversation_id>/end")
@api_key("ingest")
def post_end(conversation_id: str) -> tuple[dict[str, object], int]:
    return _part(conversation_id, END)


@api.post("/conversations/<path:conversation_id>/feedback")
@api_key("ingest")
def post_feedback(conversation_id: str) -> tuple[dict[str, object], int]:
    return _part(conversation_id, FEEDBACK)


@api.post("/conversations/<path:conversation_id>/realtime-events")
@api_key("ingest")
def post_realtime_events(conversation_id: str) -> tuple[dict[str, object], int]:
    return received(receive.receive_realtime(db(), project().id, conversation_id, read_body())), 202


@api.post("/import")
@api_key("ingest")
def post_import() -> tuple[dict[str, object], int]:
    receipts = receive.receive_import(db(), project().id, read_body(), request.mimetype)
    return {"conversations": [received(receipt) for receipt in receipts]}, 202


def _part(conversation_id: str, kind: str) -> tuple[dict[str, object], int]:
    return received(receive.receive_part(db(), project().id, conversation_id, kind, read_body())), 202
