"""One barge-in: the turn that was cut off, what of it was heard, what the caller said, and the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalhub.models import Conversation, ToolCall, Turn
from evalhub.transcript.calls.attempts import happened
from evalhub.transcript.calls.consent import NO_ANSWER
from evalhub.transcript.words.normalise import plain

AGENT_TURNS = 3
"""so many turns the agent has to come back to what it was saying"""
LATE_MS = 1_000
"""a caller who speaks later than this after the stop did not cause it (a guardrail may have)"""
SHORT_WORDS = """
    the and you your for that this with have has had was were are not but can could will would shall should what when
    where which who how did does from they them there here then than its our out any all one also just may im ill it of
    to in on at is a an be do or if so we me my by as up no yes let please okay well thank thanks sorry about want like
    need get got know
"""
MEANINGLESS = frozenset(SHORT_WORDS.split())


@dataclass(frozen=True, kw_only=True)
class BargeIn:
    """A caller who cut in, and the agent's next words."""

    cut: Turn
    interjection: Turn
    answers: list[Turn]
    """the agent's next turns, the answer first"""
    calls: list[ToolCall]
    """made between the interjection and the answer"""
    before: list[Turn]

    @property
    def heard(self) -> list[str] | None:
        """The words of the cut turn that were heard; None where that is not known."""
        return None if self.cut.heard_text is None else plain(self.cut.heard_text).split()

    @property
    def unheard(self) -> list[str]:
        """The words of the cut turn that nobody heard."""
        generated = plain(self.cut.text or "").split()
        return generated[len(self.heard or []) :] if self.heard is not None else []

    @property
    def answer(self) -> list[str]:
        """The words of the agent's answer."""
        return words_of(self.answers[0]) if self.answers else []


def barge_ins(conversation: Conversation) -> Iterator[BargeIn]:
    """Every agent turn that a caller cut off, where the caller then said something."""
    turns = conversation.turns
    for index, turn in enumerate(turns):
        said = next((t for t in turns[index + 1 :] if t.speaker == "caller" and t.kind not in NO_ANSWER), None)
        if turn.speaker == "agent" and turn.interrupted and said and _cut_by(turn, said):
            at = turns.index(said)
            answers = [t for t in turns[at + 1 :] if t.speaker == "agent"][:AGENT_TURNS]
            calls = _between(happened(conversation.tool_calls), said, answers)
            yield BargeIn(cut=turn, interjection=said, answers=answers, calls=calls, before=turns[:index])


def _cut_by(cut: Turn, said: Turn) -> bool:
    """Whether the caller spoke up soon enough to be the cause; so it is where no time tells."""
    return cut.end_ms is None or said.start_ms is None or said.start_ms <= cut.end_ms + LATE_MS


def words_of(turn: Turn) -> list[str]:
    """What was heard of a turn, as words without case and punctuation."""
    return plain((turn.text if turn.heard_text is None else turn.heard_text) or "").split()


def content(words: Sequence[str]) -> set[str]:
    """The words that carry meaning."""
    return {word for word in words if len(word) > 2 and word not in MEANINGLESS}


def longest_run(words: Sequence[str], other: Sequence[str]) -> list[str]:
    """The longest run of words that both have in common."""
    best: tuple[int, int] = (0, 0)
    lengths = [0] * (len(other) + 1)
    for i, word in enumerate(words):
        previous, lengths = lengths, [0] * (len(other) + 1)
        for j, candidate in enumerate(other):
            if word == candidate:
                lengths[j + 1] = previous[j] + 1
                best = max(best, (lengths[j + 1], i + 1))
    return list(words[best[1] - best[0] : best[1]])


def _between(calls: list[ToolCall], said: Turn, answers: list[Turn]) -> list[ToolCall]:
    def is_between(call: ToolCall) -> bool:
        if answers and call.turn_id == answers[0].id:
            return True
        times = (said.start_ms, call.start_ms, answers[0].start_ms if answers else None)
        return None not in times and times[0] <= times[1] <= times[2]  # type: ignore[operator]

    return [call for call in calls if is_between(call)]
