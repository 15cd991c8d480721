"""Stored spans and log records, read back as one call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub.models import Span, SpanLog, SpanSource
from evalhub.traces.spans import LogRecord, SpanRecord, TracedCall


def load_call(session: Session, project_id: int, conversation_id: str) -> TracedCall:
    """Every traced span and log record of a call."""
    key = {"project_id": project_id, "conversation_id": conversation_id}
    columns = (
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
    rows = session.execute(select(*columns).filter_by(**key).where(Span.source_id.is_not(None))).all()
    sources = _sources(session, project_id, {row.source_id for row in rows})
    spans = [_span(row, sources) for row in rows]
    logs = session.scalars(select(SpanLog).filter_by(**key)).all()
    return TracedCall(id=conversation_id, spans=spans, logs=[_log(one) for one in logs])


def _sources(session: Session, project_id: int, ids: Iterable[str]) -> dict[str, SpanSource]:
    query = select(SpanSource).where(SpanSource.project_id == project_id, SpanSource.id.in_(sorted(ids)))
    return {source.id: source for source in session.scalars(query)}


def _span(row: Any, sources: dict[str, SpanSource]) -> SpanRecord:
    source = sources[row.source_id]
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
