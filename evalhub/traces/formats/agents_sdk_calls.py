"""Calls in the OpenAI Agents SDK's export: voice pipelines with their sound, and text runs.

Nothing in it ends a call, so a quiet period does. Read from openai-agents 0.24.0 and 0.2.11.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalhub.models import Conversation, GuardrailTrip, Handoff, PromptVersion, ToolCall, Usage
from evalhub.traces.formats import Parsed
from evalhub.traces.formats.agents_sdk import SCOPE
from evalhub.traces.formats.agents_sdk_messages import exchange_of
from evalhub.traces.formats.agents_sdk_steps import Answers, agent_of, guards, traces, type_of, typed
from evalhub.traces.formats.agents_sdk_voice import voice_of
from evalhub.traces.formats.dialogue import Dialogue
from evalhub.traces.formats.loose import mapping, structured, words
from evalhub.traces.formats.realtime.accounts import meters
from evalhub.traces.spans import SpanRecord, TracedCall

DIALECT, ORDER = "agents_sdk", 30
KINDS = {
    "agent": "agent",
    "response": "llm",
    "generation": "llm",
    "function": "tool",
    "handoff": "handoff",
    "guardrail": "guardrail",
    "transcription": "stt",
    "speech": "tts",
    "speech_group": "turn",
}
ROLES = {"transcription": "stt", "generation": "llm", "speech": "tts"}
MODEL_CALLS = {
    "response": "a model call",
    "generation": "a model call",
    "transcription": "transcription",
    "speech": "speech synthesis",
}
CHANNELS = ("phone", "web", "app", "other")


def speaks(span: SpanRecord) -> bool:
    """Whatever came as such an export."""
    return span.scope == SCOPE


def kind_of(span: SpanRecord) -> str | None:
    """The kind of step, by the type of its data; the trace's own item is the conversation."""
    return "conversation" if span.span_id == span.trace_id else KINDS.get(type_of(span))


def read(call: TracedCall) -> Parsed:
    """The turns that were spoken, else those that model calls with content tell."""
    voice, told = voice_of(call), Dialogue()
    for span in typed(call, "generation") if not voice.turns else ():
        if not guards(call, span):
            told.listen(span, exchange_of(span), agent_of(call, span))
    answers = voice.answers
    for span, turn in told.spoke:
        answers.add(span.trace_id, span.start_ns, turn.id)
    sent = _metadata(call)
    conversation = Conversation(
        id=call.id,
        started_at=call.started_at,
        user_id=words(sent.get("user_id")),
        language=voice.language,
        channel=words(sent.get("channel")) if sent.get("channel") in CHANNELS else None,
        agent_name=next((name for one in traces(call) if (name := words(one.first("workflow_name")))), None),
        architecture="chained" if voice.turns else None,
        voice=voice.voice,
        models=_models(call) or None,
        prompt=_prompt(call, words(sent.get("prompt_version"))),
        meta=sent or None,
        turns=voice.turns or told.turns,
        tool_calls=list(_tool_calls(call, answers)),
        handoffs=list(_handoffs(call)),
        guardrail_trips=list(_trips(call, answers)),
        stage_timings=voice.stages,
        usage=[row for span in call.spans for row in _usage(span, answers.after(span))],
    )
    conversation.warnings = [*_errors(call), *voice.warnings] or None
    return Parsed(conversations=[conversation], audio=voice.audio)


def _metadata(call: TracedCall) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in traces(call):
        found = mapping(item.attributes.get("metadata")) | found
    return found


def _models(call: TracedCall) -> dict[str, Any]:
    found = {ROLES[type_of(span)]: words(span.attributes.get("model")) for span in typed(call, *ROLES)}
    return {role: model for role, model in found.items() if model}


def _prompt(call: TracedCall, version: str | None) -> PromptVersion | None:
    """What the last model call was told. Only Chat Completions runs tell it."""
    own = (span for span in reversed(call.spans) if type_of(span) == "generation" and not guards(call, span))
    told = next((text for span in own if (text := exchange_of(span).instructions)), None)
    return PromptVersion(instructions=told, version=version) if told or version else None


def _tool_calls(call: TracedCall, answers: Answers) -> Iterator[ToolCall]:
    for position, span in enumerate(typed(call, "function")):
        output, error = structured(span.attributes.get("output")), mapping(span.attributes.get("error"))
        yield ToolCall(
            id=span.key,
            position=position,
            turn_id=answers.after(span),
            agent_name=agent_of(call, span),
            name=span.name or "unknown",
            arguments=structured(span.attributes.get("input")),
            result=None if error else output,
            error=(output or span.message or "failed") if error else None,
            start_ms=call.ms(span.start_ns),
            end_ms=call.ms(span.end_ns),
        )


def _handoffs(call: TracedCall) -> Iterator[Handoff]:
    for position, span in enumerate(typed(call, "handoff")):
        before, after = words(span.attributes.get("from_agent")), words(span.attributes.get("to_agent"))
        if after:  # it is set once the hand-off took place
            at_ms = call.ms(span.start_ns)
            yield Handoff(
                id=span.key, position=position, from_agent=before, to_agent=after, at_ms=at_ms, kind="transfer"
            )


def _trips(call: TracedCall, answers: Answers) -> Iterator[GuardrailTrip]:
    tripped = (span for span in typed(call, "guardrail") if span.attributes.get("triggered") is True)
    for position, span in enumerate(tripped):
        took = round((span.end_ns - span.start_ns) / 1e6) if span.end_ns and span.start_ns else None
        yield GuardrailTrip(
            id=span.key,
            position=position,
            name=span.name or "unknown",
            turn_id=answers.after(span),
            at_ms=call.ms(span.end_ns),
            verdict_ms=took,
        )


def _usage(span: SpanRecord, turn_id: str | None) -> Iterator[Usage]:
    """Of model calls and speech; runs and their steps repeat them. 0 means that it is not known."""
    model = words(span.attributes.get("model"))
    found: list[tuple[str, float]] = []
    if type_of(span) in ("response", "generation"):
        found = list(meters(mapping(span.attributes.get("usage"))))
    elif type_of(span) == "speech" and (text := words(span.attributes.get("input"))):
        found = [("characters", float(len(text)))]
    for meter, quantity in found:
        yield Usage(id=f"{span.key}:{meter}", model=model, meter=meter, quantity=quantity, turn_id=turn_id)


def _errors(call: TracedCall) -> Iterator[dict[str, str]]:
    """Models that failed: no turn tells of them. What the service said is beside the SDK's own words."""
    for span in typed(call, *MODEL_CALLS):
        if span.status == "error":
            why = words(mapping(mapping(span.attributes.get("error")).get("data")).get("error"))
            said = f"{span.message or 'no reason given'}{f' ({why})' if why else ''}"
            yield {"path": "spans", "message": f"{MODEL_CALLS[type_of(span)]} failed: {said}"}
