"""Stored spans and log records, read back as calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub.models import Span, SpanLog, SpanSource
from evalhub.traces.spans import LogRecord, SpanRecord, TracedCall

STREAMED = 2_000
"""spans fetched at a time"""


COLUMNS = (
    Span.conversation_id,
    Span.trace_id,
    Span.span_id,
    Span.parent_id,
    Span.name,
    Span.start_ns,
    Span.end_ns,
    Span.status,
    Span.message,
    Span.attributes,
    Span.events,
    Span.source_id,
)


def load_calls(session: Session, project_id: int, conversation_ids: Iterable[str]) -> Iterator[TracedCall]:
    """Every traced span and log record of these calls, one call after the other; those with neither are left out."""
    wanted = sorted(conversation_ids)
    ours = (Span.project_id == project_id, Span.conversation_id.in_(wanted), Span.source_id.is_not(None))
    query = select(*COLUMNS).where(*ours).order_by(Span.conversation_id).execution_options(yield_per=STREAMED)
    sources: dict[str, SpanSource] = {}
    logged = _logged(session, project_id, wanted)
    for conversation_id, rows in groupby(session.execute(query), key=attrgetter("conversation_id")):
        spans = [_span(row, _source(session, project_id, row.source_id, sources)) for row in rows]
        logs = _logs(session, project_id, conversation_id) if conversation_id in logged else []
        logged.discard(conversation_id)
        yield TracedCall(id=conversation_id, spans=spans, logs=logs)
    for conversation_id in sorted(logged):
        yield TracedCall(id=conversation_id, spans=[], logs=_logs(session, project_id, conversation_id))


def _source(session: Session, project_id: int, source_id: str, known: dict[str, SpanSource]) -> SpanSource:
    """Few share them all: a call's spans come from one or two programs."""
    if source_id not in known:
        known[source_id] = session.get_one(SpanSource, (project_id, source_id))
    return known[source_id]


def _logged(session: Session, project_id: int, conversation_ids: Sequence[str]) -> set[str]:
    ours = (SpanLog.project_id == project_id, SpanLog.conversation_id.in_(conversation_ids))
    return set(session.scalars(select(SpanLog.conversation_id).where(*ours).distinct()))


def _logs(session: Session, project_id: int, conversation_id: str) -> list[LogRecord]:
    rows = session.scalars(select(SpanLog).filter_by(project_id=project_id, conversation_id=conversation_id))
    return [_log(row) for row in rows]


def _span(row: Any, source: SpanSource) -> SpanRecord:
    return SpanRecord(
        trace_id=row.trace_id,
        span_id=row.span_id,
        parent_id=row.parent_id,
        name=row.name,
        start_ns=row.start_ns,
        end_ns=row.end_ns,
        status=row.status,
        message=row.message,
        attributes=row.attributes or {},
        events=row.events or [],
        resource=source.resource,
        scope=source.scope,
    )


def _log(row: SpanLog) -> LogRecord:
    return LogRecord(
        trace_id=row.trace_id,
        span_id=row.span_id,
        time_ns=row.time_ns,
        name=row.name,
        severity=row.severity,
        body=row.body,
        attributes=row.attributes or {},
    )
