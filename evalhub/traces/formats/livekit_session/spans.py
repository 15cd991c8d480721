"""The spans of a LiveKit session as a conversation.

Wrappers repeat the same work (node, request, run): words are read from nodes, quantities from requests. Attribute names
of older releases lack the segment `pii`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalhub.models import Conversation, Handoff, PromptVersion, ToolCall, Usage
from evalhub.traces.formats.livekit_session.caller import sip_of, user_of
from evalhub.traces.formats.livekit_session.older import agent_at, handoffs
from evalhub.traces.formats.livekit_session.totals import ByKind
from evalhub.traces.formats.livekit_session.turns import LiveKitTurn, pii, turns_of
from evalhub.traces.formats.loose import listing, mapping, number, structured, words
from evalhub.traces.formats.span_usage import model_of, usage_of
from evalhub.traces.spans import SpanRecord, TracedCall, at

REALTIME = ("realtime_inference", "realtime_assistant_turn", "realtime_metrics")
"""a speech-to-speech model's work: now, and in releases before 1.3 the turn itself or what came after it"""
MODEL_SPANS = {"stt": ("user_turn",), "llm": ("llm_request",), "tts": ("tts_request",), "s2s": REALTIME}
DEFAULT_SERVICE = "livekit-agents"
METERED = ("llm_request", *REALTIME)
KEPT = ("room_id", "job_id", "prompt.version")


def traced(call: TracedCall) -> tuple[Conversation, ByKind]:
    """The session that its spans tell, and what it used by kind of model."""
    root = next(named(call, "agent_session"), None)
    turns = list(turns_of(call))
    conversation = Conversation(
        id=call.id,
        started_at=call.started_at,
        ended_at=at(root.end_ns) if root else None,
        channel="phone" if sip_of(call) else None,
        user_id=user_of(call),
        agent_name=_agent_name(call, root),
        agent_version=call.resource("service.version") or call.said("lk.deployment_id"),
        architecture=_architecture(call),
        models=_models(call) or None,
        prompt=_prompt(call),
        meta=_meta(call) or None,
        turns=[one.turn for one in turns],
        tool_calls=list(_tool_calls(call, turns)),
        handoffs=list(_handoffs(call)) or list(handoffs(call)),
        stage_timings=[stage for one in turns for stage in one.stages],
    )
    return conversation, {"llm": list(_tokens(call, turns)), "tts": list(_characters(call))}


def _agent_name(call: TracedCall, root: SpanRecord | None) -> str | None:
    """As it is dispatched, else as its service is called; the library's own name says less than the first agent's."""
    service = call.resource("service.name")
    known = call.said("lk.agent_name") or (service if service != DEFAULT_SERVICE else None)
    return known or (words(root.attributes.get("lk.agent_label")) if root else None)


def named(call: TracedCall, *names: str) -> Iterator[SpanRecord]:
    """Every span of one of these names."""
    return (span for span in call.spans if span.name in names)


def _architecture(call: TracedCall) -> str | None:
    if any(named(call, *REALTIME)):
        return "half_cascade" if any(named(call, "tts_node")) else "speech_to_speech"
    return "chained" if any(named(call, "llm_node")) else None


def _models(call: TracedCall) -> dict[str, Any]:
    found = {
        kind: next((m for s in named(call, *names) if (m := model_of(s))), None) for kind, names in MODEL_SPANS.items()
    }
    return {kind: model for kind, model in found.items() if model}


def _prompt(call: TracedCall) -> PromptVersion | None:
    """What the last agent was told, and with which tools."""
    asked = next((span for span in reversed(call.spans) if span.attributes.get("gen_ai.system_instructions")), None)
    if asked is None:
        return None
    parts = [mapping(part) for part in listing(asked.attributes["gen_ai.system_instructions"])]
    told = "\n".join(text for part in parts if (text := words(part.get("content"))))
    tools = [tool for item in listing(asked.attributes.get("gen_ai.tool.definitions")) if (tool := mapping(item))]
    return PromptVersion(instructions=told or None, version=call.said("prompt.version"), tools=tools or None)


def _meta(call: TracedCall) -> dict[str, Any]:
    found: dict[str, Any] = {name: said for name in KEPT if (said := call.said(name))}
    room = call.said("lk.pii.room_name", "lk.room_name")
    closing = next(named(call, "session_close"), None)
    reason = words(closing.attributes.get("lk.close_reason")) if closing else None
    environment = call.resource("deployment.environment.name", "deployment.environment")
    told = {"lk.room_name": room, "close_reason": reason, "environment": environment, "sip": sip_of(call)}
    return found | {name: value for name, value in told.items() if value}


def _tool_calls(call: TracedCall, turns: list[LiveKitTurn]) -> Iterator[ToolCall]:
    for position, span in enumerate(named(call, "function_tool")):
        output = structured(pii(span, "function_tool.output"))
        failed = span.attributes.get("lk.function_tool.is_error") is True or span.status == "error"
        yield ToolCall(
            id=words(span.first("lk.function_tool.id", "gen_ai.tool.call.id")) or span.key,
            position=position,
            turn_id=_turn_id(call, span, turns),
            agent_name=words(span.attributes.get("gen_ai.agent.name")) or agent_at(call, span),
            name=words(span.first("lk.function_tool.name", "gen_ai.tool.name")) or "unknown",
            arguments=structured(pii(span, "function_tool.arguments")),
            result=None if failed else output,
            error=(output if output is not None else span.message or "failed") if failed else None,
            start_ms=call.ms(span.start_ns),
            end_ms=call.ms(span.end_ns),
        )


def _turn_id(call: TracedCall, span: SpanRecord, turns: list[LiveKitTurn]) -> str | None:
    """Of the speech that answers with what this step found; else the last of the same turn."""
    holder = next((up.key for up in call.ancestors(span)), None)
    own = [one for one in turns if one.holder == holder]
    since = (
        span.start_ns if span.name in REALTIME else span.end_ns
    )  # a speech-to-speech model's work ends with its sound
    later = [one for one in own if one.spoken_ns and since and one.spoken_ns >= since]
    return (later[0] if later else own[-1]).turn.id if own else None


def _handoffs(call: TracedCall) -> Iterator[Handoff]:
    for position, span in enumerate(named(call, "update_agent")):
        before, after = span.attributes.get("lk.previous_agent_label"), span.attributes.get("lk.agent_label")
        if words(before):
            yield Handoff(
                id=span.key,
                position=position,
                from_agent=words(before),
                to_agent=words(after),
                at_ms=call.ms(span.start_ns),
                kind="transfer",
            )


def _tokens(call: TracedCall, turns: list[LiveKitTurn]) -> Iterator[Usage]:
    for span in named(call, *METERED):
        steps = (span, *call.ancestors(span))
        turn_id = next((id_ for step in steps if (id_ := _turn_id(call, step, turns))), None)
        yield from usage_of(span, turn_id)


def _characters(call: TracedCall) -> Iterator[Usage]:
    for span in named(call, "tts_request"):
        counted = number(mapping(span.attributes.get("lk.tts_metrics")).get("characters_count"))
        if counted:
            yield Usage(id=f"{span.key}:characters", model=model_of(span), meter="characters", quantity=counted)
