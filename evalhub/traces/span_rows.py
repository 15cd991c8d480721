"""Spans as rows, all but the call they belong to.

A row is a fraction of its span's size, and is made while the span is still at hand to the processor: a batch that
was read whole before it became rows took a seventh longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from evalhub.evaluators import digest
from evalhub.traces.bodies import without_nul
from evalhub.traces.bulk import json_text
from evalhub.traces.dialects import kind_of
from evalhub.traces.spans import SpanRecord

FIELDS = ("span_id", "parent_id", "name", "kind", "start_ns", "end_ns", "status", "message")


class SpanRow(NamedTuple):
    """A span as it will be stored."""

    id: str
    trace_id: str
    source_id: str
    fields: tuple[Any, ...]
    """in the order of FIELDS"""
    attributes: str
    """JSON, as `events`"""
    events: str | None

    def after(self, earlier: SpanRow) -> SpanRow:
        """The same span came before: this row counts, with the attributes of both."""
        both = orjson.loads(earlier.attributes) | orjson.loads(self.attributes)
        return self._replace(attributes=json_text(both))


@dataclass
class SpanRows:
    """The spans of one body."""

    rows: list[SpanRow] = field(default_factory=list)
    sources: dict[str, tuple[str, str]] = field(default_factory=dict)
    """scope, and resource as JSON, by id"""
    ended: set[str] = field(default_factory=set)
    """traces whose root is there: it is sent when all below it is over"""


def rows_of(spans: Iterable[SpanRecord]) -> SpanRows:
    """The rows of spans that were read together; those that share a resource share the object."""
    made, known = SpanRows(), dict[tuple[int, str], str]()
    for span in spans:
        source = (id(span.resource), span.scope)
        if source not in known:
            known[source] = _note_source(made.sources, span.scope, span.resource)
        made.rows.append(_row(span, known[source]))
        if span.parent_id is None:
            made.ended.add(span.trace_id)
    return made


def _note_source(sources: dict[str, tuple[str, str]], scope: str, resource: Mapping[str, Any]) -> str:
    source_id = digest([scope, resource])
    sources[source_id] = (without_nul(scope), json_text(resource))
    return source_id


def _row(span: SpanRecord, source_id: str) -> SpanRow:
    name, message = without_nul(span.name), span.message and without_nul(span.message)
    fields = (span.span_id, span.parent_id, name, kind_of(span), span.start_ns, span.end_ns, span.status, message)
    events = json_text(span.events) if span.events else None
    return SpanRow(span.key, span.trace_id, source_id, fields, json_text(span.attributes), events)
