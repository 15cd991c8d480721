"""Silence of both sides, and how the time is shared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evalhub.audio.intervals import Interval, complement, difference, intersection, total, union
from evalhub.audio.segments import intervals
from evalhub.audio.talk import Talk

WARN_MS, FAIL_MS = 4_000, 10_000


@dataclass(frozen=True)
class Silence:
    """Stretches where nobody speaks: those where no tool worked (dead air), and those where one did."""

    dead_air: list[Interval]
    tool: list[Interval]

    @property
    def longest(self) -> Interval | None:
        return max(self.dead_air, key=lambda one: one[1] - one[0], default=None)


def silence(talk: Talk) -> Silence:
    """From connect to the end of what was observed."""
    return silence_between(intervals(talk.caller) + intervals(talk.agent), talk.observed, talk.tools)


def silence_between(spoken: list[Interval], observed: Interval, tools: Iterable[Interval]) -> Silence:
    """Where nobody speaks, whoever it is that speaks elsewhere."""
    nobody, working = complement(spoken, observed), union(tools)
    return Silence(difference(nobody, working), intersection(nobody, working))


def overlaps(talk: Talk) -> list[Interval]:
    """Where both speak."""
    return intersection(intervals(talk.caller), intervals(talk.agent))


def talk_ratio(talk: Talk) -> float | None:
    """The agent's share of all voiced time; None where nobody spoke."""
    caller, agent = total(intervals(talk.caller)), total(intervals(talk.agent))
    return agent / (caller + agent) if caller + agent else None
