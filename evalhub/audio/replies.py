"""What became of each caller turn: answered, missed, late, or nothing to say about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from evalhub.audio.intervals import Interval
from evalhub.audio.segments import FAREWELL, TURN, Segment
from evalhub.audio.talk import Talk

ANSWERED, MISSED, LATE, CENSORED, EXCLUDED = "answered", "missed", "late", "censored", "excluded"
DEADLINE_MS = 5000


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A caller turn and what came of it; `reason` says why it is excluded."""

    caller: Segment
    outcome: str
    agent: Segment | None = None
    reason: str | None = None
    after_tool: bool = False

    @property
    def silence(self) -> Interval:
        """From the caller's last sound to the agent's first."""
        return self.caller.end_ms, self.agent.start_ms if self.agent else self.caller.end_ms

    @property
    def latency_ms(self) -> int:
        return self.silence[1] - self.silence[0]


def replies(talk: Talk, *, deadline_ms: int = DEADLINE_MS) -> list[Reply]:
    """One entry for each caller turn and farewell; other kinds of caller sound owe and are owed nothing."""
    said = [segment for segment in talk.caller_turns if segment.kind in (TURN, FAREWELL)]
    agent = talk.agent_turns
    return [_reply(one, said, agent, talk, deadline_ms) for one in said]


def _reply(caller: Segment, said: list[Segment], agent: list[Segment], talk: Talk, deadline_ms: int) -> Reply:
    end = caller.end_ms
    if end < talk.observed[0]:
        return Reply(caller=caller, outcome=EXCLUDED, reason="not_recorded")
    if caller.kind == FAREWELL:
        return Reply(caller=caller, outcome=EXCLUDED, reason="farewell")
    if any(segment.covers(end) for segment in agent):
        return Reply(caller=caller, outcome=EXCLUDED, reason="agent_speaking")
    answer = next((segment for segment in agent if segment.start_ms >= end), None)
    goes_on = min((other.start_ms for other in said if other.start_ms >= end and other is not caller), default=None)
    if answer and goes_on is not None and goes_on < answer.start_ms:
        answer = None
    return _judged(caller, answer, goes_on, talk, deadline_ms)


def _judged(caller: Segment, answer: Segment | None, goes_on: int | None, talk: Talk, deadline_ms: int) -> Reply:
    due = caller.end_ms + deadline_ms
    if answer:
        outcome = ANSWERED if answer.start_ms < due else LATE
        return Reply(caller=caller, outcome=outcome, agent=answer, after_tool=_after_tool(caller, answer, talk))
    if goes_on is not None and goes_on < due:
        return Reply(caller=caller, outcome=EXCLUDED, reason="caller_continued")
    if goes_on is None and talk.observed[1] < due:
        return Reply(caller=caller, outcome=CENSORED)
    return Reply(caller=caller, outcome=MISSED)


def _after_tool(caller: Segment, answer: Segment, talk: Talk) -> bool:
    """Whether a tool worked between the caller's last word and the answer."""
    timed = any(start <= answer.start_ms and end >= caller.end_ms for start, end in talk.tools)
    return timed or bool(talk.tool_turns.intersection(answer.turn_ids))


def counts(found: list[Reply]) -> dict[str, object]:
    """How many of each outcome; the excluded by reason."""
    outcomes = Counter(reply.outcome for reply in found)
    excluded = Counter(reply.reason for reply in found if reply.reason)
    return {
        "n": outcomes[ANSWERED],
        "missed": outcomes[MISSED],
        "late": outcomes[LATE],
        "censored": outcomes[CENSORED],
        "excluded": dict(excluded),
    }
