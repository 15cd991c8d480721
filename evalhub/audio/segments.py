"""Stretches of one side's speech with their kind and the turn they belong to, and how they are merged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from evalhub.audio.intervals import Interval, overlap
from evalhub.audio.turns import interval_of
from evalhub.models import Turn

TURN, FAREWELL = "turn", "farewell"
NOT_A_TURN = ("backchannel", "tic", "side_speech", "noise")
"""what must not stop an agent"""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A voiced stretch. Without a kind of its own it counts as turn, by rule."""

    start_ms: int
    end_ms: int
    kind: str = TURN
    kind_source: str = "rule"
    turn_ids: tuple[str, ...] = ()
    """the turns it was part of, in order"""

    @property
    def interval(self) -> Interval:
        return self.start_ms, self.end_ms

    def covers(self, at_ms: int) -> bool:
        """Whether it began before this moment and goes on after it."""
        return self.start_ms < at_ms < self.end_ms


def intervals(segments: Iterable[Segment]) -> list[Interval]:
    return [segment.interval for segment in segments]


def merged(segments: Iterable[Segment], gap_ms: int) -> list[Segment]:
    """Segments of one kind at most `gap_ms` apart as one; kinds are never joined."""
    last: dict[str, int] = {}
    joined: list[Segment] = []
    for segment in sorted(segments, key=lambda one: (one.start_ms, one.end_ms)):
        at = last.get(segment.kind)
        if at is not None and segment.start_ms - joined[at].end_ms <= gap_ms:
            joined[at] = _joined(joined[at], segment)
        else:
            last[segment.kind] = len(joined)
            joined.append(segment)
    return joined


def _joined(one: Segment, other: Segment) -> Segment:
    known = "rule" if "rule" in (one.kind_source, other.kind_source) else one.kind_source
    ids = one.turn_ids + tuple(turn_id for turn_id in other.turn_ids if turn_id not in one.turn_ids)
    return replace(one, end_ms=max(one.end_ms, other.end_ms), kind_source=known, turn_ids=ids)


def from_turns(turns: Sequence[Turn]) -> list[Segment]:
    """The turns themselves as segments, those whose times are known."""
    timed = [(turn, interval_of(turn)) for turn in turns]
    return [_of_turn(turn, interval) for turn, interval in timed if interval]


def from_intervals(voiced: Sequence[Interval], turns: Sequence[Turn]) -> list[Segment]:
    """Voiced intervals as segments; each takes kind and id of the turn it shares most time with."""
    timed = [(turn, interval) for turn in turns if (interval := interval_of(turn))]
    return [_labelled(interval, timed) for interval in voiced]


def _labelled(interval: Interval, timed: list[tuple[Turn, Interval]]) -> Segment:
    shares = [(overlap(interval, when), turn) for turn, when in timed]
    best = max(shares, key=lambda one: one[0], default=None)
    if best is None or not best[0]:
        return Segment(start_ms=interval[0], end_ms=interval[1])
    return _of_turn(best[1], interval)


def _of_turn(turn: Turn, interval: Interval) -> Segment:
    segment = Segment(start_ms=interval[0], end_ms=interval[1], turn_ids=(turn.id,))
    if not turn.kind:
        return segment
    return replace(segment, kind=turn.kind, kind_source=turn.kind_source or "given")
