"""The door: what comes in over HTTP or by hand is checked whole, kept in the inbox, and only then acknowledged."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.errors import BadInput, Conflict, Problem, UnsupportedType, describe
from evalhub.models import Conversation, Deletion, Recording
from evalhub.services import Services
from evalhub.traces import assembly, inbox, lifecycle
from evalhub.traces.aliases import canonical
from evalhub.traces.bodies import read_json
from evalhub.traces.formats import native, native_parts, openai_realtime, otlp_file
from evalhub.traces.formats.native_fields import CONTROL
from evalhub.traces.grouping import calls_of
from evalhub.traces.recordings import placing
from evalhub.traces.recordings.attach import TRACKS, attach

MAX_RECORDING_BYTES = 4 << 30
MAX_ID_CHARS = 255
HEAD = 64 << 10


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the sender is told: the id, whether it is new, and what looked odd."""

    id: str
    state: str
    warnings: list[dict[str, Any]] = field(default_factory=list)


def receive_native(session: Session, project_id: int, body: bytes) -> Receipt:
    """Accept a conversation in the native format.

    Raises:
        BadInput: any fault in it; nothing is kept.
    """
    return _accept_each(session, project_id, native.NAME, native.split(body))[0]


def receive_import(session: Session, project_id: int, body: bytes, media_type: str | None) -> list[Receipt]:
    """Accept a file of any format that is recognised; one receipt per conversation in it.

    Raises:
        UnsupportedType: no format recognises it; names those that are known.
    """
    name = recognise(body, media_type)
    if name == native.NAME:
        return _accept_each(session, project_id, name, native.split(body))
    if hasattr(plugins.formats()[name], "decode"):
        return _accept_traced(session, project_id, name, body)
    parsed = plugins.formats()[name].parse(body, None)
    return _accept_each(session, project_id, name, [(parsed.conversations[0], body)])


def recognise(body: bytes, media_type: str | None) -> str:
    """The name of the one format that recognises this body."""
    for name, module in plugins.formats().items():
        if module.recognises(body[:HEAD], media_type):
            return name
    known = ", ".join(plugins.formats())
    raise UnsupportedType(
        f"This is no format that evalhub reads. It reads: {known}, and audio files by `evalhub send`."
    )


def receive_part(session: Session, project_id: int, conversation_id: str, kind: str, body: bytes) -> Receipt:
    """Accept events, an end signal or feedback of one conversation: kinds of `native_parts`."""
    check_id(conversation_id)
    parsed = native_parts.parse(kind, body, conversation_id)
    return _accept_each(session, project_id, kind, [(parsed.conversations[0], body)])[0]


def receive_expectations(session: Session, project_id: int, conversation_id: str, text: str) -> Receipt:
    """Accept what a person says a conversation should have come to: the JSON of `expectations`.

    Raises:
        Unreadable: no JSON.
        BadInput: a fault in it, with every fault found.
    """
    expectations = read_json(text.encode(), [])
    body = orjson.dumps({"expectations": expectations})
    return receive_part(session, project_id, conversation_id, native_parts.EVENTS, body)


def receive_realtime(session: Session, project_id: int, conversation_id: str, body: bytes) -> Receipt:
    """Accept a piece of a Realtime or Live event log of one conversation."""
    check_id(conversation_id)
    conversation = openai_realtime.parse(body, conversation_id).conversations[0]
    return _accept_each(session, project_id, openai_realtime.NAME, [(conversation, body)])[0]


def receive_report(session: Session, project_id: int, format_name: str, body: bytes, *, endpoint_id: int) -> Receipt:
    """Accept a report of a vendor that came to one of its endpoints.

    Raises:
        BadInput: any fault in it.
        Conflict: its call was deleted here.
    """
    conversation = plugins.formats()[format_name].parse(body, None).conversations[0]
    return _accept_each(session, project_id, format_name, [(conversation, body)], endpoint_id)[0]


def receive_recording(
    services: Services,
    session: Session,
    recording: Recording,
    blocks: Iterable[bytes],
    *,
    started_at: datetime | None = None,
    expected_sha256: str | None = None,
    limit: int = MAX_RECORDING_BYTES,
) -> tuple[str, bool]:
    """Store the sound of a track, before, after or without its conversation.

    Args:
        started_at: when its first sample was recorded, for senders that do not know when the conversation began.

    Returns:
        The sha256 of the bytes, and whether they are new for this track.

    Raises:
        BadInput: the track is unknown, the body is empty or not what its digest says.
        TooLarge: more than `limit` bytes. In each case nothing is kept.
    """
    check_id(recording.conversation_id)
    recording.conversation_id = canonical(session, recording.project_id, recording.conversation_id)
    if recording.track not in TRACKS:
        raise BadInput("Unknown track.", [Problem("track", " | ".join(TRACKS), recording.track)])
    refuse_deleted(session, recording.project_id, recording.conversation_id)
    stored = services.audio.put(recording.project_id, blocks, limit=limit, expected=expected_sha256)
    if stored.size == 0:
        raise BadInput("The recording is empty.", [Problem("body", "audio", "0 bytes")])
    assembly.stub(session, recording.project_id, recording.conversation_id)
    is_new = attach(services, session, recording, stored)
    placing.note_start(session, recording, started_at)
    lifecycle.touch(session, recording.project_id, recording.conversation_id)
    lifecycle.settle(session, recording.project_id, {recording.conversation_id: False})
    return stored.sha256, is_new


def receive_upload(session: Session, project_id: int, conversation_id: str, *, agent: str | None) -> Receipt:
    """A call that is nothing but a recording somebody uploads: it is over as soon as it is there."""
    now = datetime.now(UTC).isoformat()
    body: dict[str, Any] = {"id": conversation_id, "origin": "upload", "started_at": now, "ended_at": now}
    body |= {"agent": {"name": agent}} if agent else {}
    return receive_native(session, project_id, orjson.dumps(body))


def check_id(conversation_id: str) -> None:
    """Ids are the client's own, but have to fit into a URL and a key: the rule of the native format."""
    fits = 0 < len(conversation_id) <= MAX_ID_CHARS and conversation_id not in (".", "..")
    if not fits or CONTROL.search(conversation_id):
        expected = f"1 to {MAX_ID_CHARS} characters, no control characters, not . or .."
        raise BadInput("This id cannot be used.", [Problem("id", expected, describe(conversation_id))])


def _accept_each(
    session: Session,
    project_id: int,
    format_name: str,
    parts: Iterable[tuple[Conversation, bytes]],
    endpoint_id: int | None = None,
) -> list[Receipt]:
    receipts = []
    for conversation, body in parts:
        check_id(conversation.id)
        conversation.id = canonical(session, project_id, conversation.id)
        refuse_deleted(session, project_id, conversation.id)
        assembly.stub(session, project_id, conversation.id)
        inbox.accept(
            session,
            project_id,
            format_name=format_name,
            body=body,
            conversation_id=conversation.id,
            headers={"endpoint": endpoint_id} if endpoint_id is not None else None,
        )
        receipts.append(Receipt(id=conversation.id, state="received", warnings=conversation.warnings or []))
    return receipts


def _accept_traced(session: Session, project_id: int, name: str, body: bytes) -> list[Receipt]:
    """Spans and reports go the way they go from exporters; the receipts name the calls as this file alone tells."""
    parts = otlp_file.requests(body) if name == otlp_file.NAME else [(name, body, True)]
    found = plugins.formats()[name].decode(body)
    calls = [call.id for call in calls_of(found.spans, found.logs)]
    for kind, request, is_json in parts:
        headers = {"content-type": "application/json" if is_json else "application/x-protobuf"}
        sent = inbox.SentBody(format=kind, body=request, encoding="identity", body_bytes=len(request), headers=headers)
        inbox.accept_spans(session, project_id, sent)
    return [Receipt(id=call, state="received") for call in calls]


def refuse_deleted(session: Session, project_id: int, conversation_id: str) -> None:
    """Nothing brings back what somebody deleted.

    Raises:
        Conflict: it was.
    """
    deleted_at: datetime | None = session.scalar(
        select(Deletion.deleted_at).filter_by(project_id=project_id, conversation_id=conversation_id)
    )
    if deleted_at:
        day = f"{deleted_at:%Y-%m-%d}"
        raise Conflict(f"Conversation {conversation_id!r} was deleted on {day}. Send it under another id.")
