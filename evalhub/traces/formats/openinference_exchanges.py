"""Which steps of a realtime session belong to one turn of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from evalhub.traces.formats.loose import words
from evalhub.traces.spans import SpanRecord, TracedCall

KIND = "openinference.span.kind"
WAITED = "time_to_first_token_ms"


@dataclass
class Exchange:
    """What the caller said and what was answered. Its own span comes last, or never."""

    span: SpanRecord | None = None
    users: list[SpanRecord] = field(default_factory=list)
    answers: list[SpanRecord] = field(default_factory=list)
    tools: list[SpanRecord] = field(default_factory=list)

    @property
    def is_realtime(self) -> bool:
        return bool(self.span or self.users or any(WAITED in one.attributes for one in self.answers))

    @property
    def spoken(self) -> list[SpanRecord]:
        """The answers that have words; the others only asked for tools."""
        return [span for span in self.answers if said_in(span)]


def exchanges_of(call: TracedCall) -> list[Exchange]:
    """Steps by the turn they are under, also where that one has not come."""
    found: dict[tuple[str, str | None], Exchange] = {}
    for span in call.spans:
        match span.attributes.get(KIND):
            case "AUDIO":
                found.setdefault((span.trace_id, span.span_id), Exchange()).span = span
            case "USER":
                found.setdefault(_place(call, span), Exchange()).users.append(span)
            case "LLM":
                found.setdefault(_place(call, span), Exchange()).answers.append(span)
            case "TOOL":
                found.setdefault(_place(call, call.parent(span) or span), Exchange()).tools.append(span)
    return list(found.values())


def _place(call: TracedCall, span: SpanRecord) -> tuple[str, str | None]:
    turn = next((up for up in call.ancestors(span) if up.attributes.get(KIND) == "AUDIO"), None)
    return span.trace_id, turn.span_id if turn else span.parent_id


def is_typed(user: SpanRecord) -> bool:
    """The caller wrote instead of speaking."""
    return words(user.attributes.get("input.value")) is not None


def said_in(span: SpanRecord) -> str | None:
    """The words of an answer."""
    return words(span.attributes.get("output.audio.transcript")) or words(span.attributes.get("output.value"))
