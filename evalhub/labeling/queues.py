"""One queue: finding it, how it was drawn, closing it."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from evalhub.errors import NotFound
from evalhub.models import Queue, SamplePlan


def queue_of(session: Session, *, project_id: int, queue_id: int) -> Queue:
    """The queue with this number.

    Raises:
        NotFound: the project has no such queue.
    """
    queue = session.get(Queue, (project_id, queue_id))
    if queue is None:
        raise NotFound(f"There is no queue {queue_id}.")
    return queue


def plan_of(session: Session, queue: Queue) -> SamplePlan:
    """How the calls of a queue were drawn."""
    this = (SamplePlan.project_id == queue.project_id) & (SamplePlan.queue_id == queue.id)
    return session.scalars(select(SamplePlan).where(this)).one()


def close_queue(session: Session, *, project_id: int, queue_id: int) -> None:
    """Give out no more calls; what is being listened to now may still be submitted.

    Raises:
        NotFound: no such queue, or it is closed already.
    """
    this = (Queue.project_id == project_id) & (Queue.id == queue_id) & Queue.closed_at.is_(None)
    if not session.execute(update(Queue).where(this).values(closed_at=func.now()).returning(Queue.id)).all():
        raise NotFound(f"There is no open queue {queue_id}.")
