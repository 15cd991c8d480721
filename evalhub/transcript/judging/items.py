"""A conversation as a list of items in the order of time: turns, function calls, their outputs, hand-offs.

An item is plain data with ids, so that any way of asking (chat messages now) shows the same. Shown is what each side
had: for an interrupted agent turn what was generated and what the caller heard of it, for a misheard caller turn what
the agent understood and what was said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalhub.models import Conversation, Handoff, ToolCall, Turn

LONGEST_TEXT = 4_000
FIRST_ITEMS = 20
NEVER = 1 << 62


@dataclass(frozen=True)
class Item:
    """One thing that happened: what it says of itself, and when (milliseconds, for the order only)."""

    data: dict[str, Any]
    at_ms: float

    @property
    def text(self) -> str:
        """The item as one line of JSON: quoting keeps what is inside from posing as anything else."""
        return json.dumps(self.data, ensure_ascii=False, default=str)


def items_of(conversation: Conversation) -> list[Item]:
    """Everything a judge of words has to see, in the order of time."""
    clock = _clock(conversation.turns)
    items = [Item(_turn(turn), clock[turn.id]) for turn in conversation.turns]
    for call in conversation.tool_calls:
        items += _call_items(call, clock)
    items += [Item(_handoff(handoff), _or_last(handoff.at_ms)) for handoff in conversation.handoffs]
    return sorted(items, key=lambda item: item.at_ms)


def cut(items: list[Item], max_chars: int) -> tuple[list[Item], int]:
    """The first items and as many of the last as fit; what is between is left out, and an item says so.

    Returns:
        The items to show, and how many were left out.
    """
    if sum(len(item.text) for item in items) <= max_chars:
        return items, 0
    first = list(_fitting(items[:FIRST_ITEMS], max_chars // 2))
    rest = max_chars - sum(len(item.text) for item in first)
    last = list(_fitting(items[len(first) :][::-1], rest))[::-1]
    left_out = len(items) - len(first) - len(last)
    gap = Item({"left_out": f"{left_out} items, because the conversation is too long to show"}, 0)
    return [*first, gap, *last], left_out


def _fitting(items: list[Item], max_chars: int) -> Iterator[Item]:
    for item in items:
        max_chars -= len(item.text)
        if max_chars < 0:
            return
        yield item


def _clock(turns: list[Turn]) -> dict[str, float]:
    """When each turn began; a turn without a time follows the one before it."""
    clock: dict[str, float] = {}
    now = 0.0
    for turn in turns:
        now = now + 0.001 if turn.start_ms is None else float(turn.start_ms)
        clock[turn.id] = now
    return clock


def _turn(turn: Turn) -> dict[str, Any]:
    words: dict[str, Any] = {"text": turn.text}
    if turn.heard_text is not None and turn.heard_text != turn.text:
        words = {"generated": turn.text, "heard_by_caller": turn.heard_text}
    elif turn.reference_text is not None and turn.reference_text != turn.text:
        words = {"understood_by_agent": turn.text, "really_said": turn.reference_text}
    about = {
        "turn": turn.id,
        "speaker": turn.speaker,
        "agent": turn.agent_name,
        "at": _at(turn.start_ms),
        "kind": turn.kind if turn.kind != "turn" else None,
        "interrupted": turn.interrupted or None,
    }
    return _known(about | {name: _short(text) for name, text in words.items()})


def _call_items(call: ToolCall, clock: dict[str, float]) -> Iterator[Item]:
    began = call.start_ms if call.start_ms is not None else clock.get(call.turn_id or "", NEVER) + 0.0001
    ended = max(began, call.end_ms if call.end_ms is not None else began)
    made = {"function_call": call.id, "turn": call.turn_id, "agent": call.agent_name, "at": _at(call.start_ms)}
    yield Item(_known(made | {"name": call.name, "arguments": _short(call.arguments), "status": call.status}), began)
    output = {"result": _short(call.result), "error": _short(call.error)}
    yield Item({"function_output_of": call.id} | _known(output), ended)


def _handoff(handoff: Handoff) -> dict[str, Any]:
    return _known(
        {
            "handoff": handoff.kind or "transfer",
            "from": handoff.from_agent,
            "to": handoff.to_agent,
            "at": _at(handoff.at_ms),
            "summary": _short(handoff.summary),
        }
    )


def _short(value: Any) -> Any:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) <= LONGEST_TEXT:
        return value
    half = LONGEST_TEXT // 2
    return f"{text[:half]} [{len(text) - LONGEST_TEXT} characters left out] {text[-half:]}"


def _at(ms: int | None) -> str | None:
    return None if ms is None else f"{ms // 60_000}:{ms % 60_000 / 1000:04.1f}"


def _or_last(ms: int | None) -> float:
    return NEVER if ms is None else ms


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
