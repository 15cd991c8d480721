"""Storing goes first: while many bodies wait, who makes something of stored rows rests for most of the time."""

import time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evalhub.models import InboxItem
from evalhub.models.inbox import WAITING
from evalhub.services import Services

BUSY = 25
"""bodies: one batch of `span_inbox`"""
REST = 9.0
"""times as long as the work took, so that a tenth of a thread's time stays for it however much comes in"""
LONGEST_S = 5.0


def many_wait(session: Session) -> bool:
    """Whether more bodies wait than are stored at once."""
    waiting = select(InboxItem.id).where(InboxItem.state == WAITING).limit(BUSY).subquery()
    return (session.scalar(select(func.count()).select_from(waiting)) or 0) >= BUSY


def give_way(services: Services, since: float) -> float:
    """Rest after work that began then (by `time.monotonic`) if many bodies wait. Returns when the next begins."""
    took = time.monotonic() - since
    with services.one_statement(repeatable=True) as session:
        is_busy = many_wait(session)
    if is_busy:
        time.sleep(min(LONGEST_S, REST * took))
    return time.monotonic()
