"""Reading stored spans as conversations, again and again while they come.

A call that is written to waits a moment, so that a stream of batches is not read once for each; the wait grows with the
call. A call whose last span with a root has come is read at once. What the last reading gave and this one lacks goes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.models import (
    CONVERSATION_PARTS,
    Assembly,
    Conversation,
    ConversationPart,
    Deletion,
    InboxItem,
)
from evalhub.models.inbox import WAITING
from evalhub.services import Services
from evalhub.traces import assembly, dialects, lifecycle
from evalhub.traces.formats import Parsed
from evalhub.traces.lifecycle import MOST_READINGS
from evalhub.traces.recordings import attach
from evalhub.traces.span_load import load_call
from evalhub.traces.spans import TracedCall

log = logging.getLogger("evalhub.traces")

DEBOUNCE = timedelta(seconds=2)
AT_ONCE = 20
LEASE_S = 120
BUSY = 100
PATIENCE_S = 5.0
SHARE = 20
"""a call that keeps coming in is being read for a twentieth of the time at most"""

CLAIM = text("""
with due as (
  select project_id, conversation_id from assembly
  where due_at <= now() - make_interval(secs => :patience)
    and (lease_until is null or lease_until < now()) and attempt < :attempts
  order by due_at limit :most for update skip locked)
update assembly set lease_owner = :owner, lease_until = now() + make_interval(secs => :lease), attempt = attempt + 1
from due where assembly.project_id = due.project_id and assembly.conversation_id = due.conversation_id
returning assembly.project_id, assembly.conversation_id, assembly.round
""")


MARK = text("""
insert into assembly (project_id, conversation_id, due_at, round, attempt)
select :project, call, now() + make_interval(secs => wait), 1, 0
from unnest(cast(:calls as text[]), cast(:waits as float[])) as due (call, wait)
on conflict (project_id, conversation_id) do update
set due_at = least(assembly.due_at, excluded.due_at), round = assembly.round + 1, attempt = 0
""")


def mark_due(session: Session, project_id: int, calls: Iterable[str], *, at_once: Iterable[str] = ()) -> None:
    """These calls have spans that nobody has read yet."""
    due, now = sorted(calls), set(at_once)
    if due:
        waits = [0.0 if call in now else DEBOUNCE.total_seconds() for call in due]
        session.execute(MARK, {"project": project_id, "calls": due, "waits": waits})


def assemble_due(services: Services) -> int:
    """Read every call that is due. Returns how many."""
    total = 0
    while count := _some(services):
        total += count
    return total


def _some(services: Services) -> int:
    owner = uuid4().hex
    with services.work() as session:
        claim = {"owner": owner, "lease": LEASE_S, "most": AT_ONCE, "attempts": MOST_READINGS}
        claimed = session.execute(CLAIM, claim | {"patience": _patience_s(session)}).all()
    for row in claimed:
        started = time.monotonic()
        with services.work() as session:
            assemble(services, session, row.project_id, row.conversation_id)
            _done(session, row, owner, took=timedelta(seconds=time.monotonic() - started))
    return len(claimed)


def _patience_s(session: Session) -> float:
    """Storing goes before reading: while many bodies wait, only calls that have waited for long are read."""
    waiting = select(InboxItem.id).where(InboxItem.state == WAITING).limit(BUSY).subquery()
    return PATIENCE_S if (session.scalar(select(func.count()).select_from(waiting)) or 0) >= BUSY else 0.0


def _done(session: Session, row: Any, owner: str, *, took: timedelta) -> None:
    """Nothing is left to read, unless more came meanwhile."""
    mine = (
        Assembly.project_id == row.project_id,
        Assembly.conversation_id == row.conversation_id,
        Assembly.lease_owner == owner,
    )
    session.execute(delete(Assembly).where(*mine, Assembly.round == row.round))
    later = {"lease_owner": None, "lease_until": None, "attempt": 0, "due_at": func.now() + max(DEBOUNCE, took * SHARE)}
    session.execute(update(Assembly).where(*mine).values(later))


def assemble(services: Services, session: Session, project_id: int, conversation_id: str) -> None:
    """Read all spans of a call and store the conversation they tell."""
    if session.get(Deletion, (project_id, conversation_id)):
        return
    call = load_call(session, project_id, conversation_id)
    if not call.spans:
        return
    parsed = read(call)
    for conversation in parsed.conversations:
        conversation.id = conversation_id
        _take_back(session, project_id, conversation)
        assembly.merge(session, project_id, conversation, is_whole=True)
    for audio in parsed.audio:
        audio.conversation_id = conversation_id
        attach.attach_parsed(services, session, project_id, audio)
    lifecycle.settle(session, project_id, conversation_id, end_signal=parsed.ended)


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


def _take_back(session: Session, project_id: int, conversation: Conversation) -> None:
    """Delete parts that the reading before this one gave and this one does not, and note what this one gives."""
    key = (Conversation.project_id == project_id, Conversation.id == conversation.id)
    before = session.scalar(select(Conversation.derived).where(*key)) or {}
    given = {part.__tablename__: _ids(conversation, part) for part in CONVERSATION_PARTS}
    for part in CONVERSATION_PARTS:
        gone = sorted(set(before.get(part.__tablename__, [])) - set(given[part.__tablename__]))
        if gone:
            ours = (part.project_id == project_id, part.conversation_id == conversation.id, part.id.in_(gone))
            session.execute(delete(part).where(*ours))
    session.execute(update(Conversation).where(*key).values(derived=given))


def _ids(conversation: Conversation, part: type[ConversationPart]) -> Sequence[str]:
    return sorted(item.id for item in getattr(conversation, assembly.PART_LISTS[part.__name__]))


def find_unread(session: Session) -> None:
    """Ring for calls that are due."""
    due = select(Assembly.round).where(Assembly.due_at <= func.now(), Assembly.attempt < MOST_READINGS).limit(1)
    if session.scalar(due) is not None:
        ask_for(session, "assemble_calls")
