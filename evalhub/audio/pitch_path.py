"""The cheapest path through pitch candidates (Viterbi), over all stretches of a recording at once.

Stretches are runs of neighbouring frames that have candidates at all; a frame without any is unvoiced for certain, so
stretches do not influence each other and one step of the search serves every stretch in the same array operation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalhub.audio.arrays import Floats, Ints

HIGHEST = 4.0
"""no strength is as high: divided by it, strengths order within a row and never across rows"""


@dataclass(frozen=True)
class PathCosts:
    """What changing its mind costs the path: per octave of a jump, and per switch of voicing."""

    octave_jump: float
    voiced_unvoiced: float


@dataclass
class Candidates:
    """For each of n frames up to k candidates: arrays (n, k) of Hz and strength, padded with strength -inf."""

    frame: Ints
    hz: Floats
    strength: Floats
    level: Floats
    """absolute peak in the middle of each frame"""

    @classmethod
    def strongest(cls, row: Ints, hz: Floats, strength: Floats, level: Floats, keep: int) -> Candidates:
        """From flat (row, hz, strength, level of the row) of ascending rows, the `keep` strongest of each row."""
        order = np.argsort(row - strength / HIGHEST)
        row, hz, strength, level = row[order], hz[order], strength[order], level[order]
        begins = np.diff(row, prepend=-1) != 0
        frame, first, index = row[begins], np.flatnonzero(begins), np.cumsum(begins) - 1
        rank = np.arange(len(row)) - first[index]
        kept = rank < keep
        shape = len(frame), keep
        table = cls(frame, np.ones(shape, np.float32), np.full(shape, -np.inf, np.float32), level[begins])
        table.hz[index[kept], rank[kept]] = hz[kept]
        table.strength[index[kept], rank[kept]] = strength[kept]
        return table

    @classmethod
    def joined(cls, parts: list[Candidates]) -> Candidates:
        """Candidates of consecutive blocks as one."""
        return cls(
            np.concatenate([part.frame for part in parts]),
            np.concatenate([part.hz for part in parts]),
            np.concatenate([part.strength for part in parts]),
            np.concatenate([part.level for part in parts]),
        )


def best_path(found: Candidates, unvoiced: Floats, costs: PathCosts) -> Floats:
    """Hz of every frame in `found` (0 = unvoiced), given each frame's strength of being unvoiced."""
    starts = np.flatnonzero(np.diff(found.frame, prepend=-9) != 1)
    lengths = np.diff(starts, append=len(found.frame))
    order = np.argsort(-lengths, kind="stable")
    starts, lengths = starts[order], lengths[order]
    strength = np.column_stack([unvoiced.astype(np.float32), found.strength])
    octave = np.column_stack([np.zeros(len(unvoiced), np.float32), np.log2(found.hz) * np.float32(costs.octave_jump)])
    choice = _search(starts, lengths, strength, octave, costs.voiced_unvoiced)
    chosen = found.hz[np.arange(len(choice)), np.maximum(choice, 1) - 1]
    return np.where(choice > 0, chosen, 0)


def _search(starts: Ints, lengths: Ints, strength: Floats, octave: Floats, switch: float) -> Ints:
    """Index of the chosen candidate of every frame (0 = unvoiced). Longest stretch first in `starts`."""
    back = np.zeros(strength.shape, np.int8)
    choice = np.zeros(len(strength), np.intp)
    edge = np.full(strength.shape[1], switch, np.float32)
    edge[0] = 0
    score = strength[starts] - edge
    ends = np.zeros(len(starts), np.intp)
    for step in range(1, int(lengths.max()) + 1):
        active = int(np.searchsorted(-lengths, -step, side="left"))
        ends[active : len(score)] = np.argmax(score[active:] - edge, axis=1)
        if not active:
            break
        at = starts[:active] + step
        score, back[at] = _step(score[:active], octave[at - 1], octave[at], strength[at], switch)
    last = starts + lengths - 1
    _trace(last, lengths, ends, back, choice)
    return choice


def _step(score: Floats, before: Floats, now: Floats, strength: Floats, switch: float) -> tuple[Floats, Ints]:
    cost = np.abs(before[:, :, None] - now[:, None, :])
    cost[:, 0, 1:] = switch
    cost[:, 1:, 0] = switch
    total = score[:, :, None] - cost
    best = total.argmax(axis=1)
    return np.take_along_axis(total, best[:, None], axis=1)[:, 0] + strength, best


def _trace(last: Ints, lengths: Ints, ends: Ints, back: Ints, choice: Ints) -> None:
    state = ends
    for step in range(int(lengths.max())):
        active = int(np.searchsorted(-lengths, -step, side="left"))
        at = last[:active] - step
        choice[at] = state = state[:active]
        state = back[at, state]
