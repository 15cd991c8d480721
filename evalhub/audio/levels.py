"""What the raw samples of a recording say, block by block: peaks, clipping, DC, whether two channels are one."""

from __future__ import annotations

import numpy as np

from evalhub.audio.arrays import Bools, Floats, Ints
from evalhub.audio.aside import Aside

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
        self._extremes = [Aside(2, np.float32) for _ in range(channels)]
        self.block_dc: Floats = np.zeros(channels, np.float32)
        """constant offset of each channel in the block fed last"""

    def feed(self, block: Floats) -> None:
        """Take the next block. All blocks but the last hold whole seconds."""
        starts = self._slot_starts(block.shape[1])
        highest, lowest = np.maximum.reduceat(block, starts, axis=1), np.minimum.reduceat(block, starts, axis=1)
        for aside, *extremes in zip(self._extremes, highest, lowest, strict=True):
            aside.add(np.column_stack(extremes))
        self.block_dc = _offset(highest, lowest)
        around = block - self.block_dc[:, None] if self.block_dc.any() else block  # an offset of both is no likeness
        self._products += np.einsum("it,jt->ij", around, around)
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

    def peaks(self, channel: int) -> tuple[Floats, float]:
        """Absolute peak around the channel's offset per 10-ms slot, and that offset, once everything is fed."""
        highest, lowest = self._extremes[channel].rows().T.copy()
        if not highest.size:
            return highest, 0.0
        middle = _offset(highest[None], lowest[None])
        highest -= middle
        lowest -= middle
        return np.maximum(highest, -lowest, out=highest), float(middle[0])

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
