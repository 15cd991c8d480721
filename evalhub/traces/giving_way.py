"""Storing goes first: while many bodies wait, who makes something of stored rows rests for most of the time."""

import time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evalhub.models import InboxItem
from evalhub.models.inbox import WAITING
from evalhub.services import Services

BUSY = 25
"""bodies: one batch of `span_inbox`"""
REST, SHORT_REST = 9.0, 1.0
"""times as long as the work took: beside many bodies a tenth of a thread's time stays for it however much comes in;
beside few half of it, so that senders get their answers sooner"""
LONGEST_S = 5.0


def many_wait(session: Session) -> bool:
    """Whether more bodies wait than are stored at once."""
    return _waiting(session) >= BUSY


def give_way(services: Services, since: float) -> float:
    """Rest after work that began then (by `time.monotonic`) if bodies wait. Returns when the next begins."""
    took = time.monotonic() - since
    with services.one_statement(repeatable=True) as session:
        waiting = _waiting(session)
    if waiting:
        time.sleep(min(LONGEST_S, took * (REST if waiting >= BUSY else SHORT_REST)))
    return time.monotonic()


def _waiting(session: Session) -> int:
    """How many bodies wait; BUSY, if there are more."""
    some = select(InboxItem.id).where(InboxItem.state == WAITING).limit(BUSY).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
