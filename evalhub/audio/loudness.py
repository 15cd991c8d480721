"""Loudness of speech after ITU-R BS.1770-4 and EBU Tech 3342, block by block. The door to pyloudnorm.

pyloudnorm gives the K-weighting filters for any sample rate; the gating is done here, because a two-hour call must not
lie in memory whole.
"""

from __future__ import annotations

import numpy as np

from evalhub.audio.arrays import Floats

HOP_S = 0.1
BLOCK_HOPS = 4
SHORT_TERM_HOPS = 30
ABSOLUTE_GATE = -70.0
RELATIVE_GATE, RANGE_GATE = -10.0, -20.0
RANGE_PERCENTILES = (10, 95)


class LoudnessMeter:
    """K-weighted energy of each channel in steps of 100 ms, from native blocks (channels, samples)."""

    def __init__(self, rate: int, channels: int) -> None:
        self.filter = _k_weighting(rate)
        self._state = np.zeros((len(self.filter), channels, 2))
        self._hop = round(rate * HOP_S)
        self._rest = np.zeros((channels, 0))
        self._energies: list[Floats] = []

    def feed(self, block: Floats) -> None:
        """Take the next samples."""
        from scipy.signal import sosfilt

        weighted, self._state = sosfilt(self.filter, block, axis=1, zi=self._state)
        weighted = np.concatenate([self._rest, weighted], axis=1)
        whole = weighted.shape[1] // self._hop * self._hop
        steps = weighted[:, :whole].reshape(len(weighted), -1, self._hop)
        self._energies.append(np.einsum("cts,cts->ct", steps, steps) / self._hop)
        self._rest = weighted[:, whole:].copy()

    def finish(self) -> Floats:
        """Mean square per channel and 100 ms: (channels, steps)."""
        return np.concatenate([np.zeros((len(self._rest), 0)), *self._energies], axis=1)


def integrated(energies: Floats) -> float | None:
    """LUFS of one channel from its 100-ms energies; None where nothing is above the gate (or under 400 ms of sound)."""
    blocks = _moving_mean(energies, BLOCK_HOPS)
    loud = blocks[lufs(blocks) >= ABSOLUTE_GATE]
    if not loud.size:
        return None
    loud = loud[lufs(loud) > lufs(loud.mean()) + RELATIVE_GATE]
    return float(lufs(loud.mean()))


def loudness_range(energies: Floats) -> float | None:
    """LU between the quiet and the loud parts (P10 to P95 of 3-s loudness); None for under 3 s of sound."""
    short_term = _moving_mean(energies, SHORT_TERM_HOPS)
    loud = short_term[lufs(short_term) >= ABSOLUTE_GATE]
    if not loud.size:
        return None
    loud = loud[lufs(loud) >= lufs(loud.mean()) + RANGE_GATE]
    low, high = np.percentile(lufs(loud), RANGE_PERCENTILES)
    return float(high - low)


def _moving_mean(values: Floats, width: int) -> Floats:
    if len(values) < width:
        return values[:0]
    mean: Floats = np.lib.stride_tricks.sliding_window_view(values, width).mean(axis=1)
    return mean


def lufs(energy: Floats) -> Floats:
    """K-weighted mean square as LUFS."""
    level: Floats = -0.691 + 10 * np.log10(np.maximum(energy, 1e-15))
    return level


def _k_weighting(rate: int) -> Floats:
    """The two filters of the recommendation as second-order sections, fitted to this rate."""
    from pyloudnorm import IIRfilter

    shelf = IIRfilter(3.99984385397, 0.7071752369554193, 1681.9744509555319, rate, "high_shelf_DeMan")
    high_pass = IIRfilter(0.0, 0.5003270373253953, 38.13547087613982, rate, "high_pass_DeMan")
    return np.array([[*stage.b, *stage.a] for stage in (shelf, high_pass)])
