"""OpenInference: model calls, tools and agents as flattened attributes; realtime sessions as one trace a turn.

What its instrumentation of voice pipelines leaves out is not guessed: transcription and speech spans have times only.
Source: OpenInference semantic conventions 0.1.42, instrumentation of openai-agents 2.6.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evalhub.models import Conversation, GuardrailTrip, Handoff, PromptVersion, ToolCall, Turn, Usage
from evalhub.traces.formats import Parsed
from evalhub.traces.formats.dialogue import Dialogue
from evalhub.traces.formats.loose import mapping, structured, words
from evalhub.traces.formats.openinference_messages import exchange_of
from evalhub.traces.formats.openinference_realtime import realtime_of
from evalhub.traces.formats.span_usage import model_of, usage_of
from evalhub.traces.spans import SpanRecord, TracedCall

DIALECT, ORDER = "openinference", 40
KIND = "openinference.span.kind"
KINDS = {"LLM": "llm", "TOOL": "tool", "AGENT": "agent", "GUARDRAIL": "guardrail", "AUDIO": "turn", "USER": "stt"}
NAMES = {"transcription": "stt", "speech": "tts", "turn": "turn"}
HANDOFF = "handoff to "
TRIPPED = "Guardrail tripwire triggered"
PROMPT_VERSIONS = ("llm.prompt_template.version", "prompt.version", "prompt.id")


def speaks(span: SpanRecord) -> bool:
    """Spans with a kind of these conventions, known or not."""
    return KIND in span.attributes


def kind_of(span: SpanRecord) -> str | None:
    """The kind of step; of a plain link in a chain, by its name."""
    kind = str(span.attributes.get(KIND))
    if kind == "TOOL" and span.name.startswith(HANDOFF):
        return "handoff"
    if kind == "LLM" and span.attributes.get("output.audio.url"):
        return "s2s"
    return KINDS.get(kind) or NAMES.get(span.name)


def read(call: TracedCall) -> Parsed:
    """The dialogue, from realtime turns where there are any, else from what model calls repeat."""
    realtime = realtime_of(call)
    models = [span for span in call.spans if span.attributes.get(KIND) == "LLM"]
    told = Dialogue()
    exchanges = [(span, exchange_of(span)) for span in models if not _checks(call, span)]
    for span, exchange in exchanges if not realtime.turns else ():
        told.listen(span, exchange, _agent(call, span))
    turns = realtime.turns or told.turns
    prompts = [exchange for _, exchange in exchanges if exchange.instructions or exchange.tools]
    conversation = Conversation(
        id=call.id,
        started_at=call.started_at,
        user_id=call.said("user.id"),
        agent_name=call.resource("service.name") or call.said("agent.name"),
        agent_version=call.resource("service.version"),
        architecture="speech_to_speech" if realtime.turns else None,
        models=_models(call, models, is_realtime=bool(realtime.turns)) or None,
        prompt=_prompt(call, prompts[-1].instructions if prompts else None, prompts[-1].tools if prompts else []),
        meta=_meta(call) or None,
        turns=turns,
        tool_calls=list(_tool_calls(call, told, turns)),
        handoffs=list(_handoffs(call)),
        guardrail_trips=list(_trips(call, told)),
        usage=[
            row for span in models for row in _usage(call, span, realtime.owners.get(span.key) or told.turn_of(span))
        ],
    )
    conversation.warnings = realtime.warnings or None
    return Parsed(conversations=[conversation], audio=realtime.audio, ended=_is_over(call))


def _checks(call: TracedCall, span: SpanRecord) -> bool:
    """Model calls of a guardrail look at the dialogue and are no part of it."""
    return any(up.attributes.get(KIND) == "GUARDRAIL" for up in call.ancestors(span))


def _agent(call: TracedCall, span: SpanRecord) -> str | None:
    lineage = (span, *call.ancestors(span))
    return next((name for one in lineage if (name := words(one.attributes.get("agent.name")))), None)


def _models(call: TracedCall, models: Sequence[SpanRecord], *, is_realtime: bool) -> dict[str, Any]:
    kind = "s2s" if is_realtime else "llm"
    named = next((model for span in (*models, *call.spans) if (model := model_of(span))), None)
    return {kind: named} if named else {}


def _prompt(call: TracedCall, instructions: str | None, tools: list[dict[str, Any]]) -> PromptVersion | None:
    given = [mapping(span.attributes.get("llm.invocation_parameters")) for span in call.spans]
    told = instructions or next((text for one in given if (text := words(one.get("instructions")))), None)
    functions = [mapping(tool.get("function")) or tool for tool in tools]
    version = call.said(*PROMPT_VERSIONS)
    known = told or functions or version
    return PromptVersion(instructions=told, version=version, tools=functions or None) if known else None


def _meta(call: TracedCall) -> dict[str, Any]:
    sent = next((found for span in call.spans if (found := mapping(span.attributes.get("metadata")))), {})
    environment = call.resource("deployment.environment.name", "deployment.environment")
    return sent | ({"environment": environment} if environment else {})


def _tool_calls(call: TracedCall, told: Dialogue, turns: Sequence[Turn]) -> Iterator[ToolCall]:
    spans = [span for span in call.spans if kind_of(span) == "tool"]
    if not spans:
        yield from _only_asked(told)
    for position, span in enumerate(spans):
        failed = span.status == "error"
        output = structured(span.attributes.get("output.value"))
        start_ms = call.ms(span.start_ns)
        yield ToolCall(
            id=words(span.first("tool_call.id", "tool.id")) or span.key,
            position=position,
            turn_id=told.turn_of(span) or _next_turn(turns, start_ms),
            agent_name=_agent(call, span),
            name=words(span.first("tool.name")) or span.name,
            arguments=structured(span.attributes.get("input.value")),
            result=None if failed else output,
            error=(span.message or output or "failed") if failed else None,
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


def _handoffs(call: TracedCall) -> Iterator[Handoff]:
    for position, span in enumerate(one for one in call.spans if one.attributes.get(KIND) == "TOOL"):
        output = span.attributes.get("output.value")
        named = words(mapping(output).get("assistant")) if span.name.startswith("transfer_to_") else None
        is_span = span.name.startswith(HANDOFF)
        if is_span or named:
            yield Handoff(
                id=span.key,
                position=position,
                from_agent=words(span.attributes.get("input.value")) if is_span else None,
                to_agent=words(output) if is_span else named,
                at_ms=call.ms(span.start_ns),
                kind="transfer",
            )


def _trips(call: TracedCall, told: Dialogue) -> Iterator[GuardrailTrip]:
    """A trip shows as the error of the step it stopped."""
    for position, span in enumerate(one for one in call.spans if (one.message or "").startswith(TRIPPED)):
        said = mapping(str(span.message).partition(": ")[2])
        name, at_ms = words(said.get("guardrail")) or "unknown", call.ms(span.end_ns)
        yield GuardrailTrip(id=span.key, position=position, name=name, at_ms=at_ms, turn_id=told.turn_of(span))


def _usage(call: TracedCall, span: SpanRecord, turn_id: str | None) -> Iterator[Usage]:
    if any(below.attributes.get(KIND) == "LLM" for below in call.descendants(span)):
        return
    for row in usage_of(span, turn_id):
        row.model = row.model or next((model for up in call.ancestors(span) if (model := model_of(up))), None)
        yield row


def _is_over(call: TracedCall) -> bool:
    """A realtime turn says when its session closed; else the root of a trace without a session is all of it."""
    closed = any(span.attributes.get("end_reason") == "session_closed" for span in call.spans)
    return closed or any(span.parent_id is None and span.trace_id == call.id for span in call.spans)
