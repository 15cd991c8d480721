"""Writing spans and log records, in bulk.

Per field the latest received value wins, what is left out erases nothing, attributes merge by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from evalhub.evaluators import digest
from evalhub.traces.bodies import without_nul
from evalhub.traces.bulk import json_text, write
from evalhub.traces.span_rows import FIELDS, SpanRow, SpanRows
from evalhub.traces.spans import LogRecord

SPAN_KEYS = ("project_id", "conversation_id", "id")
SPAN_COLUMNS = (*SPAN_KEYS, "trace_id", "source_id", *FIELDS, "attributes", "events")
MERGED = {
    "name": "coalesce(nullif(excluded.name, ''), span.name)",
    "attributes": "coalesce(span.attributes || excluded.attributes, excluded.attributes, span.attributes)",
}
LOG_COLUMNS = (
    *SPAN_KEYS,
    *("trace_id", "span_id", "time_ns", "name", "severity", "body", "attributes"),
)
SOURCES = text("""
insert into span_source (project_id, id, scope, resource)
select :project, id, scope, cast(resource as jsonb)
from unnest(cast(:ids as text[]), cast(:scopes as text[]), cast(:resources as text[])) as news (id, scope, resource)
on conflict do nothing
""")
Placed = tuple[int, str]
"""project and conversation"""


def store_spans(session: Session, project_id: int, bodies: Iterable[SpanRows], calls: Mapping[str, str]) -> None:
    """Upsert spans, each into the call of its trace; those of traces that `calls` lacks are left out."""
    rows: dict[tuple[str, str], SpanRow] = {}
    sources: dict[str, tuple[str, str]] = {}
    for body in bodies:
        sources |= body.sources
        for row in body.rows:
            if call := calls.get(row.trace_id):
                key = (call, row.id)
                rows[key] = row.after(rows[key]) if key in rows else row
    _store_sources(session, project_id, sources)
    news = ", ".join(f"{name} = {MERGED.get(name, _latest(name))}" for name in SPAN_COLUMNS if name not in SPAN_KEYS)
    ordered = [_stored(project_id, call, rows[call, key]) for call, key in sorted(rows)]
    write(session, "span", SPAN_COLUMNS, ordered, f"(project_id, conversation_id, id) do update set {news}")


def store_logs(session: Session, logs: Iterable[tuple[Placed, LogRecord]]) -> None:
    """Upsert log records; one that comes again is the one that is there."""
    rows = {row[:3]: row for place, log in logs for row in [_log_row(place, log)]}
    ordered = [rows[key] for key in sorted(rows)]
    write(session, "span_log", LOG_COLUMNS, ordered, "(project_id, conversation_id, id) do nothing")


def _store_sources(session: Session, project_id: int, sources: Mapping[str, tuple[str, str]]) -> None:
    """They are there already, as a rule."""
    if ids := sorted(sources):
        scopes, resources = zip(*(sources[each] for each in ids), strict=True)
        news = {"ids": ids, "scopes": list(scopes), "resources": list(resources)}
        session.execute(SOURCES, {"project": project_id} | news)


def _stored(project_id: int, call: str, row: SpanRow) -> tuple[Any, ...]:
    return (project_id, call, row.id, row.trace_id, row.source_id, *row.fields, row.attributes, row.events)


def _log_row(place: Placed, log: LogRecord) -> tuple[Any, ...]:
    content = digest([log.name, log.time_ns, log.body, log.attributes])
    identity = (*place, f"{log.trace_id or ''}:{log.span_id or ''}:{content}", log.trace_id, log.span_id, log.time_ns)
    body = None if log.body is None else json_text(log.body)
    return (*identity, without_nul(log.name), without_nul(log.severity), body, json_text(log.attributes))


def _latest(name: str) -> str:
    return f"coalesce(excluded.{name}, span.{name})"
