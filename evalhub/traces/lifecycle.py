"""When a conversation is over, and what has to be evaluated then.

Over means: it said `ended_at`, somebody sent the end signal, or it has been quiet for the project's quiet period. What
comes later re-opens nothing; it changes the hash of the part it belongs to, and only what reads that part runs again.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from evalhub.evaluations.content import load_many, part_hashes
from evalhub.evaluations.planning import plan
from evalhub.models import Assembly, Conversation, InboxItem, Project
from evalhub.models.inbox import WAITING
from evalhub.traces.recordings import placing

MOST_READINGS = 5
"""a traced call that could not be read so often is not waited for"""


def settle(session: Session, project_id: int, end_signals: Mapping[str, bool]) -> None:
    """After a merge: note the length, note the hashes of the parts, end what is over, plan what is due.

    `end_signals` names the conversations, each with whether somebody said that it is over.
    """
    conversations = load_many(session, project_id, end_signals)
    for conversation in conversations:
        _note(conversation, end_signal=end_signals[conversation.id])
    plan(session, [conversation for conversation in conversations if conversation.state == "ended"])


def _note(conversation: Conversation, *, end_signal: bool) -> None:
    if conversation.state != "ended" and (end_signal or conversation.ended_at):
        end(conversation, "end_signal" if end_signal else "ended_at")
    placing.place(conversation)
    conversation.duration_ms = _duration_ms(conversation)
    conversation.part_hashes = part_hashes(conversation)


def end(conversation: Conversation, reason: str) -> None:
    """Mark it as over. One that nobody gave a time began, as far as we know, when its sound began or it arrived."""
    conversation.state, conversation.end_reason = "ended", reason
    if conversation.started_at is None:
        conversation.started_at = min(filter(None, placing.starts(conversation).values()), default=None)
    if conversation.started_at is None:
        conversation.started_at = conversation.created_at
        conversation.meta = (conversation.meta or {}) | {"started_at_basis": "received"}


def end_quiet(session: Session, limit: int = 200) -> list[tuple[int, str]]:
    """End conversations that said nothing for their project's quiet period and have nothing left to parse."""
    waiting = select(InboxItem.id).where(
        InboxItem.project_id == Conversation.project_id,
        InboxItem.conversation_id == Conversation.id,
        InboxItem.state == WAITING,
    )
    unread = select(Assembly.round).where(
        Assembly.project_id == Conversation.project_id,
        Assembly.conversation_id == Conversation.id,
        Assembly.attempt < MOST_READINGS,
    )
    quiet = Conversation.touched_at < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, Project.quiet_period_s)
    open_ones = Conversation.state.in_(("open", "received"))
    query = select(Conversation).join(Project).where(open_ones, quiet, ~waiting.exists(), ~unread.exists()).limit(limit)
    mine = query.with_for_update(of=Conversation, skip_locked=True, key_share=True)  # spans may go on coming in
    ended = session.scalars(mine).all()
    for conversation in ended:
        end(conversation, "quiet")
    session.flush()
    for project_id in sorted({conversation.project_id for conversation in ended}):
        settle(session, project_id, {one.id: False for one in ended if one.project_id == project_id})
    return [(conversation.project_id, conversation.id) for conversation in ended]


def touch(session: Session, project_id: int, conversation_id: str) -> None:
    """Something of it arrived just now."""
    key = (Conversation.project_id == project_id, Conversation.id == conversation_id)
    session.execute(update(Conversation).where(*key).values(touched_at=func.now()))


def _duration_ms(conversation: Conversation) -> int | None:
    if conversation.started_at and conversation.ended_at:
        return max(0, _ms(conversation.started_at, conversation.ended_at))
    ends = [turn.end_ms for turn in conversation.turns] + [call.end_ms for call in conversation.tool_calls]
    return max((end for end in ends if end is not None), default=conversation.duration_ms)


def _ms(start: datetime, end: datetime) -> int:
    return round((end - start).total_seconds() * 1000)
