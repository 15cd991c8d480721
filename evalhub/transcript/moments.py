"""When something happened in a conversation, where a score points to, and how a sentence names it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from evalhub.models import Conversation, Handoff, ToolCall, Turn

Evidence = dict[str, Any]
LONGEST_CALL = 160


class Place(NamedTuple):
    """Where a call lies: its times, the place of its turn, its own place in the list; None where unknown."""

    start_ms: int | None
    end_ms: int | None
    turn: int | None
    position: int

    def precedes(self, other: Place) -> bool:
        """Whether this call was over (or at least begun, where its end is unknown) before the other began."""
        if self.start_ms is not None and other.start_ms is not None:
            end = self.start_ms if self.end_ms is None else self.end_ms
            return self.start_ms < other.start_ms and end <= other.start_ms
        if self.turn is not None and other.turn is not None:
            return self.turn < other.turn
        return self.position < other.position


class Order:
    """Which call came before which: by times, else by the turns they belong to, else by their place in the list.

    Calls that overlap in time, or share a turn and have no times, ran in parallel: neither is before the other.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._turns = {turn.id: index for index, turn in enumerate(conversation.turns)}
        self._calls = {call.id: index for index, call in enumerate(conversation.tool_calls)}

    def place(self, call: ToolCall) -> Place:
        """Where a call lies, read once for many comparisons."""
        return Place(call.start_ms, call.end_ms, self._turns.get(call.turn_id or ""), self._calls[call.id])

    def before(self, first: ToolCall, second: ToolCall) -> bool:
        """Whether `first` was over before `second` began."""
        return self.place(first).precedes(self.place(second))

    def spoken_before(self, turn: Turn, call: ToolCall) -> bool | None:
        """Whether a turn began before the call did; None where neither times nor turns tell."""
        if turn.start_ms is not None and call.start_ms is not None:
            return turn.start_ms < call.start_ms
        at = self._turns.get(call.turn_id or "")
        return None if at is None else self._turns[turn.id] < at


def turn_evidence(turn: Turn, quote: str | None = None) -> Evidence:
    """Where a turn is, with the words a verdict rests on."""
    return _known(
        turn_id=turn.id,
        start_ms=turn.start_ms,
        end_ms=turn.end_ms,
        channel=turn.speaker,
        quote=turn.text if quote is None else quote,
    )


def call_evidence(call: ToolCall) -> Evidence:
    """Where a function call is, and how it was made."""
    return _known(
        turn_id=call.turn_id,
        tool_call_id=call.id,
        start_ms=call.start_ms,
        end_ms=call.end_ms,
        channel="agent",
        quote=written(call),
    )


def handoff_evidence(handoff: Handoff) -> Evidence:
    """Where a hand-off is, and what was handed over."""
    whom = f"{handoff.from_agent or 'agent'} → {handoff.to_agent or 'agent'}"
    return _known(start_ms=handoff.at_ms, channel="agent", quote=handoff.summary or whom)


def written(call: ToolCall) -> str:
    """A call as a person writes it: `find_order({"order_id": "A12345"})`."""
    arguments = "" if call.arguments is None else json.dumps(call.arguments, ensure_ascii=False, default=str)
    text = f"{call.name}({arguments})"
    return text if len(text) <= LONGEST_CALL else text[: LONGEST_CALL - 2] + "…)"


def at(start_ms: int | None) -> str:
    """ " at 1:05", or nothing where the time is unknown."""
    return "" if start_ms is None else f" at {start_ms // 60_000}:{start_ms // 1000 % 60:02}"


def _known(**fields: Any) -> Evidence:
    return {name: value for name, value in fields.items() if value is not None}
