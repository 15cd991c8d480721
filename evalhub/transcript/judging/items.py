"""A conversation as a list of items in the order of time: turns, function calls, their outputs, hand-offs.

An item is plain data with ids, so that any way of asking shows the same. Agent turns show what was generated and, where
it was cut short, what the caller heard of it. Caller turns show one text, by the transcript source: of a chained agent
what its model received (it cannot know better), of a speech-to-speech agent what was said (it heard the sound).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from evalhub.models import Conversation, Handoff, ToolCall, Turn

LONGEST_TEXT = 4_000
FIRST_TURNS = 10
NEVER = 1 << 62
TranscriptSource = Literal["model_input", "said", "as_sent"]
SOURCES: dict[str, TranscriptSource] = {
    "chained": "model_input",
    "half_cascade": "said",
    "speech_to_speech": "said",
}


as_json = json.JSONEncoder(ensure_ascii=False, default=str).encode
"""made once: `json.dumps` with arguments makes an encoder each time"""


@dataclass(frozen=True)
class Item:
    """One thing that happened: what it says of itself, and when (milliseconds, for the order only)."""

    data: dict[str, Any]
    at_ms: float
    kind: Literal["turn", "call", "output", "handoff", "gap"] = "turn"

    @cached_property
    def text(self) -> str:
        """The item as one line of JSON: quoting keeps what is inside from posing as anything else."""
        return as_json(self.data)


def transcript_source(conversation: Conversation) -> TranscriptSource:
    """Which text of the caller's turns a judge is shown: see above; `as_sent` where the architecture is unknown."""
    return SOURCES.get(conversation.architecture or "", "as_sent")


def items_of(conversation: Conversation) -> list[Item]:
    """Everything a judge of words has to see, in the order of time."""
    clock, source = _clock(conversation.turns), transcript_source(conversation)
    items = [Item(_turn(turn, source), clock[turn.id]) for turn in conversation.turns]
    for call in conversation.tool_calls:
        items += _call_items(call, clock)
    items += [Item(_handoff(handoff), _or_last(handoff.at_ms), "handoff") for handoff in conversation.handoffs]
    return sorted(items, key=lambda item: item.at_ms)


def cut(items: list[Item], max_chars: int) -> tuple[list[Item], int]:
    """The first turns and as many of the last as fit, each with what happened until the next turn.

    What is between is left out, and an item says so.

    Returns:
        The items to show, and how many were left out.
    """
    if sum(len(item.text) for item in items) <= max_chars:
        return items, 0
    turns = list(_by_turn(items))
    first = list(_fitting(turns[:FIRST_TURNS], max_chars // 2))
    rest = max_chars - sum(len(item.text) for turn in first for item in turn)
    last = list(_fitting(turns[len(first) :][::-1], rest))[::-1]
    shown = [[item for turn in part for item in turn] for part in (first, last)]
    left_out = len(items) - len(shown[0]) - len(shown[1])
    gap = Item({"left_out": f"{left_out} items, because the conversation is too long to show"}, 0, "gap")
    return [*shown[0], gap, *shown[1]], left_out


def _by_turn(items: list[Item]) -> Iterator[list[Item]]:
    """Each turn with the calls, outputs and hand-offs that follow it."""
    group: list[Item] = []
    for item in items:
        if item.kind == "turn" and group:
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _fitting(turns: list[list[Item]], max_chars: int) -> Iterator[list[Item]]:
    for turn in turns:
        max_chars -= sum(len(item.text) for item in turn)
        if max_chars < 0:
            return
        yield turn


def _clock(turns: list[Turn]) -> dict[str, float]:
    """When each turn began; a turn without a time follows the one before it."""
    clock: dict[str, float] = {}
    now = 0.0
    for turn in turns:
        now = now + 0.001 if turn.start_ms is None else float(turn.start_ms)
        clock[turn.id] = now
    return clock


def _turn(turn: Turn, source: TranscriptSource) -> dict[str, Any]:
    words: dict[str, Any] = {"text": turn.text}
    if turn.heard_text is not None and turn.heard_text != turn.text:
        words = {"generated": turn.text, "heard_by_caller": turn.heard_text}
    elif turn.speaker == "caller" and source == "said" and turn.reference_text is not None:
        words = {"text": turn.reference_text}
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
    made |= {"name": call.name, "arguments": _short(call.arguments)}
    yield Item(_known(made), began, "call")
    output = {"status": call.status, "result": _short(call.result), "error": _short(call.error)}
    yield Item({"function_output_of": call.id} | _known(output), ended, "output")


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
    text = value if isinstance(value, str) else as_json(value)
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
