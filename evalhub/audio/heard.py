"""How much of an interrupted agent turn the caller heard: the text played before the stop, and how we know."""

from __future__ import annotations

from dataclasses import dataclass

from evalhub.audio.intervals import intersection, total
from evalhub.audio.segments import intervals
from evalhub.audio.talk import Talk
from evalhub.audio.turns import interval_of
from evalhub.models import Conversation, Turn

USUAL_CHARS_PER_S = 15.0
"""English speech, where no whole turn of this agent tells its own pace"""


@dataclass(frozen=True)
class Heard:
    """The played part of a generated text, and how it is known: reported, playback, truncate or voiced_time."""

    text: str
    source: str
    of: str

    @property
    def share(self) -> float:
        return min(1.0, len(self.text) / len(self.of)) if self.of else 1.0


def heard_text(turn: Turn, conversation: Conversation, talk: Talk) -> Heard | None:
    """What was heard of an agent turn; None where neither the client nor the clock tells.

    Sources in order: text the client says was heard, a playback or truncate position (`heard_ms` among the turn's
    extras), else voiced time at the agent's own characters per second.
    """
    generated = turn.text or ""
    extra = turn.extra or {}
    if turn.heard_text is not None:
        return Heard(turn.heard_text, str(extra.get("heard_source", "reported")), generated)
    if not generated:
        return None
    if isinstance(extra.get("heard_ms"), int | float):
        played_ms, source = float(extra["heard_ms"]), str(extra.get("heard_source", "playback"))
    else:
        played_ms, source = float(_voiced_ms(turn, talk)), "voiced_time"
    if not played_ms and source == "voiced_time":
        return None
    return Heard(_whole_words(generated, played_ms / 1000 * _pace(conversation, talk)), source, generated)


def _voiced_ms(turn: Turn, talk: Talk) -> int:
    interval = interval_of(turn)
    return total(intersection(intervals(talk.agent), [interval])) if interval else 0


def _pace(conversation: Conversation, talk: Talk) -> float:
    """Characters per second of voiced time, over the agent turns that were spoken to their end."""
    whole = [turn for turn in conversation.turns_of("agent") if turn.text and not turn.interrupted]
    spoken = [(len(turn.text or ""), ms) for turn in whole if (ms := _voiced_ms(turn, talk))]
    milliseconds = sum(ms for _, ms in spoken)
    return sum(chars for chars, _ in spoken) * 1000 / milliseconds if milliseconds else USUAL_CHARS_PER_S


def _whole_words(text: str, chars: float) -> str:
    """The words that end within so many characters."""
    if chars >= len(text):
        return text
    cut = text[: int(chars) + 1]
    return cut[: cut.rfind(" ")] if " " in cut else ""
