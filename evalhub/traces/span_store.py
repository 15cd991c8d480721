"""Writing spans and log records, in bulk.

Per field the latest received value wins, what is left out erases nothing, attributes merge by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from evalhub.evaluators import digest
from evalhub.traces.bodies import without_nul
from evalhub.traces.bulk import json_text, write
from evalhub.traces.dialects import kind_of
from evalhub.traces.spans import LogRecord, SpanRecord

SPAN_KEYS = ("project_id", "conversation_id", "id")
SPAN_COLUMNS = (
    *SPAN_KEYS,
    *("trace_id", "span_id", "parent_id", "name", "kind", "start_ns", "end_ns", "status", "message", "source_id"),
    *("attributes", "events"),
)
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
select project_id, id, scope, cast(resource as jsonb)
from unnest(cast(:project_ids as bigint[]), cast(:ids as text[]), cast(:scopes as text[]), cast(:resources as text[]))
  as news (project_id, id, scope, resource)
on conflict do nothing
""")
Placed = tuple[int, str]
"""project and conversation"""


def store_spans(session: Session, spans: Iterable[tuple[Placed, SpanRecord]]) -> None:
    """Upsert spans, each into its project and conversation. The last one of a key counts, with all their attributes."""
    sources = _Sources()
    rows: dict[tuple[int, str, str], tuple[Any, ...]] = {}
    attributes: dict[tuple[int, str, str], dict[str, Any]] = {}
    for (project_id, conversation_id), span in spans:
        key = (project_id, conversation_id, span.key)
        attributes[key] = attributes[key] | span.attributes if key in attributes else span.attributes
        rows[key] = _span_row(key, span, sources.id_of(project_id, span), attributes[key])
    sources.store(session)
    news = ", ".join(f"{name} = {MERGED.get(name, _latest(name))}" for name in SPAN_COLUMNS if name not in SPAN_KEYS)
    ordered = [rows[key] for key in sorted(rows)]
    write(session, "span", SPAN_COLUMNS, ordered, f"(project_id, conversation_id, id) do update set {news}")


def store_logs(session: Session, logs: Iterable[tuple[Placed, LogRecord]]) -> None:
    """Upsert log records; one that comes again is the one that is there."""
    rows = {row[:3]: row for place, log in logs for row in [_log_row(place, log)]}
    ordered = [rows[key] for key in sorted(rows)]
    write(session, "span_log", LOG_COLUMNS, ordered, "(project_id, conversation_id, id) do nothing")


class _Sources:
    """Resource and scope of each span, hashed once for all spans that share them."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, str], str] = {}
        self._held: list[Mapping[str, Any]] = []
        self._rows: dict[tuple[int, str], tuple[Any, ...]] = {}

    def id_of(self, project_id: int, span: SpanRecord) -> str:
        key = (project_id, id(span.resource), span.scope)
        if key not in self._known:
            self._held.append(span.resource)  # so that its id() is not given out again
            source_id = self._known[key] = digest([span.scope, span.resource])
            content = (without_nul(span.scope), json_text(span.resource))
            self._rows[project_id, source_id] = (project_id, source_id, *content)
        return self._known[key]

    def store(self, session: Session) -> None:
        """They are there already, as a rule."""
        if self._rows:
            columns = zip(*(self._rows[key] for key in sorted(self._rows)), strict=True)
            names = ("project_ids", "ids", "scopes", "resources")
            session.execute(SOURCES, dict(zip(names, map(list, columns), strict=True)))


def _span_row(
    key: tuple[int, str, str], span: SpanRecord, source: str, attributes: Mapping[str, Any]
) -> tuple[Any, ...]:
    identity = (*key, span.trace_id, span.span_id, span.parent_id, without_nul(span.name), kind_of(span))
    outcome = (span.start_ns, span.end_ns, span.status, without_nul(span.message), source)
    return (*identity, *outcome, json_text(attributes), json_text(span.events) if span.events else None)


def _log_row(place: Placed, log: LogRecord) -> tuple[Any, ...]:
    content = digest([log.name, log.time_ns, log.body, log.attributes])
    identity = (*place, f"{log.trace_id or ''}:{log.span_id or ''}:{content}", log.trace_id, log.span_id, log.time_ns)
    body = None if log.body is None else json_text(log.body)
    return (*identity, without_nul(log.name), without_nul(log.severity), body, json_text(log.attributes))


def _latest(name: str) -> str:
    return f"coalesce(excluded.{name}, span.{name})"


def placed(
    spans: Iterable[SpanRecord], calls: Mapping[tuple[int, str], str], project_id: int
) -> Iterator[tuple[Placed, SpanRecord]]:
    """Spans with the conversation of their trace; a trace that `calls` lacks is left out."""
    for span in spans:
        if (project_id, span.trace_id) in calls:
            yield (project_id, calls[project_id, span.trace_id]), span
