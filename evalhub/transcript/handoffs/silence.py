"""Silence of both sides within a stretch of a conversation, from its voiced intervals, else from its turns."""

from __future__ import annotations

from evalhub.models import Conversation

Interval = tuple[int, int]


def longest_silence_ms(conversation: Conversation, start_ms: int, end_ms: int) -> int:
    """The longest time between two moments in which nobody speaks."""
    longest, quiet_since = 0, start_ms
    for begin, end in sorted(_speech(conversation)):
        if end > start_ms and begin < end_ms:
            longest = max(longest, begin - quiet_since)
            quiet_since = max(quiet_since, end)
    return max(longest, end_ms - quiet_since, 0)


def basis_of(conversation: Conversation) -> str:
    """Where these times come from."""
    return "annotated" if _annotated(conversation) else "events"


def first_speech_after(conversation: Conversation, ms: int, speaker: str = "agent") -> int | None:
    """When this side next begins to speak."""
    starts = [turn.start_ms for turn in conversation.turns_of(speaker) if turn.start_ms is not None]
    return min((start for start in starts if start >= ms), default=None)


def last_speech_before(conversation: Conversation, ms: int) -> int | None:
    """When the speech that began before this moment ended, or this moment where it still goes on."""
    ends = [end for start, end in _speech(conversation) if start < ms]
    return min(ms, max(ends)) if ends else None


def _annotated(conversation: Conversation) -> list[Interval]:
    return [(a, b) for intervals in (conversation.voiced or {}).values() for a, b in intervals]


def _speech(conversation: Conversation) -> list[Interval]:
    turns = [(t.start_ms, t.end_ms) for t in conversation.turns if t.start_ms is not None and t.end_ms is not None]
    return _annotated(conversation) or turns
