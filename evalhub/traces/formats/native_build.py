"""From a checked native body to the conversation it describes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, count
from typing import Any

from evalhub.evaluators import digest
from evalhub.models import (
    Conversation,
    Feedback,
    GuardrailTrip,
    Handoff,
    PromptVersion,
    Recording,
    Span,
    StageTiming,
    ToolCall,
    Turn,
    Usage,
)
from evalhub.traces.formats import native_schema as schema
from evalhub.traces.formats.native_faults import take_unknown
from evalhub.traces.prompts import prompt_version

MODELS: dict[str, Any] = {
    "turns": Turn,
    "tool_calls": ToolCall,
    "handoffs": Handoff,
    "guardrail_trips": GuardrailTrip,
    "stage_timings": StageTiming,
    "usage": Usage,
    "feedback": Feedback,
}
PREFIXES = {
    "turns": "t",
    "tool_calls": "c",
    "handoffs": "h",
    "guardrail_trips": "g",
    "stage_timings": "s",
    "usage": "u",
    "feedback": "f",
}
PLAIN = (
    *("started_at", "ended_at", "origin", "channel", "language", "tags", "user_id"),
    *("voiced", "end_state", "expectations"),
)

NameItem = Callable[[str, int, Any], str]
"""gives an id to an item without one: (prefix, index, item)"""


def by_position(prefix: str, index: int, _: Any) -> str:
    """t1, t2, ... in the order of the list."""
    return f"{prefix}{index + 1}"


def by_content(prefix: str, _: int, item: Any) -> str:
    """The same id whenever the same item comes again."""
    return f"{prefix}-{digest(item.model_dump(mode='json', by_alias=True, exclude_unset=True))}"


def name_items(body: schema.Events, name: NameItem) -> None:
    """Give every item without an id one that no other item of its list has."""
    for key, prefix in PREFIXES.items():
        items = getattr(body, key) or []
        taken = {item.id for item in items}
        for index, item in enumerate(items):
            if item.id is None:
                item.id = _free(name(prefix, index, item), taken)
                taken.add(item.id)
    for index, span in enumerate(body.spans or []):
        span.span_id = span.span_id or name("span", index, span)


def _free(wanted: str, taken: set[str | None]) -> str:
    candidates = chain([wanted], (f"{wanted}.{number}" for number in count(2)))
    return next(candidate for candidate in candidates if candidate not in taken)


def build(body: schema.Events, conversation_id: str, warnings: list[dict[str, str]]) -> Conversation:
    """The conversation this body describes; unknown fields go to `metadata.extra`, each with a warning."""
    unknown = take_unknown(body, warnings)
    conversation = Conversation(id=conversation_id, warnings=warnings or None)
    for name in PLAIN:
        setattr(conversation, name, getattr(body, name))
    conversation.meta = _metadata(body.metadata, unknown)
    _describe_agent(conversation, body.agent)
    conversation.prompt = _prompt(body.prompt)
    conversation.prompt_id = conversation.prompt.id if conversation.prompt else None
    conversation.guardrails = [as_sent(item) for item in body.guardrails] if body.guardrails is not None else None
    conversation.outcome = as_sent(body.outcome) if body.outcome is not None else None
    _fill_lists(conversation, body)
    conversation.duration_ms = duration_ms(conversation)
    return conversation


def as_sent(thing: schema.Known) -> dict[str, Any]:
    """The JSON object again, as its sender wrote it."""
    return thing.model_dump(by_alias=True, exclude_unset=True)


def _metadata(given: dict[str, Any] | None, unknown: dict[str, Any]) -> dict[str, Any] | None:
    if not unknown:
        return given
    extra = (given or {}).get("extra", {})
    kept = extra if isinstance(extra, dict) else {"extra": extra}
    return (given or {}) | {"extra": kept | unknown}


def _describe_agent(conversation: Conversation, agent: schema.Agent | None) -> None:
    if agent is not None:
        conversation.agent_name, conversation.agent_version = agent.name, agent.version
        conversation.architecture, conversation.models, conversation.voice = (
            agent.architecture,
            agent.models,
            agent.voice,
        )


def _prompt(prompt: schema.Prompt | None) -> PromptVersion | None:
    return prompt_version(**as_sent(prompt)) if prompt is not None else None


def _fill_lists(conversation: Conversation, body: schema.Events) -> None:
    for key, model in MODELS.items():
        items = getattr(body, key) or []
        setattr(conversation, key, [model(position=index, **_fields(item)) for index, item in enumerate(items)])
    conversation.spans = [
        Span(id=span_key(span.trace_id, str(span.span_id)), position=index, **_fields(span))
        for index, span in enumerate(body.spans or [])
    ]
    conversation.recordings = [Recording(**_fields(recording)) for recording in body.recordings or []]


def _fields(item: schema.Known) -> dict[str, Any]:
    return {name: getattr(item, name) for name in type(item).model_fields}


def span_key(trace_id: str | None, span_id: str) -> str:
    """What identifies a span in a project: its ids as sent."""
    return f"{trace_id}:{span_id}" if trace_id else span_id


def duration_ms(conversation: Conversation) -> int | None:
    """From connect to hang-up, else to the last thing that happened; None where nothing has a time."""
    if conversation.started_at and conversation.ended_at:
        return round((conversation.ended_at - conversation.started_at).total_seconds() * 1000)
    ends = [turn.end_ms for turn in conversation.turns] + [call.end_ms for call in conversation.tool_calls]
    return max((end for end in ends if end is not None), default=None)
