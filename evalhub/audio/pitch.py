"""Pitch of speech: an own, vectorised autocorrelation tracker.

Written from P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of
a sampled sound" (IFA Proceedings 17, 1993): each frame's autocorrelation is divided by that of its window, its maxima
become candidates, and the cheapest path through candidates and "unvoiced" (costs for octave jumps and for switching
voicing) decides. Audio comes in blocks; a frame too quiet to be voiced under any path is never transformed.

The path is decided every ten minutes, so that hours of candidates never lie in memory: what is silent is told from the
loudest sample up to then, in a shorter recording from the loudest of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from evalhub.audio.arrays import Floats, Ints
from evalhub.audio.pitch_path import Candidates, PathCosts, beginnings, best_path

HOP_S = 0.010
PERIODS_PER_WINDOW = 3
SINC_TAPS, SINC_STEPS, SINC_REACH = 10, 64, 1.0
REFINE_BY = 0.25
FRAMES_AT_ONCE = 128
"""what stays in the processor's cache: more at once takes longer"""
DECIDED_AFTER = 60_000
"""frames: ten minutes"""


@dataclass(frozen=True, kw_only=True)
class PitchPolicy:
    """The parameters of the paper, with its defaults; part of what a pitch metric is computed with."""

    floor_hz: float = 75.0
    ceiling_hz: float = 500.0
    voicing_threshold: float = 0.45
    silence_threshold: float = 0.03
    octave_cost: float = 0.01
    octave_jump_cost: float = 0.35
    voiced_unvoiced_cost: float = 0.14
    candidates: int = 6


@dataclass(frozen=True)
class Peaks:
    """Maxima of autocorrelations: of which frame, at which lag in samples, what lies around, how loud the frame is."""

    frame: Ints
    lag: Ints
    around: Floats
    level: Floats

    @classmethod
    def joined(cls, parts: list[Peaks]) -> Peaks:
        """Those of consecutive frames as one."""
        columns = zip(*((one.frame, one.lag, one.around, one.level) for one in parts), strict=True)
        return cls(*map(np.concatenate, columns))


class PitchTracker:
    """F0 of one channel: `feed(samples)` any number of times, then `finish()`; each returns what it decides.

    Put together, that is Hz per 10-ms slot, 0 where unvoiced; slot k is centred at 10k ms.
    """

    def __init__(self, rate: int, policy: PitchPolicy = PitchPolicy()) -> None:
        from scipy import fft

        self.rate, self.policy = rate, policy
        self.hop = round(HOP_S * rate)
        self.size = round(PERIODS_PER_WINDOW * rate / policy.floor_hz)
        self._half_period = round(rate / policy.floor_hz / 2)
        self._lags = np.arange(int(rate / policy.ceiling_hz), int(rate / policy.floor_hz) + 2)
        self._window = np.hanning(self.size + 2)[1:-1].astype(np.float32)
        self.fft_size = fft.next_fast_len(int(self.size * 1.5), real=True)
        window_ac = self._autocorrelation(self._window[None])[0]
        self._per_window_ac = window_ac[0] / window_ac
        self._rest: Floats = np.zeros(self.size // 2, np.float32)
        self._frames, self._decided = 0, 0
        self._peak = 0.0
        self._found: list[Candidates] = []

    def feed(self, samples: Floats) -> Floats:
        """Take the next samples (float32, one channel)."""
        buffer = np.concatenate([self._rest, samples])
        loudness = np.abs(buffer)
        self._peak = max(self._peak, float(loudness.max(initial=0.0)))
        count = max(0, (len(buffer) - self.size) // self.hop + 1)
        if count:
            self._analyse(sliding_window_view(buffer, self.size)[:: self.hop][:count], self._levels(loudness, count))
        self._rest = buffer[count * self.hop :].copy()
        self._frames += count
        return self._decide(self._settled())

    def finish(self) -> Floats:
        """Everything that is left."""
        return np.concatenate([self.feed(np.zeros(self.size, np.float32)), self._decide(self._frames)])

    def _settled(self) -> int:
        """Up to which frame to decide now: no stretch is cut that still goes on, unless it has for ten minutes."""
        if self._frames - self._decided < DECIDED_AFTER:
            return self._decided
        frame = np.concatenate([np.zeros(0, np.int32), *(one.frame for one in self._found)])
        goes_on = frame.size and frame[-1] == self._frames - 1
        begins = int(frame[beginnings(frame)[-1]]) if goes_on else self._frames
        return begins if begins > self._decided else self._frames

    def _decide(self, until: int) -> Floats:
        f0 = np.zeros(until - self._decided, np.float32)
        if f0.size and self._found:
            found = Candidates.joined(self._found)
            count = int(np.searchsorted(found.frame, until))
            now, later = found.part(0, count), found.part(count, len(found.frame))
            f0[now.frame - self._decided] = best_path(now, self._unvoiced_strength(now.level), self._costs())
            self._found = [later] if later.frame.size else []
        self._decided = until
        return f0

    def _costs(self) -> PathCosts:
        return PathCosts(self.policy.octave_jump_cost, self.policy.voiced_unvoiced_cost)

    def _levels(self, loudness: Floats, count: int) -> Floats:
        """The absolute peak in the middle period of each frame."""
        first = self.size // 2 - self._half_period
        begins = np.arange(count) * self.hop + first
        edges = np.column_stack([begins, begins + 2 * self._half_period])
        levels: Floats = np.maximum.reduceat(loudness, edges.ravel())[::2]  # every other is of what lies between
        return levels

    def _unvoiced_strength(self, level: Floats) -> Floats:
        policy = self.policy
        quiet = policy.silence_threshold / (1 + policy.voicing_threshold)
        loudness = level / max(self._peak, 1e-9) / quiet
        strength: Floats = policy.voicing_threshold + np.maximum(0.0, 2.0 - loudness)
        return strength

    def _analyse(self, frames: Floats, level: Floats) -> None:
        alive = np.flatnonzero(self._unvoiced_strength(level) < 1 + self.policy.voicing_threshold)
        batches = [alive[at : at + FRAMES_AT_ONCE] for at in range(0, len(alive), FRAMES_AT_ONCE)]
        peaks = [self._peaks(frames[batch], batch + self._frames, level[batch]) for batch in batches]
        if any(one.frame.size for one in peaks):
            self._found.append(self._candidates(Peaks.joined(peaks)))

    def _candidates(self, peaks: Peaks) -> Candidates:
        shift, strength = _refined(peaks.around)
        strength = np.where(strength > 1, 1 / strength, strength)
        hz = self.rate / (peaks.lag + shift)
        strength -= self.policy.octave_cost * np.log2(self.policy.ceiling_hz / hz)
        return Candidates.strongest(peaks.frame, hz, strength, peaks.level, self.policy.candidates)

    def _peaks(self, samples: Floats, frame: Ints, level: Floats) -> Peaks:
        """The maxima of the autocorrelation of these frames, of shape (frames, size); their samples are used up."""
        samples -= np.add.reduce(samples, axis=1, keepdims=True) / samples.shape[1]  # half the time of mean()
        samples *= self._window
        r = self._autocorrelation(samples) * self._per_window_ac
        height = np.maximum(r[:, :1], 1e-12)
        low, high = self._lags[0], self._lags[-1]
        rises = r[:, low : high + 2] > r[:, low - 1 : high + 1]
        is_peak = rises[:, :-1] > rises[:, 1:]
        is_peak &= r[:, low : high + 1] > self.policy.voicing_threshold / 2 * height
        row, lag = np.divmod(np.flatnonzero(is_peak), is_peak.shape[1])
        lag += low
        around = sliding_window_view(r.ravel(), 2 * SINC_TAPS + 1)[row * r.shape[1] + lag - SINC_TAPS]
        return Peaks(frame[row], lag, around / height[row], level[row])

    def _autocorrelation(self, frames: Floats) -> Floats:
        from scipy import fft

        spectrum = fft.rfft(frames, self.fft_size, axis=1)
        power = np.multiply(spectrum, spectrum.conj(), out=spectrum)
        r: Floats = fft.irfft(power, self.fft_size, axis=1)[:, : self._lags[-1] + SINC_TAPS + 1]
        return r


def _sinc_table() -> Floats:
    """Weights of the samples around a maximum, for fractions of a sample up to SINC_REACH: windowed sinc."""
    fractions = np.linspace(-SINC_REACH, SINC_REACH, round(2 * SINC_REACH * SINC_STEPS) + 1)[:, None]
    distance = np.arange(-SINC_TAPS, SINC_TAPS + 1)[None] - fractions
    taper = 0.5 + 0.5 * np.cos(np.pi * distance / (SINC_TAPS + 1 + SINC_REACH))
    table: Floats = (np.sinc(distance) * taper).astype(np.float32)
    return table


SINC = _sinc_table()


def _refined(around: Floats) -> tuple[Floats, Floats]:
    """Where maxima really lie between the samples of the autocorrelation, in samples, and how high they are there."""
    before, at, after = around[:, SINC_TAPS - 1], around[:, SINC_TAPS], around[:, SINC_TAPS + 1]
    shift = np.rint(0.5 * (after - before) / (2 * at - before - after) * SINC_STEPS) / SINC_STEPS
    before, at, after = (_between(around, shift + step) for step in (-REFINE_BY, 0.0, REFINE_BY))
    bend = 2 * at - before - after
    step = np.where(bend > 0, 0.5 * (after - before) / np.maximum(bend, 1e-9), 0).clip(-1, 1)
    return shift + step * REFINE_BY, at + 0.25 * (after - before) * step


def _between(around: Floats, shift: Floats) -> Floats:
    weights = SINC.take(np.rint((shift + SINC_REACH) * SINC_STEPS).astype(np.intp), axis=0)
    value: Floats = np.einsum("ij,ij->i", around, weights)
    return value
