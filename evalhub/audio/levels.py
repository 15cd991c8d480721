"""What the raw samples of a recording say, block by block: peaks, clipping, DC, whether two channels are one."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from evalhub.audio.arrays import Bools, Floats, Ints

SLOTS_PER_S = 100
"""one slot of the common grid is 10 ms; slot k covers 10k to 10k+10 ms"""
CLIPPED = 0.999
CLIPPED_RUN = 3
SMALLEST_DC = 0.005
"""a smaller offset is taken as none: lopsided speech looks like one"""


class Levels:
    """Running measurements over native blocks of shape (channels, samples)."""

    def __init__(self, rate: int, channels: int, *, full_scale: float = 1.0) -> None:
        self.rate = rate
        self.samples = 0
        self.clipped: Ints = np.zeros(channels, np.int64)
        self.first_clipped: list[int | None] = [None] * channels
        self._clip_level = CLIPPED * full_scale
        self._products = np.zeros((channels, channels))
        self._highest: list[Floats] = []
        self._lowest: list[Floats] = []

    def feed(self, block: Floats) -> None:
        """Take the next block. All blocks but the last hold whole seconds."""
        starts = self._slot_starts(block.shape[1])
        highest, lowest = np.maximum.reduceat(block, starts, axis=1), np.minimum.reduceat(block, starts, axis=1)
        self._highest.append(highest)
        self._lowest.append(lowest)
        self._products += np.einsum("it,jt->ij", block, block)
        if max(highest.max(), -lowest.min()) >= self._clip_level:
            self._count_clipped(np.abs(block) >= self._clip_level)
        self.samples += block.shape[1]

    def _slot_starts(self, length: int) -> Ints:
        slots = -(-length * SLOTS_PER_S // self.rate)
        starts = (np.arange(slots) * self.rate) // SLOTS_PER_S
        return starts[starts < length]

    def _count_clipped(self, high: Bools) -> None:
        for channel in np.flatnonzero(high.any(axis=1)):
            runs = in_runs(high[channel], CLIPPED_RUN)
            self.clipped[channel] += int(runs.sum())
            if self.first_clipped[channel] is None and runs.any():
                self.first_clipped[channel] = round((self.samples + int(runs.argmax())) * 1000 / self.rate)

    @property
    def peaks(self) -> Floats:
        """Absolute peak around the channel's offset, per channel and 10-ms slot: (channels, slots)."""
        return self._settled[0]

    @property
    def dc(self) -> Floats:
        """Constant offset of each channel."""
        return self._settled[1]

    @cached_property
    def _settled(self) -> tuple[Floats, Floats]:
        """Peaks and offsets, once everything is fed; what they are made of is let go."""
        nothing = np.zeros((len(self.clipped), 0), np.float32)
        highest, lowest = (np.concatenate([nothing, *blocks], axis=1) for blocks in (self._highest, self._lowest))
        self._highest, self._lowest = [], []
        if not highest.size:
            return nothing, np.zeros(len(nothing), np.float32)
        middle = _offset(highest, lowest)[:, None]
        highest -= middle
        lowest -= middle
        return np.maximum(highest, -lowest, out=highest), middle[:, 0]

    def block_dc(self) -> Floats:
        """Constant offset of each channel in the block fed last."""
        return _offset(self._highest[-1], self._lowest[-1])

    @property
    def correlation(self) -> float | None:
        """How alike the first two channels are, -1 to 1 (1 = the same sound); None where one of them is empty."""
        if len(self._products) < 2 or self._products[0, 0] <= 0 or self._products[1, 1] <= 0:
            return None
        return float(self._products[0, 1] / np.sqrt(self._products[0, 0] * self._products[1, 1]))


def _offset(highest: Floats, lowest: Floats) -> Floats:
    """Where the quietest tenth of the slots lies: speech is lopsided, silence shows the offset itself."""
    tenth = highest.shape[1] // 10
    quiet = np.argpartition(highest - lowest, tenth, axis=1)[:, : tenth + 1]
    middles = np.sort(np.take_along_axis(highest + lowest, quiet, axis=1), axis=1) / 2
    middle = middles[:, tenth // 2]
    return np.where(np.abs(middle) < SMALLEST_DC, 0, middle).astype(np.float32)


def in_runs(mask: Bools, shortest: int) -> Bools:
    """Where `mask` holds for at least `shortest` samples in a row."""
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    kept = np.zeros(len(mask), bool)
    for start, end in edges.reshape(-1, 2):
        kept[start:end] = end - start >= shortest
    return kept


def runs(mask: Bools) -> Ints:
    """The stretches where `mask` holds, as rows (start, end)."""
    return np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
