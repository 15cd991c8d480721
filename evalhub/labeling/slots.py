"""Slots: holding on to one, giving it back, skipping its call, and whose sound a labeler may hear.

Every change is guarded by the lease's token: it passes only while nobody else took the slot.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, and_, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evalhub.errors import BadInput, Conflict, NotFound, Problem
from evalhub.labeling.drafts import drop_draft
from evalhub.models import Conversation, LabelEvent, Queue, QueueItem, Recording, Skip, Slot

SKIP_REASONS = {
    "bad_audio": "The sound is broken or missing",
    "not_a_call": "Not a real call",
    "language": "A language I do not speak",
    "know_them": "I know somebody in it",
    "other": "Something else",
}

TAKEN_OVER = "Somebody else has this call now. Your answers are saved as a draft."
LONGEST_HOLD_S = 30 * 60
OF_ITEM = (QueueItem.project_id == Slot.project_id, QueueItem.id == Slot.item_id)
OF_QUEUE = (Queue.project_id == QueueItem.project_id, Queue.id == QueueItem.queue_id)


def heartbeat(session: Session, *, project_id: int, slot_id: int, token: UUID, user_id: int) -> datetime:
    """Hold on to a slot while its page is open: at most 30 minutes or four times the call, whichever is longer.

    Raises:
        Conflict: the slot is no longer held with this token.
    """
    call_s = func.coalesce(Conversation.duration_ms, 0) / 1000
    longest = Slot.leased_at + interval(func.greatest(LONGEST_HOLD_S, 4 * call_s))
    until = session.scalar(
        update(Slot)
        .where(*held(project_id, slot_id, token, user_id), *OF_ITEM, *OF_QUEUE)
        .where(Conversation.project_id == QueueItem.project_id, Conversation.id == QueueItem.conversation_id)
        .values(lease_until=func.greatest(Slot.lease_until, func.least(from_now(Queue.lease_s), longest)))
        .returning(Slot.lease_until)
        .execution_options(synchronize_session=False)
    )
    if until is None:
        raise Conflict(TAKEN_OVER)
    return until


def give_back(session: Session, *, project_id: int, slot_id: int, token: UUID, user_id: int) -> int:
    """Free a slot for others, and answer which item it belongs to. A draft stays.

    Raises:
        Conflict: the slot is no longer held with this token.
    """
    freed = {"state": "open", "holder": None, "lease_token": None, "lease_until": None, "leased_at": None}
    this = held(project_id, slot_id, token, user_id)
    item: int | None = session.scalar(update(Slot).where(*this).values(freed).returning(Slot.item_id))
    if item is None:
        raise Conflict("This call is no longer yours: it was submitted, or somebody else took it.")
    return item


def skip(
    session: Session,
    *,
    project_id: int,
    slot_id: int,
    token: UUID,
    user_id: int,
    reason: str,
    comment: str = "",
) -> None:
    """Pass on a call and say why; others get it, this person never again.

    Raises:
        BadInput: no reason of SKIP_REASONS, or "other" without words.
        Conflict: the slot is no longer held with this token.
    """
    if reason not in SKIP_REASONS or (reason == "other" and not comment.strip()):
        expected = "one of " + ", ".join(SKIP_REASONS) + "; with other, say what"
        raise BadInput("Why do you skip this call?", [Problem("reason", expected, reason or "nothing")])
    item = give_back(session, project_id=project_id, slot_id=slot_id, token=token, user_id=user_id)
    why = {"reason": reason, "comment": comment.strip() or None}
    passed = insert(Skip).values(project_id=project_id, item_id=item, labeler_id=user_id, **why)
    session.execute(passed.on_conflict_do_nothing())
    drop_draft(session, project_id=project_id, slot_id=slot_id, user_id=user_id)
    session.add(LabelEvent(project_id=project_id, item_id=item, labeler_id=user_id, action="skip", details=why))


def held_call(session: Session, *, project_id: int, slot_id: int, user_id: int) -> str:
    """The conversation of a slot that this person holds right now.

    Raises:
        NotFound: they hold no such slot.
    """
    held_now = (Slot.holder == user_id, Slot.state == "leased", Slot.lease_until > func.now())
    query = select(QueueItem.conversation_id).join(Slot, and_(*OF_ITEM))
    call = session.scalar(query.where(Slot.project_id == project_id, Slot.id == slot_id, *held_now))
    if call is None:
        raise NotFound("This call is not on your desk.")
    return call


def may_listen(session: Session, project_id: int, user_id: int, sha256: str) -> bool:
    """Whether this recording belongs to a call that the labeler holds right now."""
    recorded = (Recording.project_id == QueueItem.project_id, Recording.conversation_id == QueueItem.conversation_id)
    holds = (
        select(Slot.id)
        .join(QueueItem, and_(*OF_ITEM))
        .join(Recording, and_(*recorded))
        .where(Slot.project_id == project_id, Slot.holder == user_id, Slot.state == "leased")
        .where(Slot.lease_until > func.now(), Recording.sha256 == sha256)
    )
    return bool(session.scalar(select(exists(holds))))


def interval(seconds: Any) -> Any:
    """So many seconds as the database counts them."""
    return func.make_interval(0, 0, 0, 0, 0, 0, seconds, type_=Interval)


def from_now(seconds: Any) -> Any:
    """The moment so many seconds from now, by the database's clock."""
    return func.now() + interval(seconds)


def held(project_id: int, slot_id: int, token: UUID, user_id: int) -> tuple[Any, ...]:
    """Still leased to this person with this very token: the guard of every change to a slot."""
    this = Slot.project_id == project_id, Slot.id == slot_id
    return *this, Slot.holder == user_id, Slot.lease_token == token, Slot.state == "leased"
