"""Bodies of spans and log records, from the inbox to stored rows: a batch at a time, each row exactly once.

Several workers may run this at once: a batch is leased with SKIP LOCKED, and upserts run in sorted order.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.errors import BadInput
from evalhub.models import InboxItem
from evalhub.models.inbox import PARSED, REJECTED, WAITING
from evalhub.services import Services
from evalhub.traces import joining
from evalhub.traces.assembling import mark_due
from evalhub.traces.bulk import json_text
from evalhub.traces.formats import agents_sdk, livekit_report, livekit_upload, otlp
from evalhub.traces.formats.otlp import Decoded
from evalhub.traces.grouping import call_key
from evalhub.traces.inbox import body_of
from evalhub.traces.rush import let_in
from evalhub.traces.span_rows import SpanRows, rows_of
from evalhub.traces.span_store import store_logs, store_spans
from evalhub.traces.spans import LogRecord

log = logging.getLogger("evalhub.traces")

LEASE_S = 60
ATTEMPTS = 5
AT_ONCE = 25
"""bodies of one transaction"""

CLAIM = text("""
with free as (
  select received_at, id from inbox
  where state = 'waiting' and conversation_id is null and (lease_until is null or lease_until < now())
  order by id limit :most for update skip locked)
update inbox set lease_owner = :owner, lease_until = now() + make_interval(secs => :lease), attempt = attempt + 1
from free where inbox.state = 'waiting' and inbox.received_at = free.received_at and inbox.id = free.id
returning inbox.*
""")

CLOSE = text("""
update inbox
set state = now_read.state, reason = now_read.reason, conversation_ids = now_read.conversation_ids,
  lease_until = null, parsed_at = now()
from jsonb_to_recordset(cast(:read as jsonb)) as now_read (
  received_at timestamptz, id bigint, state text, reason text, conversation_ids text[])
where inbox.state = 'waiting' and inbox.received_at = now_read.received_at and inbox.id = now_read.id
""")
"""Both find bodies by the index of what waits: no project is asked for, as another index begins with it, and in a young
inbox that one was as good to PostgreSQL."""


def decoder(item_format: str, headers: dict[str, Any] | None) -> Callable[[bytes], Decoded] | None:
    """How a body of this format is read into records."""
    is_json = "json" in (headers or {}).get("content-type", "")
    readers: dict[str, Callable[[bytes], Decoded]] = {
        otlp.TRACES: lambda body: otlp.decode_traces(body, json=is_json),
        otlp.LOGS: lambda body: otlp.decode_logs(body, json=is_json),
        agents_sdk.NAME: agents_sdk.decode,
        livekit_report.NAME: livekit_report.decode,
        livekit_upload.UPLOAD: livekit_upload.decode,
    }
    return readers.get(item_format)


@dataclass
class _Read:
    """One body of a batch: what it holds, or why it holds nothing."""

    item: InboxItem
    state: str = PARSED
    reason: str | None = None
    spans: SpanRows = field(default_factory=SpanRows)
    logs: list[LogRecord] = field(default_factory=list)
    names: joining.Names = field(default_factory=dict)
    """of the call of each trace"""


def ingest_waiting(services: Services) -> int:
    """Store until little waits that is free to take. Returns how many bodies were read.

    Whoever brings more rings again: until then it adds up, as a batch of few bodies costs nearly what a full one does.
    """
    total = 0
    while items := _claim(services, owner := uuid4().hex):
        failed = not _batch(services, items, owner)
        total += len(items)
        if len(items) < AT_ONCE and not failed:
            break
    return total


def _claim(services: Services, owner: str) -> list[InboxItem]:
    let_in(services)
    claim = select(InboxItem).from_statement(CLAIM)
    with services.one_statement(repeatable=True) as session:
        items = session.scalars(claim, {"owner": owner, "lease": LEASE_S, "most": AT_ONCE})
        return sorted(items, key=lambda item: (item.project_id, item.id))


def _batch(services: Services, items: Sequence[InboxItem], owner: str) -> bool:
    """Store what was claimed. Returns whether nothing has to be tried again."""
    fresh = [item for item in items if item.attempt == 1]
    again = [[item] for item in items if item.attempt > 1]  # one by one: a body that fails takes no other along
    outcomes = [_try(services, together, owner) for together in ([fresh] if fresh else []) + again]
    return all(outcomes)


def _try(services: Services, items: Sequence[InboxItem], owner: str) -> bool:
    try:
        _work_off(services, items, owner)
    except DBAPIError as error:
        ids = [item.id for item in items]
        log.exception("storing bodies failed: %s", ids)
        _give_back(services, owner, ids, blameless=isinstance(error, OperationalError))
        return False
    return True


def _give_back(services: Services, owner: str, ids: Sequence[int], *, blameless: bool) -> None:
    """Free what was claimed together, to be stored one by one; what failed alone waits until its lease ends.

    Where the database was in trouble and not a body (a lock that took too long, a restart), no attempt is counted.
    """
    if not blameless and len(ids) == 1:
        return
    held: Any = update(InboxItem).where(*_still_mine(ids, owner))
    free = held.values(lease_until=None, attempt=InboxItem.attempt - int(blameless))
    with services.work(repeatable=True) as session:
        session.execute(free.execution_options(synchronize_session=False))


def _still_mine(ids: Sequence[int], owner: str) -> tuple[Any, ...]:
    return InboxItem.id.in_(ids), InboxItem.lease_owner == owner, InboxItem.state == WAITING


def _work_off(services: Services, items: Sequence[InboxItem], owner: str) -> None:
    """Read outside of any transaction, join in a short one, for which all others wait, and store in another."""
    read = [_read(item) for item in items]
    for project_id, group in groupby(read, key=lambda one: one.item.project_id):
        bodies = list(group)
        with services.work(repeatable=True) as session:
            named = _join(session, project_id, bodies)
        with services.work(repeatable=True) as session:
            _store(session, project_id, _held(session, bodies, owner), named)


def _held(session: Session, bodies: Sequence[_Read], owner: str) -> list[_Read]:
    """Those that are still ours, until this transaction ends."""
    mine = _still_mine([body.item.id for body in bodies], owner)
    ids = set(session.scalars(select(InboxItem.id).where(*mine).order_by(InboxItem.id).with_for_update()))
    return [body for body in bodies if body.item.id in ids]


def _read(item: InboxItem) -> _Read:
    if item.attempt > ATTEMPTS:
        return _Read(item, REJECTED, f"storing it did not finish in {ATTEMPTS} attempts")
    decode = decoder(item.format, item.headers)
    if decode is None:
        return _Read(item, REJECTED, f"nothing here reads {item.format}")
    try:
        found = decode(body_of(item))
    except BadInput as problem:
        return _Read(item, REJECTED, str(problem))
    names = joining.names_of([*found.spans, *(log for log in found.logs if log.trace_id)])
    return _Read(item, PARSED, "; ".join(found.reasons) or None, rows_of(found.spans), found.logs, names)


def _join(session: Session, project_id: int, bodies: Sequence[_Read]) -> dict[str, str]:
    """Find or make the calls of these bodies. Returns those of records without a trace, by the name they give."""
    joined = joining.join(session, project_id, joining.ranked(body.names for body in bodies))
    mark_due(session, project_id, joined.left)
    loose = [key for body in bodies for log in body.logs if not log.trace_id and (key := call_key(log))]
    return joining.place(session, project_id, loose) if loose else {}


def _store(session: Session, project_id: int, bodies: Sequence[_Read], named: dict[str, str]) -> None:
    calls = joining.calls_of(session, project_id, {trace for body in bodies for trace in body.names}) | named
    store_spans(session, project_id, (body.spans for body in bodies), calls)
    logs = (log for body in bodies for log in body.logs)
    store_logs(session, (((project_id, calls[name]), log) for log in logs if (name := _name(log)) in calls))
    ended = {calls[trace] for body in bodies for trace in body.spans.ended if trace in calls}
    mark_due(session, project_id, set(calls.values()), at_once=ended)
    _close(session, bodies, calls)
    ask_for(session, "assemble_calls")


def _name(log: LogRecord) -> str | None:
    return log.trace_id or call_key(log)


def _close(session: Session, bodies: Sequence[_Read], calls: dict[str, str]) -> None:
    session.execute(CLOSE, {"read": json_text([_closed(body, calls) for body in bodies])})


def _closed(body: _Read, calls: dict[str, str]) -> dict[str, Any]:
    names = body.names.keys() | {name for log in body.logs if (name := _name(log))}
    found = sorted({calls[name] for name in names if name in calls})
    key = {"received_at": body.item.received_at, "id": body.item.id}
    return key | {"state": body.state, "reason": body.reason, "conversation_ids": found}
