"""Handing out calls: a labeler holds a slot by a lease with a token, and two never hold the same one.

A lease runs out by itself: that is a condition in each query, no sweeper is needed. Whoever takes an expired slot over
gets a new token, so a late submit passes only while nobody else took the slot.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import CTE, Select, and_, case, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from evalhub.labeling.slots import OF_ITEM, OF_QUEUE, from_now
from evalhub.models import Label, Queue, QueueItem, Skip, Slot


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A slot that is mine until then."""

    slot_id: int
    item_id: int
    conversation_id: str
    token: UUID
    lease_until: datetime

    @property
    def seconds_left(self) -> int:
        """What a countdown starts from; a viewer's own clock may be wrong."""
        return seconds_until(self.lease_until)


@dataclass(frozen=True)
class Empty:
    """Why there is no call for this person: all done, queue closed, others are at it, or they did their share."""

    why: Literal["done", "closed", "leased", "share"]
    until: datetime | None = None
    """when the first lease of somebody else runs out"""


def seconds_until(moment: datetime) -> int:
    """From now; below zero when it has passed."""
    return round((moment - datetime.now(UTC)).total_seconds())


def claim(session: Session, *, project_id: int, queue_id: int, user_id: int) -> Lease | None:
    """The call this person already holds, else the next one of the queue, else nothing.

    One person's claims wait for each other, so that two tabs get the same call.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"claim {project_id}", user_id))))
    mine, free = _mine(project_id, queue_id, user_id), _free(project_id, queue_id, user_id)
    row = session.execute(mine).first() or session.execute(free).first()
    return Lease(**row._mapping) if row else None


def why_empty(session: Session, *, project_id: int, queue_id: int, user_id: int) -> Empty:
    """What to tell somebody whom `claim` gave nothing."""
    for_me = (Slot.state != "done") & _may_take(user_id)
    leased = for_me & (Slot.state == "leased") & (Slot.lease_until > func.now())
    left = session.execute(
        _slots(
            project_id,
            queue_id,
            func.count().filter(Slot.state != "done").label("undone"),
            func.count().filter(for_me).label("for_me"),
            func.min(Slot.lease_until).filter(leased).label("until"),
            func.count(Queue.closed_at).label("closed"),
        )
    ).one()
    if not left.undone:
        return Empty("done")
    if left.closed:
        return Empty("closed")
    return Empty("leased", left.until) if left.for_me else Empty("share")


def _slots(project_id: int, queue_id: int, *columns: Any) -> Select[Any]:
    joined = select(*columns).select_from(Slot).join(QueueItem, and_(*OF_ITEM)).join(Queue, and_(*OF_QUEUE))
    return joined.where(Queue.project_id == project_id, Queue.id == queue_id)


def _candidate(project_id: int, queue_id: int) -> Select[Any]:
    return _slots(project_id, queue_id, Slot.project_id, Slot.id, QueueItem.conversation_id, Queue.lease_s).limit(1)


def _mine(project_id: int, queue_id: int, user_id: int) -> Any:
    """Held already, the latest first. The token stays, so that a second tab keeps working."""
    mine = _candidate(project_id, queue_id).where(Slot.holder == user_id, Slot.state == "leased")
    taken = mine.order_by(Slot.leased_at.desc()).with_for_update(of=Slot).cte("taken")
    return _lease(
        taken,
        lease_until=func.greatest(Slot.lease_until, from_now(taken.c.lease_s)),
        leased_at=case((Slot.lease_until < func.now(), func.now()), else_=Slot.leased_at),
    )


def _free(project_id: int, queue_id: int, user_id: int) -> Any:
    """The first slot by rank that is open or expired and not on a call this person had. Locked ones are passed over."""
    expired = (Slot.state == "leased") & (Slot.lease_until < func.now())
    free = _candidate(project_id, queue_id).where(
        Queue.closed_at.is_(None), (Slot.state == "open") | expired, _may_take(user_id)
    )
    first = free.order_by(QueueItem.random_rank, QueueItem.id, Slot.number)
    taken = first.with_for_update(of=Slot, skip_locked=True).cte("taken")
    return _lease(
        taken,
        state="leased",
        holder=user_id,
        lease_token=func.gen_random_uuid(),
        leased_at=func.now(),
        lease_until=from_now(taken.c.lease_s),
    )


def _lease(taken: CTE, **values: Any) -> Any:
    return (
        update(Slot)
        .where(Slot.project_id == taken.c.project_id, Slot.id == taken.c.id)
        .values(values)
        .returning(
            Slot.id.label("slot_id"),
            Slot.item_id,
            taken.c.conversation_id,
            Slot.lease_token.label("token"),
            Slot.lease_until,
        )
        .execution_options(synchronize_session=False)
    )


def _may_take(user_id: int) -> Any:
    """This person holds no other slot of the call, has not labeled it and has not skipped it."""
    other = aliased(Slot)
    same = other.project_id == Slot.project_id, other.item_id == Slot.item_id
    return and_(
        ~exists().where(*same, other.holder == user_id, other.id != Slot.id),
        ~exists().where(*_on_item(Label), Label.labeler_id == user_id, Label.superseded_at.is_(None)),
        ~exists().where(*_on_item(Skip), Skip.labeler_id == user_id),
    )


def _on_item(table: type[Label] | type[Skip]) -> tuple[Any, ...]:
    return table.project_id == Slot.project_id, table.item_id == Slot.item_id
