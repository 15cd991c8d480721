"""Who cuts in on whom: barge-ins of the caller, interruptions by the agent, stops at sounds that meant nothing."""

from __future__ import annotations

from dataclasses import dataclass

from evalhub.audio.intervals import Interval
from evalhub.audio.segments import NOT_A_TURN, TURN, Segment
from evalhub.audio.talk import Talk

YIELD_MS = 2000
STOP_MS, RESUME_MS = 1000, 2000


@dataclass(frozen=True)
class BargeIn:
    """A caller turn that began while the agent spoke."""

    caller: Segment
    agent: Segment

    @property
    def yield_ms(self) -> int:
        """How long the agent went on."""
        return self.agent.end_ms - self.caller.start_ms

    @property
    def both_speak(self) -> Interval:
        return self.caller.start_ms, self.agent.end_ms


@dataclass(frozen=True)
class Disturbance:
    """A caller's sound that was no turn, during agent speech, and whether the agent stopped for good."""

    caller: Segment
    agent: Segment
    stopped: bool


def barge_ins(talk: Talk) -> list[BargeIn]:
    """Every caller turn that starts while the agent speaks, with the agent speech it cuts into."""
    agent = talk.agent_turns
    turns = [segment for segment in talk.caller_turns if segment.kind == TURN]
    pairs = ((one, next((other for other in agent if other.covers(one.start_ms)), None)) for one in turns)
    return [BargeIn(one, other) for one, other in pairs if other]


def agent_interruptions(talk: Talk) -> tuple[list[Segment], int]:
    """Agent segments that start inside a caller turn, and how many caller turns there are."""
    turns = [segment for segment in talk.caller_turns if segment.kind == TURN]
    cut = [one for one in talk.agent_turns if any(turn.covers(one.start_ms) for turn in turns)]
    return cut, len(turns)


def disturbances(talk: Talk) -> list[Disturbance]:
    """Backchannels, tics, side speech and noise during agent speech.

    The agent stopped falsely if it falls silent within `STOP_MS` and does not go on within `RESUME_MS` of that.
    """
    agent = talk.agent_turns
    found = []
    for sound in (segment for segment in talk.caller_turns if segment.kind in NOT_A_TURN):
        speech = next((one for one in agent if one.covers(sound.start_ms)), None)
        if speech:
            found.append(Disturbance(sound, speech, _stopped(sound, speech, agent)))
    return found


def _stopped(sound: Segment, speech: Segment, agent: list[Segment]) -> bool:
    resumes = next((one.start_ms for one in agent if one.start_ms >= speech.end_ms), None)
    goes_on = resumes is not None and resumes - speech.end_ms <= RESUME_MS
    return speech.end_ms - sound.start_ms <= STOP_MS and not goes_on


def unknown_kinds(talk: Talk) -> bool:
    """Whether some caller sound during agent speech has a kind that nobody gave."""
    agent = talk.agent_turns
    unlabelled = [one for one in talk.caller_turns if one.kind_source == "rule"]
    return any(other.covers(one.start_ms) for one in unlabelled for other in agent) or (
        len(unlabelled) == len(talk.caller_turns)
    )
