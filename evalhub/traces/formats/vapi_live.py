"""Vapi's live messages, where no report came: who spoke when, what was transcribed, when the caller cut in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evalhub.models import Conversation, Turn
from evalhub.traces.bodies import warning
from evalhub.traces.formats import reports
from evalhub.traces.formats.native_build import duration_ms
from evalhub.traces.formats.realtime.fields import amount, text

SPEAKERS = {"user": "caller", "assistant": "agent", "bot": "agent"}
NO_REPORT = "there is no end-of-call report: tools, costs and waits are not known, and only some of the words"


def read(conversation: Conversation, messages: list[dict[str, Any]], warnings: list[dict[str, str]]) -> None:
    """Fill in what the messages tell, in the order of their times."""
    in_order = sorted(messages, key=lambda message: amount(message, "timestamp") or 0.0)
    first = reports.moment(in_order[0].get("timestamp"))
    statuses = {text(one, "status"): one for one in in_order if text(one, "type") == "status-update"}
    start = reports.moment((statuses.get("in-progress") or {}).get("timestamp"))
    only_status = len(statuses) == len(in_order)
    conversation.started_at = None if only_status else start or first
    if not only_status:
        conversation.turns = reports.numbered(_turns(in_order, start or first))
        conversation.duration_ms = duration_ms(conversation)
        warnings.append(warning("message", NO_REPORT))


def _turns(messages: list[dict[str, Any]], start: datetime | None) -> list[Turn]:
    turns: list[Turn] = []
    for message in messages:
        at = reports.moment(message.get("timestamp"))
        ms = round((at - start).total_seconds() * 1000) if at and start else None
        match text(message, "type"), SPEAKERS.get(text(message, "role") or ""):
            case "speech-update", str(speaker):
                _spoke(turns, speaker, text(message, "status"), ms)
            case "transcript", str(speaker) if text(message, "transcriptType") == "final":
                _heard(turns, speaker, text(message, "transcript"), ms)
            case "user-interrupted", _:
                _cut(turns, ms)
    return turns


def _last(turns: list[Turn], speaker: str) -> Turn | None:
    return next((turn for turn in reversed(turns) if turn.speaker == speaker), None)


def _spoke(turns: list[Turn], speaker: str, status: str | None, ms: int | None) -> None:
    if status == "started":
        turns.append(Turn(id=f"{speaker}-{len(turns) + 1}", speaker=speaker, start_ms=ms))
    elif (turn := _last(turns, speaker)) is not None and turn.end_ms is None:
        turn.end_ms = ms


def _heard(turns: list[Turn], speaker: str, words: str | None, ms: int | None) -> None:
    """A final transcript comes after the words; several make one turn."""
    turn = _last(turns, speaker)
    if turn is None:
        turn = Turn(id=f"{speaker}-{len(turns) + 1}", speaker=speaker, end_ms=ms)
        turns.append(turn)
    turn.text = " ".join(filter(None, (turn.text, words)))


def _cut(turns: list[Turn], ms: int | None) -> None:
    """The caller cut in: the agent stops now. The message tells no words, so what was heard of them is not known."""
    if (turn := _last(turns, "agent")) is not None and turn.end_ms is None:
        turn.interrupted, turn.end_ms = True, ms
