"""Reading stored spans as conversations, again and again while they come.

A call that is written to waits a moment, so that a stream of batches is not read once for each; the wait grows with the
call. A call whose last span with a root has come is read at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select, text, tuple_, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.models import Assembly
from evalhub.services import Services
from evalhub.traces import readings
from evalhub.traces.giving_way import give_way, many_wait
from evalhub.traces.lifecycle import MOST_READINGS

log = logging.getLogger("evalhub.traces")

DEBOUNCE_S = 2.0
AT_ONCE = 50
"""calls of one transaction"""
LEASE_S = 120
PATIENCE_S = 20.0
SHARE = 20
"""a call that keeps coming in is being read for a twentieth of the time at most"""

CLAIM = text("""
with due as (
  select project_id, conversation_id from assembly
  where due_at <= now() - make_interval(secs => :patience)
    and (lease_until is null or lease_until < now()) and attempt < :attempts
  order by due_at limit :most for update skip locked)
update assembly set lease_owner = :owner, lease_until = now() + make_interval(secs => :lease), attempt = attempt + 1
from due where assembly.project_id = due.project_id and assembly.conversation_id = due.conversation_id
returning assembly.project_id, assembly.conversation_id, assembly.round, assembly.attempt
""")

DONE = text("""
delete from assembly using unnest(cast(:calls as text[]), cast(:rounds as bigint[])) as read (call, round)
where assembly.project_id = :project and assembly.conversation_id = read.call and assembly.round = read.round
  and assembly.lease_owner = :owner
""")

LATER = text("""
update assembly set lease_owner = null, lease_until = null, attempt = 0, due_at = now() + make_interval(secs => wait)
from unnest(cast(:calls as text[]), cast(:waits as float[])) as read (call, wait)
where assembly.project_id = :project and assembly.conversation_id = read.call and assembly.lease_owner = :owner
""")
"""of those that are left: more came while they were read"""

MARK = text("""
insert into assembly (project_id, conversation_id, due_at, round, attempt)
select :project, call, now() + make_interval(secs => wait), 1, 0
from unnest(cast(:calls as text[]), cast(:waits as float[])) as due (call, wait)
on conflict (project_id, conversation_id) do update
set due_at = least(assembly.due_at, excluded.due_at), round = assembly.round + 1, attempt = 0
""")


def mark_due(session: Session, project_id: int, calls: Iterable[str], *, at_once: Iterable[str] = ()) -> None:
    """These calls have spans that nobody has read yet."""
    due, now = sorted(calls), set(at_once)
    if due:
        waits = [0.0 if call in now else DEBOUNCE_S for call in due]
        session.execute(MARK, {"project": project_id, "calls": due, "waits": waits})


def assemble_due(services: Services) -> int:
    """Read every call that is due. Returns how many."""
    total, began = 0, time.monotonic()
    while count := _some(services):
        total += count
        began = give_way(services, began)
    return total


def _some(services: Services) -> int:
    owner = uuid4().hex
    with services.work(repeatable=True) as session:
        claim = {"owner": owner, "lease": LEASE_S, "most": AT_ONCE, "attempts": MOST_READINGS}
        claimed = session.execute(CLAIM, claim | {"patience": _patience_s(session)}).all()
    fresh = [row for row in claimed if row.attempt == 1]
    again = [[row] for row in claimed if row.attempt > 1]  # one by one: a call that fails takes no other along
    for rows in ([fresh] if fresh else []) + again:
        try:
            with services.work(repeatable=True) as session:
                _read(services, session, owner, rows)
        except DBAPIError:
            log.exception("storing calls failed: %s", [row.conversation_id for row in rows])
            _give_back(services, owner, rows if len(rows) > 1 else [])
    return len(claimed)


def _give_back(services: Services, owner: str, rows: Sequence[Any]) -> None:
    """What was claimed with others is free again, to be read alone; what failed alone waits for its lease to end."""
    keys = [(row.project_id, row.conversation_id) for row in rows]
    mine = (Assembly.lease_owner == owner, tuple_(Assembly.project_id, Assembly.conversation_id).in_(keys))
    with services.work(repeatable=True) as session:
        session.execute(update(Assembly).where(*mine).values(lease_owner=None, lease_until=None))


def _read(services: Services, session: Session, owner: str, rows: Sequence[Any]) -> None:
    for project_id in sorted({row.project_id for row in rows}):
        _read_project(services, session, owner, project_id, [row for row in rows if row.project_id == project_id])


def _read_project(services: Services, session: Session, owner: str, project_id: int, rows: Sequence[Any]) -> None:
    started = time.monotonic()
    sizes = readings.assemble(services, session, project_id, [row.conversation_id for row in rows])
    per_span = (time.monotonic() - started) / max(1, sum(sizes.values()))
    calls = [row.conversation_id for row in rows]
    waits = [max(DEBOUNCE_S, per_span * sizes.get(call, 0) * SHARE) for call in calls]
    key = {"project": project_id, "owner": owner, "calls": calls}
    session.execute(DONE, key | {"rounds": [row.round for row in rows]})
    session.execute(LATER, key | {"waits": waits})


def _patience_s(session: Session) -> float:
    """Storing goes before reading: while many bodies wait, only calls that have waited for long are read."""
    return PATIENCE_S if many_wait(session) else 0.0


def find_unread(session: Session) -> None:
    """Ring for calls that are due."""
    due = select(Assembly.round).where(Assembly.due_at <= func.now(), Assembly.attempt < MOST_READINGS).limit(1)
    if session.scalar(due) is not None:
        ask_for(session, "assemble_calls")
