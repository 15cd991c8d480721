"""What a labeler has on the desk: one call, its scorecard, what is filled in so far. Nothing a judge or a peer said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from evalhub.labeling.claiming import Empty, Lease, claim, why_empty
from evalhub.labeling.drafts import draft_of
from evalhub.labeling.labels import criteria_of
from evalhub.labeling.slots import OF_ITEM
from evalhub.models import Criterion, Json, Queue, QueueItem, Slot


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One labeler, one call."""

    queue: Queue
    lease: Lease
    criteria: Sequence[Criterion]
    draft: Json
    done: int
    """scorecards of the queue that are filled in"""
    answers: int
    """scorecards the queue wants"""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A queue with a place for this person in it."""

    id: int
    name: str
    answers: int
    done: int
    mine: int
    """how many of the done ones are theirs"""
    created_at: datetime


def open_desk(session: Session, queue: Queue, user_id: int) -> Desk | Empty:
    """The call this person works on in a queue, or why there is none."""
    this = {"project_id": queue.project_id, "queue_id": queue.id, "user_id": user_id}
    lease = claim(session, **this)
    if lease is None:
        return why_empty(session, **this)
    done, answers = _done(session, queue)
    return Desk(
        queue=queue,
        lease=lease,
        criteria=criteria_of(session, project_id=queue.project_id, rubric=queue.rubric, version=queue.rubric_version),
        draft=draft_of(session, project_id=queue.project_id, slot_id=lease.slot_id, user_id=user_id),
        done=done,
        answers=answers,
    )


def waiting(session: Session, project_id: int, user_id: int) -> list[Waiting]:
    """Open queues that are not done, the oldest first."""
    mine = (Slot.state == "done") & (Slot.holder == user_id)
    query = (
        select(
            *(Queue.id, Queue.name, Queue.created_at, func.count().label("answers")),
            func.count().filter(Slot.state == "done").label("done"),
            func.count().filter(mine).label("mine"),
        )
        .join(QueueItem, (QueueItem.project_id == Queue.project_id) & (QueueItem.queue_id == Queue.id))
        .join(Slot, and_(*OF_ITEM))
        .where(Queue.project_id == project_id, Queue.closed_at.is_(None))
        .group_by(Queue.project_id, Queue.id)
        .having(func.count().filter(Slot.state != "done") > 0)
        .order_by(Queue.created_at, Queue.id)
    )
    return [Waiting(**row._mapping) for row in session.execute(query)]


def _done(session: Session, queue: Queue) -> tuple[int, int]:
    counts = select(func.count().filter(Slot.state == "done"), func.count()).join(QueueItem, and_(*OF_ITEM))
    row = session.execute(counts.where(QueueItem.project_id == queue.project_id, QueueItem.queue_id == queue.id)).one()
    return row[0], row[1]
