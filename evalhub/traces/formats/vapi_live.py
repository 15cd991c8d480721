"""Vapi's live messages, where no report came: who spoke when, what was transcribed, when the caller cut in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evalhub.evaluators import digest
from evalhub.models import Conversation, Turn
from evalhub.traces.bodies import warning
from evalhub.traces.formats import reports
from evalhub.traces.formats.native_build import duration_ms
from evalhub.traces.formats.realtime.fields import amount, text

SPEAKERS = {"user": "caller", "assistant": "agent", "bot": "agent"}
SAID = ("type", "role", "status", "turn", "turnId", "transcriptType", "transcript", "timestamp")
"""what tells one message from another; the call inside of it changes meanwhile"""
NO_REPORT = "there is no end-of-call report: tools, costs and waits are not known, and only some of the words"


def read(conversation: Conversation, messages: list[dict[str, Any]], warnings: list[dict[str, str]]) -> None:
    """Fill in what the messages tell, in the order of their times."""
    in_order = sorted(_each_once(messages), key=lambda message: amount(message, "timestamp") or 0.0)
    first = reports.moment(in_order[0].get("timestamp"))
    statuses = {text(one, "status"): one for one in in_order if text(one, "type") == "status-update"}
    start = reports.moment((statuses.get("in-progress") or {}).get("timestamp"))
    only_status = len(statuses) == len(in_order)
    conversation.started_at = None if only_status else start or first
    if not only_status:
        conversation.turns = reports.numbered(_turns(in_order, start or first))
        conversation.duration_ms = duration_ms(conversation)
        warnings.append(warning("message", NO_REPORT))


def _each_once(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Vapi sends again what was not answered in time."""
    return list({digest([message.get(name) for name in SAID]): message for message in messages}.values())


def _turns(messages: list[dict[str, Any]], start: datetime | None) -> list[Turn]:
    told = _Dialogue()
    for message in messages:
        at = reports.moment(message.get("timestamp"))
        ms = round((at - start).total_seconds() * 1000) if at and start else None
        match text(message, "type"), SPEAKERS.get(text(message, "role") or ""):
            case "speech-update", str(speaker) if text(message, "status") == "started":
                told.began(speaker, amount(message, "turn"), ms)
            case "speech-update", str(speaker):
                told.stopped(speaker, ms)
            case "transcript", str(speaker) if text(message, "transcriptType") == "final":
                told.heard(speaker, text(message, "transcript"), ms)
            case "user-interrupted", _:
                told.cut(ms)
    return told.turns


@dataclass
class _Dialogue:
    """The turns until now, and which number the latest was given by Vapi."""

    turns: list[Turn] = field(default_factory=list)
    number: float | None = None

    def began(self, speaker: str, number: float | None, ms: int | None) -> None:
        """Who takes breath within a turn is told to begin again, with the turn's number."""
        goes_on = number is not None and number == self.number and self.turns[-1].speaker == speaker
        if not goes_on:
            self._add(speaker).start_ms = ms
        elif not self.turns[-1].interrupted:
            self.turns[-1].end_ms = None
        self.number = number

    def stopped(self, speaker: str, ms: int | None) -> None:
        turn = self._last(speaker)
        if turn is not None and turn.end_ms is None:
            turn.end_ms = ms

    def heard(self, speaker: str, words: str | None, ms: int | None) -> None:
        """A final transcript comes after the words, often once the other side speaks; several make one turn."""
        turn = self._last(speaker)
        if turn is None or (turn.start_ms is None and turn is not self.turns[-1]):
            turn = self._add(speaker)
            turn.end_ms = ms
        turn.text = " ".join(filter(None, (turn.text, words)))

    def cut(self, ms: int | None) -> None:
        """The caller cut in: the agent stops now. No words are told, so what was heard of them is not known."""
        turn = self._last("agent")
        if turn is not None and turn.end_ms is None:
            turn.interrupted, turn.end_ms = True, ms

    def _add(self, speaker: str) -> Turn:
        self.number = None
        self.turns.append(Turn(id=f"{speaker}-{len(self.turns) + 1}", speaker=speaker))
        return self.turns[-1]

    def _last(self, speaker: str) -> Turn | None:
        return next((turn for turn in reversed(self.turns) if turn.speaker == speaker), None)
