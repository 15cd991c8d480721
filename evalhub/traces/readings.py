"""Stored spans read as conversations, a batch of calls at a time; what only the reading before gave goes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from evalhub.models import CONVERSATION_PARTS, Conversation, ConversationPart, Deletion
from evalhub.services import Services
from evalhub.traces import assembly, dialects, lifecycle
from evalhub.traces.formats import Parsed
from evalhub.traces.recordings import attach
from evalhub.traces.span_load import load_calls
from evalhub.traces.spans import TracedCall

log = logging.getLogger("evalhub.traces")

MOST_SOUND = 8 << 20
"""bytes of sound in memory at which what was read is stored before reading on"""


def assemble(services: Services, session: Session, project_id: int, conversation_ids: Iterable[str]) -> dict[str, int]:
    """Read all spans of these calls and store the conversations they tell. Returns the number of spans of each.

    The spans of one call are in memory at a time. A call that was deleted is left out.
    """
    sizes: dict[str, int] = {}
    readings: dict[str, Parsed] = {}
    for call in load_calls(session, project_id, _not_deleted(session, project_id, conversation_ids)):
        sizes[call.id] = len(call.spans)
        if not call.spans and dialects.dialect_of(call) is None:
            continue  # log records alone tell a call only where a dialect says so
        readings[call.id] = read(call)
        if sum(len(audio.data) for parsed in readings.values() for audio in parsed.audio) > MOST_SOUND:
            _store(services, session, project_id, readings)
            readings = {}
    _store(services, session, project_id, readings)
    return sizes


def read(call: TracedCall) -> Parsed:
    """The conversation in these spans. Where a dialect cannot cope, the tree of spans and a warning are left."""
    try:
        return dialects.read(call)
    except Exception as error:  # the edge to dialects, own and others': one call must not stop the calls behind it
        log.exception("reading call %r failed", call.id)
        message = f"these spans could not be read as a conversation ({type(error).__name__}: {error})"
        bare = dialects.only_a_tree(call)
        bare.conversations[0].warnings = [{"path": "spans", "message": message}]
        return bare


def _not_deleted(session: Session, project_id: int, conversation_ids: Iterable[str]) -> set[str]:
    wanted = set(conversation_ids)
    gone = (Deletion.project_id == project_id, Deletion.conversation_id.in_(sorted(wanted)))
    return wanted - set(session.scalars(select(Deletion.conversation_id).where(*gone)))


def _store(services: Services, session: Session, project_id: int, readings: Mapping[str, Parsed]) -> None:
    if not readings:
        return
    conversations = []
    for conversation_id, parsed in readings.items():
        for conversation in parsed.conversations:
            conversation.id = conversation_id
            conversations.append(conversation)
    _take_back(session, project_id, conversations)
    assembly.merge(session, project_id, conversations, are_whole=True)
    for conversation_id, parsed in readings.items():
        for audio in parsed.audio:
            audio.conversation_id = conversation_id
            attach.attach_parsed(services, session, project_id, audio)
    lifecycle.settle(session, project_id, {one: parsed.ended for one, parsed in readings.items()})


def _take_back(session: Session, project_id: int, conversations: Sequence[Conversation]) -> None:
    """Delete parts that the reading before this one gave and this one does not, and note what this one gives."""
    table: Any = Conversation.__table__
    ids = sorted(conversation.id for conversation in conversations)
    noted = select(table.c.id, table.c.derived).where(table.c.project_id == project_id, table.c.id.in_(ids))
    before = {row.id: row.derived or {} for row in session.execute(noted)}
    given = {one.id: {part.__tablename__: _ids(one, part) for part in CONVERSATION_PARTS} for one in conversations}
    for conversation_id in ids:
        _delete_gone(session, project_id, conversation_id, before.get(conversation_id, {}), given[conversation_id])
    note = update(table).where(table.c.project_id == project_id, table.c.id == bindparam("call"))
    session.execute(note.values(derived=bindparam("given")), [{"call": one, "given": given[one]} for one in ids])


def _delete_gone(
    session: Session, project_id: int, conversation_id: str, before: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    for part in CONVERSATION_PARTS:
        gone = sorted(set(before.get(part.__tablename__, [])) - set(given[part.__tablename__]))
        if gone:
            ours = (part.project_id == project_id, part.conversation_id == conversation_id, part.id.in_(gone))
            session.execute(delete(part).where(*ours))


def _ids(conversation: Conversation, part: type[ConversationPart]) -> Sequence[str]:
    return sorted(item.id for item in getattr(conversation, assembly.PART_LISTS[part.__name__]))
