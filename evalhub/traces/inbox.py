"""The inbox: bodies are accepted here, durably, and parsed from here, exactly once.

A parser takes all waiting bodies of one conversation by lease, in the order they arrived; nobody else takes a body of
that conversation meanwhile, so the latest received value wins whatever the number of workers. What a dead parser held
is handed out again when its lease ends.
"""

import gzip
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from isal import igzip
from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.errors import BadInput
from evalhub.models import InboxItem, Json
from evalhub.models.inbox import PARSED, REJECTED, WAITING
from evalhub.services import Services
from evalhub.traces import parsing

log = logging.getLogger("evalhub.traces")

LEASE_S = 60
ATTEMPTS = 5
CLAIM_LOCK = 7_303_014_210

KEEP = insert(cast("Table", InboxItem.__table__)).inline()
CLAIM = text("""
with first as (
  select project_id, conversation_id from inbox as item
  where state = 'waiting' and conversation_id is not null and (lease_until is null or lease_until < now())
    and not exists (
      select 1 from inbox as other
      where other.project_id = item.project_id and other.conversation_id = item.conversation_id
        and other.state = 'waiting' and other.lease_until > now())
  order by id limit 1)
update inbox set lease_owner = :owner, lease_until = now() + make_interval(secs => :lease), attempt = attempt + 1
from first
where inbox.state = 'waiting' and inbox.project_id = first.project_id
  and inbox.conversation_id = first.conversation_id
returning inbox.id
""")


def accept(
    session: Session,
    project_id: int,
    *,
    format_name: str,
    body: bytes,
    conversation_id: str,
    headers: Json | None = None,
) -> None:
    """Keep a body as it came. The caller's commit makes it durable; parsing is asked for after that."""
    packed = gzip.compress(body, compresslevel=1)
    item = InboxItem(
        project_id=project_id,
        format=format_name,
        conversation_id=conversation_id,
        body=packed,
        body_bytes=len(body),
        headers=headers,
    )
    session.add(item)
    ask_for(session, "parse_inbox")


@dataclass(frozen=True, kw_only=True)
class SentBody:
    """A body of spans or log records as it was sent; which conversations are in it shows when it is read."""

    format: str
    body: bytes
    """packing what came as it is would cost more than it saves before retention drops it"""
    encoding: str
    """gzip | identity"""
    body_bytes: int
    """once it is inflated"""
    headers: Json
    """those that reading needs"""


def accept_spans(session: Session, project_id: int, sent: SentBody) -> None:
    """Keep a body. The caller's commit makes it durable; reading is asked for after that."""
    session.execute(KEEP, _waiting(project_id, sent))
    ask_for(session, "ingest_spans")


def accept_spans_at_once(services: Services, project_id: int, sent: SentBody) -> None:
    """The same by itself: durable when this returns. A session for one statement takes a sixth of such a request."""
    with services.at_once.connect() as connection:
        connection.execute(KEEP, _waiting(project_id, sent))
    services.ring("ingest_spans")


def _waiting(project_id: int, sent: SentBody) -> dict[str, Any]:
    return vars(sent) | {"project_id": project_id, "state": WAITING, "attempt": 0}


def body_of(item: InboxItem) -> bytes:
    """The body as it was received."""
    return bytes(igzip.decompress(item.body)) if item.encoding == "gzip" else item.body  # type: ignore[no-untyped-call]


def parse_waiting(services: Services) -> int:
    """Parse until nothing waits that is free to take. Returns how many bodies were parsed."""
    total = 0
    while parsed := _parse_conversation(services):
        total += parsed
    return total


def _parse_conversation(services: Services) -> int:
    owner = uuid4().hex
    with services.work(repeatable=True) as session:
        ids = sorted(claim(session, owner))
    try:
        _parse_held(services, ids, owner)
    except DBAPIError:
        log.exception("storing bodies failed: %s", ids)
        _one_by_one(services, ids if len(ids) > 1 else [], owner)
    return len(ids)


def _one_by_one(services: Services, ids: Sequence[int], owner: str) -> None:
    """A body that the database refuses takes no other of its call along; it stays held, to be tried again."""
    for one in ids:
        try:
            _parse_held(services, [one], owner)
        except DBAPIError:
            log.exception("storing a body failed: %s", one)


def _parse_held(services: Services, ids: Sequence[int], owner: str) -> None:
    with services.work(repeatable=True) as session:
        items = _held(session, ids, owner)
        last_of = {item.format: item for item in items}
        for item in items:
            if parsing.is_log(item.format) and item is not last_of[item.format]:
                _close(item, PARSED, None)  # the last one is parsed together with all before it
            else:
                _parse_one(services, session, item)


def claim(session: Session, owner: str) -> Sequence[int]:
    """Lease every waiting body of the conversation whose body has waited longest. Returns their ids."""
    session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": CLAIM_LOCK})
    return session.scalars(CLAIM, {"owner": owner, "lease": LEASE_S}).all()


def _held(session: Session, ids: Sequence[int], owner: str) -> Sequence[InboxItem]:
    still_mine = (InboxItem.id.in_(ids), InboxItem.lease_owner == owner, InboxItem.state == WAITING)
    return session.scalars(select(InboxItem).where(*still_mine).order_by(InboxItem.id).with_for_update()).all()


def _parse_one(services: Services, session: Session, item: InboxItem) -> None:
    """Parse one body. One that cannot be parsed stays, with the reason, for a better mapping to try again."""
    if item.attempt > ATTEMPTS:
        _close(item, REJECTED, f"parsing it did not finish in {ATTEMPTS} attempts")
        return
    try:
        parsing.parse_into(services, session, item, body_of(item))
    except BadInput as problem:
        parsing.note_problem(session, item, str(problem))
        _close(item, REJECTED, str(problem))
    else:
        _close(item, PARSED, None)


def _close(item: InboxItem, state: str, reason: str | None) -> None:
    item.state, item.reason, item.lease_until, item.parsed_at = state, reason, None, func.now()
