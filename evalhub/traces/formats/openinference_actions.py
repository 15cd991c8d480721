"""What agents did, from OpenInference's spans: tools that ran, hand-offs, guardrails that tripped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalhub.models import GuardrailTrip, Handoff, ToolCall, Turn
from evalhub.traces.formats.dialogue import Dialogue
from evalhub.traces.formats.loose import mapping, structured, words
from evalhub.traces.formats.openinference_exchanges import KIND
from evalhub.traces.formats.openinference_realtime import Realtime
from evalhub.traces.formats.realtime.actions import SDK_FAILURE
from evalhub.traces.spans import NS_PER_MS, SpanRecord, TracedCall

HANDOFF = "handoff to "
TRIPPED = "Guardrail tripwire triggered"


def tool_calls_of(
    call: TracedCall, told: Dialogue, realtime: Realtime, handoffs: Sequence[Handoff]
) -> Iterator[ToolCall]:
    """What was run. Where the sender tells of no tool that ran, what was asked for."""
    steps = [span for span in call.spans if span.attributes.get(KIND) == "TOOL"]
    if not steps:
        yield from _only_asked(told)
    for position, span in enumerate(span for span in steps if not span.name.startswith(HANDOFF)):
        output = structured(span.attributes.get("output.value"))
        failed = span.status == "error" or (isinstance(output, str) and output.startswith(SDK_FAILURE))
        asked_by, start_ms = call.parent(span), call.ms(span.start_ns)
        turn_id = realtime.owners.get(asked_by.key) if asked_by else None
        yield ToolCall(
            id=span.key,
            position=position,
            turn_id=turn_id or told.turn_of(span) or _next_turn(realtime.turns, start_ms),
            agent_name=agent_of(call, span) or at_work(handoffs, start_ms),
            name=words(span.first("tool.name")) or span.name or "unknown",
            arguments=structured(span.attributes.get("input.value")),
            result=None if failed else output,
            error=(words(span.message) or output or "failed") if failed else None,
            start_ms=start_ms,
            end_ms=call.ms(span.end_ns),
        )


def _only_asked(told: Dialogue) -> Iterator[ToolCall]:
    for position, (id_, (name, arguments, span)) in enumerate(told.asked.items()):
        result, turn_id = told.results.get(id_), told.turn_of(span)
        yield ToolCall(id=id_, position=position, turn_id=turn_id, name=name, arguments=arguments, result=result)


def _next_turn(turns: Sequence[Turn], start_ms: int | None) -> str | None:
    later = (t.id for t in turns if t.speaker == "agent" and (t.start_ms or 0) >= (start_ms or 0))
    return next(later, None)


def handoffs_of(call: TracedCall) -> Iterator[Handoff]:
    """Steps named so; in realtime sessions the tools that answer with the name of an agent."""
    before = None
    for position, span in enumerate(one for one in call.spans if one.attributes.get(KIND) == "TOOL"):
        output = span.attributes.get("output.value")
        named = words(mapping(output).get("assistant")) if span.name.startswith("transfer_to_") else None
        is_span = span.name.startswith(HANDOFF)
        if is_span or named:
            yield Handoff(
                id=span.key,
                position=position,
                from_agent=words(span.attributes.get("input.value")) if is_span else before,
                to_agent=words(output) or span.name.removeprefix(HANDOFF) if is_span else named,
                at_ms=call.ms(span.start_ns),
                kind="transfer",
            )
            before = named


def at_work(handoffs: Sequence[Handoff], at_ms: int | None) -> str | None:
    """Who took over last before this moment; nobody tells who began."""
    before = (one.to_agent for one in reversed(handoffs) if (one.at_ms or 0) < (at_ms or 0))
    return next(before, None)


def trips_of(call: TracedCall, told: Dialogue) -> Iterator[GuardrailTrip]:
    """A trip shows as the error of the step it stopped; the guardrail itself has times only."""
    for position, span in enumerate(one for one in call.spans if (one.message or "").startswith(TRIPPED)):
        said = mapping(str(span.message).partition(": ")[2])
        name = words(said.get("guardrail")) or "unknown"
        ran = [one for one in call.descendants(span) if one.attributes.get(KIND) == "GUARDRAIL" and one.name == name]
        yield GuardrailTrip(
            id=span.key,
            position=position,
            name=name,
            turn_id=told.turn_of(span),
            at_ms=call.ms((ran[-1] if ran else span).end_ns),
            verdict_ms=_took_ms(ran[-1]) if ran else None,
        )


def _took_ms(span: SpanRecord) -> int | None:
    return round((span.end_ns - span.start_ns) / NS_PER_MS) if span.end_ns and span.start_ns else None


def agent_of(call: TracedCall, span: SpanRecord) -> str | None:
    """The agent under which a step was taken."""
    lineage = (span, *call.ancestors(span))
    return next((name for one in lineage if (name := words(one.attributes.get("agent.name")))), None)
