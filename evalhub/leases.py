"""Leases of work: who holds what, and until when. Whoever dies holding something keeps it until then."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from evalhub.models import Assembly, Evaluation, InboxItem, RecordingFetch

HELD = (InboxItem, Assembly, Evaluation, RecordingFetch)
OF_QUEUE: dict[str, tuple[Any, ...]] = {"ingest": (InboxItem,), "text": (Assembly,)}
"""what senders wait for, by the queue whose workers hold it"""


def free_all(session: Session) -> None:
    """End every lease. Only for who knows that nobody else is at work: `evalhub up` on its own database, at first."""
    _free(session, HELD)


def free_of_queue(session: Session, queue: str) -> None:
    """End the leases of what one worker held that worked off a queue alone, for the one that follows it."""
    _free(session, OF_QUEUE.get(queue, ()))


def _free(session: Session, tables: Iterable[Any]) -> None:
    for table in tables:
        held = update(table).where(table.lease_until > func.now())
        session.execute(held.values(lease_until=func.now()), execution_options={"synchronize_session": False})
