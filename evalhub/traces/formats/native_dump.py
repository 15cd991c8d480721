"""A conversation back in the native format: what GET answers and files hold. Parsing it gives the same conversation.

What is not known is left out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from evalhub.models import Conversation, PromptVersion, Span
from evalhub.traces.formats import native_schema as schema
from evalhub.traces.prompts import CONTENT

NS_PER_MS = 1_000_000
ITEMS: dict[str, type[schema.Known]] = {
    "turns": schema.Turn,
    "tool_calls": schema.ToolCall,
    "handoffs": schema.Handoff,
    "guardrail_trips": schema.GuardrailTrip,
    "stage_timings": schema.StageTiming,
    "usage": schema.Usage,
    "recordings": schema.Recording,
    "spans": schema.Span,
    "feedback": schema.Feedback,
}


def dump(conversation: Conversation, *, state: str | None = None) -> dict[str, Any]:
    """The conversation as JSON in the native format, with `state` (received | open | ended) where it is given."""
    whole = {
        "id": conversation.id,
        "state": state,
        "started_at": _time(conversation.started_at),
        "ended_at": _time(conversation.ended_at),
        "origin": conversation.origin,
        "channel": conversation.channel,
        "language": conversation.language,
        "tags": conversation.tags,
        "user_id": conversation.user_id,
        "metadata": conversation.meta,
        "agent": _agent(conversation) or None,
        "prompt": _prompt(conversation.prompt),
        "guardrails": conversation.guardrails,
        "voiced": conversation.voiced,
        "end_state": conversation.end_state,
        "outcome": conversation.outcome,
        "expectations": conversation.expectations,
    }
    lists = {key: [_item(item, kind) for item in getattr(conversation, key)] for key, kind in ITEMS.items()}
    for span, dumped in zip(conversation.spans, lists["spans"], strict=True):
        dumped |= _on_the_clock(span, conversation)
    return _known(whole) | {key: items for key, items in lists.items() if items}


def _on_the_clock(span: Span, conversation: Conversation) -> dict[str, int]:
    """The times of a traced span, which are stored as unix times, on the conversation's clock."""
    zero = conversation.started_at.timestamp() * 1000 if conversation.started_at else 0.0
    unix = {"start_ms": span.start_ns, "end_ms": span.end_ns}
    return {name: max(0, round(ns / NS_PER_MS - zero)) for name, ns in unix.items() if ns is not None and zero}


def _agent(conversation: Conversation) -> dict[str, Any]:
    return _known(
        {
            "name": conversation.agent_name,
            "version": conversation.agent_version,
            "architecture": conversation.architecture,
            "models": conversation.models,
            "voice": conversation.voice,
        }
    )


def _prompt(prompt: PromptVersion | None) -> dict[str, Any] | None:
    return _known({name: getattr(prompt, name) for name in CONTENT}) if prompt is not None else None


def _item(item: Any, kind: type[schema.Known]) -> dict[str, Any]:
    """The fields of one item, by their JSON names."""
    return _known({field.alias or name: getattr(item, name) for name, field in kind.model_fields.items()})


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _time(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    exact = "milliseconds" if moment.microsecond % 1000 == 0 else "microseconds"
    return moment.astimezone(UTC).isoformat(timespec=exact).removesuffix("+00:00") + "Z"
