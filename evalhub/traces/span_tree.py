"""The spans of a call as a tree, a level at a time: a call may have tens of thousands of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from evalhub.errors import NotFound
from evalhub.models import Span, SpanLog, SpanSource

PAGE = 200
NS_PER_MS = 1_000_000
WHEN = func.coalesce(Span.start_ns, Span.start_ms)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One row of the tree. Times are on the call's clock; `share` is where it lies in the call, 0 to 1."""

    id: str
    name: str
    kind: str
    status: str | None
    start_ms: float | None
    end_ms: float | None
    children: int
    share: tuple[float, float] | None

    @property
    def took_ms(self) -> float | None:
        return self.end_ms - self.start_ms if self.start_ms is not None and self.end_ms is not None else None


@dataclass(frozen=True)
class Level:
    """Spans right under one span (or under none that is known), in order of start; `next` continues them."""

    steps: Sequence[Step]
    next: int | None


@dataclass(frozen=True, kw_only=True)
class Details:
    """One span with everything its sender said of it."""

    span: Span
    source: SpanSource | None
    logs: Sequence[SpanLog]


def level(session: Session, project_id: int, conversation_id: str, *, under: str | None, offset: int = 0) -> Level:
    """The spans under the one with the id `under`; without it, those whose parent is not there."""
    place = _children(session, project_id, conversation_id, under) if under else _without_parent()
    columns = (Span.id, Span.trace_id, Span.span_id, Span.name, Span.kind, Span.status)
    times = (Span.start_ns, Span.end_ns, Span.start_ms, Span.end_ms)
    query = _of_call(select(*columns, *times), project_id, conversation_id).where(place)
    rows = session.execute(query.order_by(WHEN, Span.position, Span.id).offset(offset).limit(PAGE + 1)).all()
    counts = _counts(session, project_id, conversation_id, rows[:PAGE])
    clock = _clock(session, project_id, conversation_id)
    steps = [_step(row, counts.get((row.trace_id, row.span_id), 0), clock) for row in rows[:PAGE]]
    return Level(steps, offset + PAGE if len(rows) > PAGE else None)


def details(session: Session, project_id: int, conversation_id: str, span_id: str) -> Details:
    """One span by the id that `level` gives.

    Raises:
        NotFound: there is none in this call.
    """
    span = session.get(Span, (project_id, conversation_id, span_id))
    if span is None:
        raise NotFound("There is no such span in this conversation.")
    source = session.get(SpanSource, (project_id, span.source_id)) if span.source_id else None
    logs = select(SpanLog).filter_by(project_id=project_id, conversation_id=conversation_id)
    logs = logs.filter_by(trace_id=span.trace_id, span_id=span.span_id).order_by(SpanLog.time_ns, SpanLog.id)
    return Details(span=span, source=source, logs=session.scalars(logs.limit(PAGE)).all())


def _of_call(query: Any, project_id: int, conversation_id: str) -> Any:
    return query.where(Span.project_id == project_id, Span.conversation_id == conversation_id)


def _children(session: Session, project_id: int, conversation_id: str, under: str) -> ColumnElement[bool]:
    parent = details(session, project_id, conversation_id, under).span
    return (Span.parent_id == parent.span_id) & Span.trace_id.is_not_distinct_from(parent.trace_id)


def _without_parent() -> ColumnElement[bool]:
    """The id of a span begins with its trace, so that of a parent is known and looked up by the primary key."""
    parent = aliased(Span)
    same = (parent.project_id == Span.project_id, parent.conversation_id == Span.conversation_id)
    found = exists().where(*same, parent.id == func.concat_ws(":", Span.trace_id, Span.parent_id))
    return Span.parent_id.is_(None) | ~found


def _counts(
    session: Session, project_id: int, conversation_id: str, rows: Sequence[Any]
) -> dict[tuple[str | None, str], int]:
    ids = [row.span_id for row in rows]
    query = _of_call(select(Span.trace_id, Span.parent_id, func.count()), project_id, conversation_id)
    query = query.where(Span.parent_id.in_(ids)).group_by(Span.trace_id, Span.parent_id)
    return {(trace, parent): count for trace, parent, count in session.execute(query)}


def _clock(session: Session, project_id: int, conversation_id: str) -> tuple[int, float]:
    """The zero of traced spans in unix nanoseconds, and the length of it all in milliseconds."""
    ends = func.max(func.coalesce(Span.end_ns, Span.start_ns))
    query = _of_call(select(func.min(Span.start_ns), ends, func.max(Span.end_ms)), project_id, conversation_id)
    zero, last, last_ms = session.execute(query).one()
    traced = (last - zero) / NS_PER_MS if zero is not None else 0.0
    return zero or 0, max(traced, float(last_ms or 0), 1.0)


def _step(row: Any, children: int, clock: tuple[int, float]) -> Step:
    zero, length = clock
    start, end = (
        (ns - zero) / NS_PER_MS if ns is not None else ms
        for ns, ms in ((row.start_ns, row.start_ms), (row.end_ns, row.end_ms))
    )
    share = _share(start, end, length) if start is not None else None
    return Step(
        id=row.id,
        name=row.name,
        kind=row.kind or "other",
        status=row.status,
        start_ms=start,
        end_ms=end,
        children=children,
        share=share,
    )


def _share(start: float, end: float | None, length: float) -> tuple[float, float]:
    return max(0.0, start / length), max(0.0, (end if end is not None else start) - start) / length
