"""Which conversation each trace belongs to, kept while spans come in any order.

The best session key decides (grouping.KEYS). A better key that comes later takes the trace along, with what hangs on
it; every other name a call was known by stays its alias.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, text, update
from sqlalchemy.orm import Session

from evalhub.db import one_of
from evalhub.models import Deletion, Span, SpanLog, Trace
from evalhub.traces.aliases import aliases_of, canonical, rename
from evalhub.traces.grouping import KEYS, keys_of
from evalhub.traces.spans import LogRecord, SpanRecord

Name = tuple[int, str]
"""how good a name is, 0 the best, and the name"""
Names = dict[str, set[Name]]
"""of each trace"""
OWN_ID = len(KEYS)
JOIN_LOCK = 7_303
TURN_S = 45
TAKE_TURNS = text("""
select set_config('lock_timeout', :wait, true), pg_advisory_xact_lock(:key, cast(:project as int))
""")
STUB = text("""
insert into conversation (project_id, id, state)
select :project, name, 'open' from unnest(cast(:names as text[])) as name
on conflict do nothing
""")
REMEMBER = text("""
insert into trace (project_id, trace_id, conversation_id, rank)
select :project, * from unnest(cast(:traces as text[]), cast(:names as text[]), cast(:ranks as bigint[]))
on conflict (project_id, trace_id) do update set conversation_id = excluded.conversation_id, rank = excluded.rank
""")


def names_of(records: Iterable[SpanRecord | LogRecord]) -> Names:
    """Every name of the call of each trace: session keys, and the trace's own id."""
    found: Names = {}
    for record in records:
        trace = str(record.trace_id)
        names = found.setdefault(trace, {(OWN_ID, trace)})
        names.update(keys_of(record))
    return found


def ranked(bodies: Iterable[Names]) -> dict[str, list[Name]]:
    """The names that several bodies give, the best first."""
    all_names: Names = defaultdict(set)
    for body in bodies:
        for trace, names in body.items():
            all_names[trace] |= names
    return {trace: sorted(names) for trace, names in all_names.items()}


@dataclass(frozen=True)
class Joined:
    """The conversation of each trace, and those that lost a trace to another and still have some."""

    calls: dict[str, str]
    left: set[str]


def join(session: Session, project_id: int, names: Mapping[str, Sequence[Name]]) -> Joined:
    """Make or move conversations as these names ask for. Traces of deleted calls are left out.

    All others of the project wait until this transaction ends: spans are stored in another one, by `calls_of`.
    """
    _take_turns(session, project_id)
    known = _known(session, project_id, names)
    aliases = aliases_of(session, project_id, {name for each in names.values() for _, name in each})
    wanted = {trace: _wanted(known.get(trace), each, aliases) for trace, each in names.items()}
    gone = _deleted(session, project_id, {name for _, name in wanted.values()} | set(wanted))
    wanted = {trace: best for trace, best in wanted.items() if trace not in gone and best[1] not in gone}
    news = {trace: best for trace, best in wanted.items() if known.get(trace) != best}
    _stubs(session, project_id, {name for _, name in news.values()})
    moved = {t: known[t][1] for t, (_, name) in sorted(news.items()) if t in known and known[t][1] != name}
    if moved:
        _wait_for_storing(session, project_id, moved)
    for trace, old in moved.items():
        _move(session, project_id, trace, old, news[trace][1])
    _remember(session, project_id, news)
    left = _traced(session, project_id, moved.values()) if moved else set()
    others = {(other, name) for trace, (_, name) in wanted.items() for _, other in names[trace] if other != name}
    others |= {(old, news[trace][1]) for trace, old in moved.items()}
    rename(session, project_id, {old: name for old, name in sorted(others) if old not in aliases and old not in left})
    return Joined({trace: name for trace, (_, name) in wanted.items()}, left)


def _take_turns(session: Session, project_id: int) -> None:
    """One transaction at a time joins traces of a project. Whoever is in line waits longer than for any other lock."""
    session.execute(TAKE_TURNS, {"wait": f"{TURN_S}s", "key": JOIN_LOCK, "project": project_id})


def calls_of(session: Session, project_id: int, traces: Iterable[str]) -> dict[str, str]:
    """The conversation of each of these traces, which stays that until this transaction ends."""
    query = select(Trace.trace_id, Trace.conversation_id).where(*_these(project_id, traces))
    rows = session.execute(query.order_by(Trace.trace_id).with_for_update(read=True))
    return {row.trace_id: row.conversation_id for row in rows}


def _wait_for_storing(session: Session, project_id: int, traces: Iterable[str]) -> None:
    """Until nobody stores spans of these traces any more, so that none of them stays behind."""
    query = select(Trace.trace_id).where(*_these(project_id, traces))
    session.execute(query.order_by(Trace.trace_id).with_for_update())


def _these(project_id: int, traces: Iterable[str]) -> tuple[ColumnElement[bool], ...]:
    return Trace.project_id == project_id, one_of(Trace.trace_id, traces)


def place(session: Session, project_id: int, names: Iterable[str]) -> dict[str, str]:
    """The conversation of each name that records without a trace gave, made where it is news; deleted ones left out."""
    wanted = {name: canonical(session, project_id, name) for name in sorted(set(names))}
    gone = _deleted(session, project_id, wanted.values())
    kept = {name: call for name, call in wanted.items() if call not in gone}
    _stubs(session, project_id, set(kept.values()))
    return kept


def _known(session: Session, project_id: int, traces: Iterable[str]) -> dict[str, Name]:
    query = select(Trace.trace_id, Trace.rank, Trace.conversation_id)
    rows = session.execute(query.where(*_these(project_id, traces)))
    return {trace: (rank, conversation_id) for trace, rank, conversation_id in rows}


def _wanted(known: Name | None, names: Sequence[Name], aliases: Mapping[str, str]) -> Name:
    """The best name of a trace: what it was known by stays, unless a better key came."""
    rank, name = names[0]
    return known if known and known[0] <= rank else (rank, aliases.get(name, name))


def _deleted(session: Session, project_id: int, names: Iterable[str]) -> set[str]:
    gone = select(Deletion.conversation_id).where(Deletion.project_id == project_id)
    return set(session.scalars(gone.where(one_of(Deletion.conversation_id, names))))


def _stubs(session: Session, project_id: int, names: Iterable[str]) -> None:
    if wanted := sorted(names):
        session.execute(STUB, {"project": project_id, "names": wanted})


def _remember(session: Session, project_id: int, wanted: Mapping[str, Name]) -> None:
    if traces := sorted(wanted):
        ranks, names = zip(*(wanted[trace] for trace in traces), strict=True)
        news = {"traces": traces, "names": list(names), "ranks": list(ranks)}
        session.execute(REMEMBER, {"project": project_id} | news)


def _move(session: Session, project_id: int, trace_id: str, old: str, new: str) -> None:
    """A trace with its spans and log records goes over to another conversation."""
    for part in (Span, SpanLog):
        ours = (part.project_id == project_id, part.conversation_id == old, part.trace_id == trace_id)
        session.execute(update(part).where(*ours).values(conversation_id=new))
    rows = update(Trace).where(Trace.project_id == project_id, Trace.trace_id == trace_id)
    session.execute(rows.values(conversation_id=new), execution_options={"synchronize_session": False})


def _traced(session: Session, project_id: int, names: Iterable[str]) -> set[str]:
    """Which of these conversations have traces."""
    query = select(Trace.conversation_id).where(Trace.project_id == project_id, Trace.conversation_id.in_(set(names)))
    return set(session.scalars(query.distinct()))
