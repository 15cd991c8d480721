"""Spans as senders send them, before anybody has read a meaning into them.

A *wire* (OTLP, the Agents SDK's export) turns bodies into `SpanRecord` and `LogRecord`; a *dialect* (GenAI,
OpenInference, LiveKit, Pipecat, ...) reads all of one call's records, a `TracedCall`, as a conversation.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

NS_PER_MS = 1_000_000
BEYOND_MS = 1 << 53
"""285,000 years; also where JavaScript's whole numbers end"""


@dataclass(slots=True, kw_only=True)
class SpanRecord:
    """One timed step. Times are unix nanoseconds; ids are text, in OTLP lower-case hex."""

    trace_id: str
    span_id: str
    parent_id: str | None = None
    name: str = ""
    start_ns: int | None = None
    end_ns: int | None = None
    status: str | None = None
    """ok | error; None where the sender left it unset"""
    message: str | None = None
    """what the sender says of the status"""
    attributes: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    """[{"name", "time_ns", "attributes"}]"""
    resource: Mapping[str, Any] = field(default_factory=dict)
    scope: str = ""
    """the instrumentation's name"""

    @property
    def key(self) -> str:
        """The id of the stored span: unique within a project."""
        return f"{self.trace_id}:{self.span_id}"

    def first(self, *names: str) -> Any:
        """The first of these attributes that is there and not null."""
        return next((value for name in names if (value := self.attributes.get(name)) is not None), None)


@dataclass(slots=True, kw_only=True)
class LogRecord:
    """A log record that belongs to a span, to a trace, or, by the session key it names, to a call alone."""

    trace_id: str | None = None
    span_id: str | None = None
    time_ns: int | None = None
    name: str = ""
    """its event name"""
    severity: str | None = None
    body: Any = None
    attributes: dict[str, Any] = field(default_factory=dict)
    resource: Mapping[str, Any] = field(default_factory=dict)
    scope: str = ""


@dataclass(kw_only=True)
class TracedCall:
    """Every span and log record known of one call, whatever the order they came in. `spans` is in order of start."""

    id: str
    spans: Sequence[SpanRecord]
    logs: Sequence[LogRecord] = ()

    def __post_init__(self) -> None:
        self.spans = sorted(self.spans, key=lambda span: (span.start_ns or 0, span.end_ns or 0, span.span_id))
        self.logs = sorted(self.logs, key=lambda log: log.time_ns or 0)

    @cached_property
    def start_ns(self) -> int | None:
        """When the first of it began: the zero of the conversation's clock."""
        return min((span.start_ns for span in self.spans if span.start_ns), default=None)

    @cached_property
    def end_ns(self) -> int | None:
        """When the last of it ended."""
        return max((span.end_ns for span in self.spans if span.end_ns), default=None)

    @property
    def started_at(self) -> datetime | None:
        """The wall-clock time of its zero."""
        return at(self.start_ns)

    def said(self, *names: str) -> str | None:
        """The first text that any span has under one of these attributes."""
        found = (span.first(*names) for span in self.spans)
        return next((text for text in found if isinstance(text, str) and text.strip()), None)

    def resource(self, *names: str) -> str | None:
        """The first text that any span's resource has under one of these names."""
        found = (span.resource.get(name) for span in self.spans for name in names)
        return next((text for text in found if isinstance(text, str) and text.strip()), None)

    def ms(self, time_ns: int | None) -> int | None:
        """A unix time on the conversation's clock; None also for one that no call lasts to, and no column holds."""
        if time_ns is None or self.start_ns is None:
            return None
        found = round((time_ns - self.start_ns) / NS_PER_MS)
        return found if abs(found) < BEYOND_MS else None

    def parent(self, span: SpanRecord) -> SpanRecord | None:
        """The span it hangs under, if that one has come."""
        return self._by_id.get((span.trace_id, span.parent_id)) if span.parent_id else None

    def ancestors(self, span: SpanRecord) -> Iterator[SpanRecord]:
        """Parent, grandparent, ... A ring of parents ends where it began."""
        seen = {span.span_id}
        while (up := self.parent(span)) and up.span_id not in seen:
            seen.add(up.span_id)
            yield up
            span = up

    def children(self, span: SpanRecord) -> Sequence[SpanRecord]:
        """The spans right under it, in order of start."""
        return self._children.get((span.trace_id, span.span_id), ())

    def descendants(
        self, span: SpanRecord, *, but: Callable[[SpanRecord], bool] = lambda _: False
    ) -> Iterator[SpanRecord]:
        """Everything under it, parents before children, without spans that are `but` such and what is under those."""
        waiting, seen = [span], {span.span_id}
        while waiting:
            fresh = [child for child in self.children(waiting.pop()) if child.span_id not in seen and not but(child)]
            seen.update(child.span_id for child in fresh)
            waiting += reversed(fresh)
            yield from fresh

    def roots(self) -> Sequence[SpanRecord]:
        """Spans without a parent that is known."""
        return [span for span in self.spans if self.parent(span) is None]

    def logs_of(self, span: SpanRecord) -> Sequence[LogRecord]:
        """The log records that name this span, in order of time."""
        return self._logs.get((span.trace_id, span.span_id), ())

    @cached_property
    def _by_id(self) -> dict[tuple[str, str | None], SpanRecord]:
        return {(span.trace_id, span.span_id): span for span in self.spans}

    @cached_property
    def _children(self) -> dict[tuple[str, str], list[SpanRecord]]:
        return _grouped(((span.trace_id, span.parent_id), span) for span in self.spans if span.parent_id)

    @cached_property
    def _logs(self) -> dict[tuple[str, str], list[LogRecord]]:
        return _grouped(((log.trace_id, log.span_id), log) for log in self.logs if log.trace_id and log.span_id)


def at(time_ns: int | None) -> datetime | None:
    """A unix time in nanoseconds as a time with zone, to the microsecond."""
    if time_ns is None:
        return None
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)
