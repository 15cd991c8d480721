"""Leases of work: who holds what, and until when. Whoever dies holding something keeps it until then."""

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from evalhub.models import Assembly, Evaluation, InboxItem, RecordingFetch

HELD = (InboxItem, Assembly, Evaluation, RecordingFetch)


def free_all(session: Session) -> None:
    """End every lease. Only for who knows that nobody else is at work: `evalhub up` on its own database, at first."""
    for table in HELD:
        held = update(table).where(table.lease_until > func.now())
        session.execute(held.values(lease_until=func.now()), execution_options={"synchronize_session": False})
