"""What the turns of a conversation say about time: who spoke from when to when, how long the call was."""

from __future__ import annotations

from evalhub.audio.intervals import Interval
from evalhub.models import Conversation, Turn


def interval_of(turn: Turn) -> Interval | None:
    """From when to when this turn was spoken, where both are known."""
    if turn.start_ms is None or turn.end_ms is None or turn.start_ms >= turn.end_ms:
        return None
    return turn.start_ms, turn.end_ms


def turn_intervals(conversation: Conversation) -> dict[str, list[Interval]]:
    """The times of the turns, by speaker."""
    found: dict[str, list[Interval]] = {"caller": [], "agent": []}
    for turn in conversation.turns:
        interval = interval_of(turn)
        if interval and turn.speaker in found:
            found[turn.speaker].append(interval)
    return found


def call_length_ms(conversation: Conversation) -> int | None:
    """From connect to hang-up, where the client said it."""
    if conversation.duration_ms is not None:
        return conversation.duration_ms
    if conversation.started_at and conversation.ended_at:
        return round((conversation.ended_at - conversation.started_at).total_seconds() * 1000)
    return None
