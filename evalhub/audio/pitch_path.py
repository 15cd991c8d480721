"""The cheapest path through pitch candidates (Viterbi), over all stretches of some minutes at once.

Stretches are runs of neighbouring frames that have candidates at all; a frame without any is unvoiced for certain, so
stretches do not influence each other and one step of the search serves every stretch in the same array operation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalhub.audio.arrays import Bools, Floats, Ints

HIGHEST = 4.0
"""no strength is as high: divided by it, strengths order within a row and never across rows"""


@dataclass(frozen=True)
class PathCosts:
    """What changing its mind costs the path: per octave of a jump, and per switch of voicing."""

    octave_jump: float
    voiced_unvoiced: float


@dataclass(frozen=True)
class Candidates:
    """The candidates of n frames: which frames, how many each has, and frame after frame their Hz and strength."""

    frame: Ints
    level: Floats
    """absolute peak in the middle of each frame"""
    count: Ints
    hz: Floats
    strength: Floats

    @classmethod
    def strongest(cls, row: Ints, hz: Floats, strength: Floats, level: Floats, keep: int) -> Candidates:
        """From flat (row, hz, strength, level of the row) of ascending rows, the `keep` strongest of each row."""
        kept = _strongest(row, strength, keep)
        row, hz, strength, level = row[kept], hz[kept], strength[kept], level[kept]
        first = np.flatnonzero(np.diff(row, prepend=-1))
        count = np.diff(first, append=len(row)).astype(np.uint8)
        return cls(row[first].astype(np.int32), level[first], count, hz.astype(np.float32), strength)

    @classmethod
    def joined(cls, parts: list[Candidates]) -> Candidates:
        """Candidates of consecutive blocks as one."""
        columns = zip(*((one.frame, one.level, one.count, one.hz, one.strength) for one in parts), strict=True)
        return cls(*map(np.concatenate, columns))

    def part(self, start: int, end: int) -> Candidates:
        """Those of some frames."""
        first = int(self.count[:start].sum())
        here = slice(first, first + int(self.count[start:end].sum()))
        frames = self.frame[start:end], self.level[start:end], self.count[start:end]
        return Candidates(*frames, self.hz[here], self.strength[here])

    def table(self, unvoiced: Floats) -> tuple[Floats, Floats]:
        """Hz and strength as arrays (1 + most of a frame, n): row 0 is being unvoiced; padded with strength -inf."""
        shape = 1 + int(self.count.max()), len(self.count)
        hz, strength = np.ones(shape, np.float32), np.full(shape, -np.inf, np.float32)
        filled = np.arange(shape[0] - 1) < self.count[:, None]
        hz[1:].T[filled], strength[1:].T[filled] = self.hz, self.strength
        strength[0] = unvoiced
        return hz, strength


def _strongest(row: Ints, strength: Floats, keep: int) -> Bools:
    """Which are among the `keep` strongest of their row; few rows have more."""
    first = np.flatnonzero(np.diff(row, prepend=-1))
    count = np.diff(first, append=len(row))
    kept = np.repeat(count <= keep, count)
    crowded = np.flatnonzero(~kept)
    crowded = crowded[np.argsort(row[crowded] - strength[crowded] / HIGHEST)]
    rank = np.arange(len(crowded)) - np.searchsorted(row[crowded], row[crowded])
    kept[crowded[rank < keep]] = True
    return kept


def best_path(found: Candidates, unvoiced: Floats, costs: PathCosts) -> Floats:
    """Hz of every frame in `found` (0 = unvoiced), given each frame's strength of being unvoiced."""
    if not found.frame.size:
        return np.zeros(0, np.float32)
    hz, strength = found.table(unvoiced)
    starts = beginnings(found.frame)
    lengths = np.diff(starts, append=len(found.frame))
    order = np.argsort(-lengths, kind="stable")
    octave = np.log2(hz) * np.float32(costs.octave_jump)
    choice = _search(starts[order], lengths[order], strength, octave, costs.voiced_unvoiced)
    chosen = hz[choice, np.arange(len(choice))]
    return np.where(choice > 0, chosen, 0)


def beginnings(frame: Ints) -> Ints:
    """Where stretches begin in an ascending list of frames."""
    return np.flatnonzero(np.diff(frame, prepend=-9) != 1)


def _search(starts: Ints, lengths: Ints, strength: Floats, octave: Floats, switch: float) -> Ints:
    """Index of the chosen candidate of every frame (0 = unvoiced). Longest stretch first in `starts`.

    Candidates are rows and frames columns, so that numpy runs along the stretches, which are many.
    """
    back = np.zeros(strength.shape, np.int8)
    choice = np.zeros(strength.shape[1], np.intp)
    edge = np.full((len(strength), 1), switch, np.float32)
    edge[0] = 0
    score, before = strength.take(starts, axis=1) - edge, octave.take(starts, axis=1)
    ends = np.zeros(len(starts), np.intp)
    longer = _longer(lengths)
    for step, active in enumerate(longer[1:], 1):
        if active < score.shape[1]:
            ends[active : score.shape[1]] = (score[:, active:] - edge).argmax(axis=0)
        at = starts[:active] + step
        now = octave.take(at, axis=1)
        score, back[:, at] = _step(score[:, :active], before[:, :active], now, strength.take(at, axis=1), switch)
        before = now
    _trace(starts + lengths - 1, longer, ends, back, choice)
    return choice


def _longer(lengths: Ints) -> list[int]:
    """How many stretches are longer than each number of frames, from 0 to the longest; `lengths` falls."""
    steps = np.arange(lengths[0] + 1)
    longer: list[int] = np.searchsorted(-lengths, -steps).tolist()
    return longer


def _step(score: Floats, before: Floats, now: Floats, strength: Floats, switch: float) -> tuple[Floats, Ints]:
    cost = np.abs(before[:, None] - now)
    cost[0, 1:] = switch
    cost[1:, 0] = switch
    total = np.subtract(score[:, None], cost, out=cost)
    return total.max(axis=0) + strength, total.argmax(axis=0)


def _trace(last: Ints, longer: list[int], ends: Ints, back: Ints, choice: Ints) -> None:
    state = ends
    for step, active in enumerate(longer[:-1]):
        at = last[:active] - step
        choice[at] = state = state[:active]
        state = back[state, at]
