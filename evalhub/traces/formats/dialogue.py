"""A dialogue from model calls that each repeat it: what one is given beyond what was seen until then is new."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhub.models import Turn
from evalhub.traces.formats.genai_messages import Exchange
from evalhub.traces.spans import SpanRecord


@dataclass
class Dialogue:
    """What the model calls until now told: turns, and the tools asked for with what they gave, by id."""

    turns: list[Turn] = field(default_factory=list)
    asked: dict[str, tuple[str, Any, SpanRecord]] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    spoke: list[tuple[SpanRecord, Turn]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def listen(self, span: SpanRecord, exchange: Exchange, agent: str | None) -> None:
        """Take in the messages of one model call, in order of start. Text is not speech: turns have no times."""
        users = [one.text for one in exchange.given if one.role == "user" and one.text]
        for index, text in enumerate(_new(self.heard, users)):
            self._add(Turn(id=f"{span.key}:caller:{index}", speaker="caller", text=text))
            self.heard.append(text)
        for message in (*exchange.given, *exchange.gave):
            for id_, (name, arguments) in message.calls.items():
                self.asked.setdefault(id_, (name, arguments, span))
            self.results |= message.results
        if exchange.said:
            turn = Turn(id=f"{span.key}:agent", speaker="agent", agent_name=agent, text=exchange.said)
            self._add(turn)
            self.spoke.append((span, turn))

    def turn_of(self, span: SpanRecord) -> str | None:
        """The agent's turn that this step leads to."""
        index = bisect_left(self.spoke, span.start_ns or 0, key=lambda one: one[0].start_ns or 0)
        return self.spoke[index][1].id if index < len(self.spoke) else None

    def _add(self, turn: Turn) -> None:
        turn.position = len(self.turns)
        self.turns.append(turn)


def _new(known: Sequence[str], heard: Sequence[str]) -> Sequence[str]:
    """What the caller said since: the rest of a history that goes on, else its last word if that is another."""
    if list(heard[: len(known)]) == list(known):
        return heard[len(known) :]
    return heard[-1:] if heard and heard[-1] != known[-1] else ()
