"""OpenInference: model calls, tools and agents as flattened attributes; realtime sessions as one trace a turn.

What its instrumentation of voice pipelines leaves out is not guessed: transcription and speech spans have times only.
Source: OpenInference semantic conventions 0.1.42, instrumentation of openai-agents 2.6.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evalhub.models import Conversation, PromptVersion, Usage
from evalhub.traces.formats import Parsed
from evalhub.traces.formats.dialogue import Dialogue
from evalhub.traces.formats.loose import listing, mapping, words
from evalhub.traces.formats.openinference_actions import (
    HANDOFF,
    agent_of,
    at_work,
    handoffs_of,
    tool_calls_of,
    trips_of,
)
from evalhub.traces.formats.openinference_exchanges import KIND
from evalhub.traces.formats.openinference_messages import exchange_of
from evalhub.traces.formats.openinference_realtime import Realtime, is_closed, realtime_of
from evalhub.traces.formats.span_usage import model_of, usage_of
from evalhub.traces.spans import SpanRecord, TracedCall, at

DIALECT, ORDER = "openinference", 40
ASKED = "llm.invocation_parameters"
KINDS = {"LLM": "llm", "TOOL": "tool", "AGENT": "agent", "GUARDRAIL": "guardrail", "AUDIO": "turn", "USER": "stt"}
NAMES = {"transcription": "stt", "speech": "tts", "turn": "turn"}
SPOKEN = ("transcription", "speech")
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
    models = [span for span in call.spans if span.attributes.get(KIND) == "LLM" and not _wraps(call, span)]
    told, handoffs = Dialogue(), list(handoffs_of(call))
    exchanges = [(span, exchange_of(span)) for span in models if not _checks(call, span)]
    for span, exchange in exchanges if not realtime.turns else ():
        told.listen(span, exchange, agent_of(call, span))
    for turn in realtime.turns:
        turn.agent_name = at_work(handoffs, turn.start_ms) if turn.speaker == "agent" else None
    prompts = [exchange for _, exchange in exchanges if exchange.instructions or exchange.tools]
    is_over = _is_over(call)
    conversation = Conversation(
        id=call.id,
        started_at=call.started_at,
        ended_at=at(call.end_ns) if is_over else None,
        tags=_tags(call) or None,
        user_id=call.said("user.id"),
        agent_name=call.resource("service.name") or call.said("agent.name"),
        agent_version=call.resource("service.version"),
        architecture=_architecture(call, realtime),
        voice=next((name for one in _requests(call) if (name := words(one.get("voice")))), None),
        models=_models(call, models, is_realtime=bool(realtime.turns)) or None,
        prompt=_prompt(call, prompts[-1].instructions if prompts else None, prompts[-1].tools if prompts else []),
        meta=_meta(call) or None,
        turns=realtime.turns or told.turns,
        tool_calls=list(tool_calls_of(call, told, realtime, handoffs)),
        handoffs=handoffs,
        guardrail_trips=list(trips_of(call, told)),
        stage_timings=realtime.stages,
        usage=[
            row for span in models for row in _usage(call, span, realtime.owners.get(span.key) or told.turn_of(span))
        ],
    )
    conversation.warnings = [*_errors(models), *realtime.warnings] or None
    return Parsed(conversations=[conversation], audio=realtime.audio, ended=is_over)


def _wraps(call: TracedCall, span: SpanRecord) -> bool:
    """A model call around another one, such as of a gateway, repeats it."""
    return any(below.attributes.get(KIND) == "LLM" for below in call.descendants(span))


def _checks(call: TracedCall, span: SpanRecord) -> bool:
    """Model calls of a guardrail look at the dialogue and are no part of it."""
    return any(up.attributes.get(KIND) == "GUARDRAIL" for up in call.ancestors(span))


def _models(call: TracedCall, models: Sequence[SpanRecord], *, is_realtime: bool) -> dict[str, Any]:
    kind = "s2s" if is_realtime else "llm"
    named = next((model for span in (*models, *call.spans) if (model := model_of(span))), None)
    return {kind: named} if named else {}


def _architecture(call: TracedCall, realtime: Realtime) -> str | None:
    if realtime.turns:
        return "speech_to_speech"
    return "chained" if any(span.name in SPOKEN and speaks(span) for span in call.spans) else None


def _requests(call: TracedCall) -> Iterator[dict[str, Any]]:
    """What models were asked with, the last first: after a hand-off, that of the agent who took over."""
    asked = (span for span in reversed(call.spans) if ASKED in span.attributes)
    return (mapping(span.attributes[ASKED]) for span in asked if not _checks(call, span))


def _prompt(call: TracedCall, instructions: str | None, tools: list[dict[str, Any]]) -> PromptVersion | None:
    told = instructions or next((text for one in _requests(call) if (text := words(one.get("instructions")))), None)
    functions = [mapping(tool.get("function")) or tool for tool in tools]
    version = call.said(*PROMPT_VERSIONS)
    known = told or functions or version
    return PromptVersion(instructions=told, version=version, tools=functions or None) if known else None


def _meta(call: TracedCall) -> dict[str, Any]:
    sent = next((found for span in call.spans if (found := mapping(span.attributes.get("metadata")))), {})
    environment = call.resource("deployment.environment.name", "deployment.environment")
    return sent | ({"environment": environment} if environment else {})


def _tags(call: TracedCall) -> list[str]:
    found = (tag for span in call.spans for tag in listing(span.attributes.get("tag.tags")) if words(tag))
    return list(dict.fromkeys(found))


def _errors(models: Sequence[SpanRecord]) -> Iterator[dict[str, str]]:
    """Model calls that failed: no turn tells of them."""
    for message in dict.fromkeys(span.message for span in models if span.status == "error"):
        yield {"path": "spans", "message": f"a model call failed: {message or 'no reason given'}"}


def _usage(call: TracedCall, span: SpanRecord, turn_id: str | None) -> Iterator[Usage]:
    for row in usage_of(span, turn_id):
        row.model = row.model or next((model for up in call.ancestors(span) if (model := model_of(up))), None)
        yield row


def _is_over(call: TracedCall) -> bool:
    """A realtime turn says when its session closed; else the root of a trace without a session is all of it."""
    return is_closed(call) or any(not span.parent_id and span.trace_id == call.id for span in call.spans)
