"""Pipecat: one trace a call, `conversation` at its root, a `turn` for each exchange, services under it.

There are no spans of tools in a pipeline of STT, LLM and TTS: a call is rebuilt from the input of the model call after
it, which bounds its time too. Read from pipecat-ai 1.14.0 and 0.0.86.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evalhub.models import Conversation, PromptVersion, ToolCall, Usage
from evalhub.traces.formats import Parsed
from evalhub.traces.formats.genai_messages import messages
from evalhub.traces.formats.loose import listing, mapping, number, structured, words
from evalhub.traces.formats.pipecat_turns import PipecatTurn, turns_of
from evalhub.traces.formats.span_usage import model_of, usage_of
from evalhub.traces.spans import SpanRecord, TracedCall, at

DIALECT, ORDER = "pipecat", 20
SCOPES = ("pipecat", "pipecat.turn")
KINDS = {"conversation": "conversation", "turn": "turn", "stt": "stt", "llm": "llm", "tts": "tts"}
S2S = {"llm_tool_call": "tool", "llm_tool_result": "tool"}
METERS = {"tts": ("characters", "metrics.character_count"), "stt": ("audio_seconds", "metrics.audio_seconds")}
ROOT = "conversation"


def speaks(span: SpanRecord) -> bool:
    """Spans of the framework's own tracing."""
    return span.scope in SCOPES


def kind_of(span: SpanRecord) -> str | None:
    """The kind of step, by the span's name."""
    return KINDS.get(span.name) or S2S.get(span.name) or ("s2s" if span.name.startswith("llm_") else None)


def read(call: TracedCall) -> Parsed:
    """The call as one conversation; over once its root has come."""
    root = next(_named(call, ROOT), None)
    turns = list(turns_of(call))
    conversation = Conversation(
        id=call.id,
        started_at=call.started_at,
        ended_at=at(root.end_ns) if root else None,
        user_id=call.said("user.id", "enduser.id"),
        agent_name=call.said("gen_ai.agent.name") or call.resource("service.name"),
        agent_version=call.resource("service.version"),
        language=call.said("language", "settings.language"),
        voice=call.said("voice_id", "settings.voice"),
        architecture=_architecture(call),
        models=_models(call) or None,
        prompt=_prompt(call),
        meta=_meta(call) or None,
        turns=[one.turn for one in turns],
        tool_calls=list(_tool_calls(call, turns)),
        stage_timings=[stage for one in turns for stage in one.stages],
        usage=list(_usage(call, turns)),
    )
    return Parsed(conversations=[conversation], ended=root is not None)


def _named(call: TracedCall, *names: str) -> Iterator[SpanRecord]:
    return (span for span in call.spans if span.name in names)


def _architecture(call: TracedCall) -> str | None:
    if any(_named(call, "llm")):
        return "chained"
    return "speech_to_speech" if any(span.name.startswith("llm_") for span in call.spans) else None


def _models(call: TracedCall) -> dict[str, Any]:
    found = {str(kind_of(span)): model for span in reversed(call.spans) if (model := model_of(span))}
    return {kind: model for kind, model in found.items() if kind in ("stt", "llm", "tts", "s2s")}


def _prompt(call: TracedCall) -> PromptVersion | None:
    told = call.said("gen_ai.system_instructions", "system")
    given = (listing(span.attributes.get("tools")) for span in call.spans)
    found = next((tools for tools in given if tools), [])
    tools = [mapping(tool.get("function")) or tool for tool in map(mapping, found) if tool]
    version = call.said("prompt.version")
    return PromptVersion(instructions=told, version=version, tools=tools or None) if told or tools or version else None


def _meta(call: TracedCall) -> dict[str, Any]:
    known = {"conversation_type": call.said("conversation.type"), "session_id": call.said("session.id")}
    environment = call.resource("deployment.environment", "deployment.environment.name")
    return {name: value for name, value in (known | {"environment": environment}).items() if value}


def _tool_calls(call: TracedCall, turns: Sequence[PipecatTurn]) -> Iterator[ToolCall]:
    """Calls in the order in which the inputs of model calls show them."""
    found: dict[str, ToolCall] = {}
    before: SpanRecord | None = None
    for span in _named(call, "llm", "llm_request"):
        for message in messages(span.attributes.get("input"), "user"):
            for id_, (name, arguments) in message.calls.items():
                if id_ not in found:
                    found[id_] = _tool_call(call, id_, name, arguments, before, span, turns)
                    found[id_].position = len(found) - 1
            for id_, result in message.results.items():
                if id_ in found and not _is_pending(result):
                    found[id_].result = result
        before = span
    yield from found.values()
    yield from _tool_spans(call, len(found))


def _tool_call(
    call: TracedCall,
    id_: str,
    name: str,
    arguments: Any,
    before: SpanRecord | None,
    after: SpanRecord,
    turns: Sequence[PipecatTurn],
) -> ToolCall:
    later = (
        one.turn.id for one in turns if one.turn.speaker == "agent" and (one.begun_ns or 0) >= (after.start_ns or 0)
    )
    return ToolCall(
        id=id_,
        name=name,
        arguments=arguments,
        turn_id=next(later, None),
        start_ms=call.ms(before.end_ns) if before else None,
        end_ms=call.ms(after.start_ns),
        extra={"times": "between two model calls"},
    )


def _is_pending(result: Any) -> bool:
    """What the framework writes before a function has answered."""
    return result in ("IN_PROGRESS", "CANCELLED") or mapping(result).get("status") in ("started", "running")


def _tool_spans(call: TracedCall, position: int) -> Iterator[ToolCall]:
    """Speech-to-speech services have spans of their own for calls and results."""
    results = {str(span.first("tool.call_id", "tool.id")): span for span in _named(call, "llm_tool_result")}
    for index, span in enumerate(_named(call, "llm_tool_call")):
        id_ = words(span.first("tool.call_id", "tool.id")) or span.key
        done = results.get(id_)
        yield ToolCall(
            id=id_,
            position=position + index,
            name=words(span.first("tool.function_name", "tool.name", "function_calls.first_name")) or "unknown",
            arguments=structured(span.first("tool.arguments", "tool.parameters")),
            result=structured(done.first("tool.result", "tool.output")) if done else None,
            start_ms=call.ms(span.start_ns),
            end_ms=call.ms(done.end_ns) if done else None,
        )


def _usage(call: TracedCall, turns: Sequence[PipecatTurn]) -> Iterator[Usage]:
    owners = {span.key: one.turn.id for one in turns for span in one.made_of}
    for span in call.spans:
        yield from usage_of(span, owners.get(span.key))
        meter, name = METERS.get(span.name, ("", ""))
        if quantity := number(span.attributes.get(name)):
            row_id, turn_id = f"{span.key}:{meter}", owners.get(span.key)
            yield Usage(id=row_id, model=model_of(span), meter=meter, quantity=quantity, turn_id=turn_id)
