"""The steps of a run in the Agents SDK's export: whose they are, and which of the agent's turns they lead to."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from evalhub.traces.formats.loose import mapping, words
from evalhub.traces.spans import SpanRecord, TracedCall


@dataclass
class Answers:
    """When each of the agent's turns was complete. A trace is a run: its steps lead to no turn of another."""

    _complete: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, trace_id: str, complete_ns: int | None, turn_id: str) -> None:
        """Take in a turn."""
        insort(self._complete[trace_id], (complete_ns or 0, turn_id))

    def after(self, span: SpanRecord) -> str | None:
        """The turn that a step led to: the first that was not complete before the step began."""
        turns = self._complete.get(span.trace_id, [])
        index = bisect_left(turns, (span.start_ns or 0, ""))
        return turns[index][1] if index < len(turns) else None


def type_of(span: SpanRecord) -> str:
    """The type of its data."""
    return str(span.attributes.get("type"))


def typed(call: TracedCall, *types: str) -> Iterator[SpanRecord]:
    """The spans of these types, in order of start."""
    return (span for span in call.spans if type_of(span) in types)


def streams(span: SpanRecord) -> bool:
    """Whether it is transcription that goes on while the caller speaks; recordings have no `turn_detection`."""
    return "turn_detection" in mapping(span.attributes.get("model_config"))


def guards(call: TracedCall, span: SpanRecord) -> bool:
    """Whether it is part of a guardrail: such agents look on and say nothing."""
    return any(type_of(up) == "guardrail" for up in call.ancestors(span))


def agent_of(call: TracedCall, span: SpanRecord) -> str | None:
    """The agent at work in it."""
    return next((name for up in call.ancestors(span) if (name := agent_named(up))), None)


def agent_named(span: SpanRecord) -> str | None:
    """The agent that a span is about. The steps of a run name it too, and are sent before the agent's own span."""
    if type_of(span) == "agent":
        return span.name or None
    data = mapping(span.attributes.get("data"))
    return words(data.get("agent_name")) if data.get("sdk_span_type") == "turn" else None


def traces(call: TracedCall) -> list[SpanRecord]:
    """The traces' own items, which have no times, in the order in which their first spans began."""
    began: dict[str, int] = {}
    for span in call.spans:
        if span.start_ns:
            began.setdefault(span.trace_id, span.start_ns)
    items = [span for span in call.spans if span.span_id == span.trace_id]
    unknown = call.end_ns or 0
    return sorted(items, key=lambda item: began.get(item.trace_id, unknown))
