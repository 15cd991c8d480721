"""Stretches of digital silence in a track, and which of them cannot be natural.

A microphone or a telephone line is never quite silent, and a voice fades: sound that stops within 30 ms at speaking
level, or a hole in a room's noise, was lost. Shorter than 200 ms it is a dropout, longer a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalhub.audio.arrays import Bools, Floats
from evalhub.audio.intervals import Interval
from evalhub.audio.levels import runs

SLOT_MS = 10
DEAD_PEAK = 1.5e-4
"""five steps of 16-bit audio: quieter is digital silence"""
SHORTEST_MS, DROPOUT_MS = 20, 200
EDGE_SLOTS, FADE_SLOTS = 3, 6
BELOW_SPEECH_DB = 20.0
HOLE_MS = 100
HOLES_AT_MOST = 0.3
"""a track that is dead for more of its pauses than this has no room noise: its pauses are digital silence"""
ROOM_PEAK, FEWEST_ROOM_SLOTS = 2.5 * DEAD_PEAK, 50
KEPT = 500


@dataclass(frozen=True)
class Dead:
    """A stretch of digital silence: whether sound broke off into it, came back abruptly, or it is a hole in noise."""

    start_ms: int
    end_ms: int
    breaks_off: bool
    comes_back: bool
    in_noise: bool

    @property
    def ms(self) -> int:
        return self.end_ms - self.start_ms

    @property
    def is_dropout(self) -> bool:
        return self.ms <= DROPOUT_MS and self.breaks_off and self.comes_back


def dead_stretches(peaks: Floats, voiced: list[Interval]) -> list[Dead]:
    """The suspicious stretches of one track, from its absolute peak per 10 ms."""
    speaking, near_speech = _speaking(len(peaks), voiced, 0), _speaking(len(peaks), voiced, EDGE_SLOTS)
    dead = ~sounding(peaks)
    if not speaking.any() or dead.all():
        return []
    heard = np.flatnonzero(~dead)
    dead[: heard[0]] = dead[heard[-1] :] = False
    loud = near_speech & (peaks > np.percentile(peaks[speaking], 75) * 10 ** (-BELOW_SPEECH_DB / 20))
    noisy = peaks > ROOM_PEAK if _has_room_noise(peaks, dead, speaking) else np.zeros(len(peaks), bool)
    found = [_stretch(int(a), int(b), loud, noisy) for a, b in runs(dead) if (b - a) * SLOT_MS >= SHORTEST_MS]
    return [one for one in found if one.breaks_off or one.comes_back or one.in_noise][:KEPT]


def sounding(peaks: Floats) -> Bools:
    """The slots of a channel that are not digital silence."""
    return peaks > DEAD_PEAK


def dead_in_all(channels: Sequence[Bools]) -> list[Interval]:
    """Stretches (ms) into which the sound of every channel of a file stops at once, and out of which all come back.

    A pause between synthesised voices is as silent, but begins where one of them stops: the other was silent before.
    """
    if len(channels) < 2:
        return []
    stretches = [(int(a), int(b)) for a, b in runs(~np.any(channels, axis=0)) if (b - a) * SLOT_MS > DROPOUT_MS]
    lost = [(a, b) for a, b in stretches if all(_any_near(sounds, a, b) for sounds in channels)]
    return [(a * SLOT_MS, b * SLOT_MS) for a, b in lost][:KEPT]


def _speaking(slots: int, voiced: list[Interval], around: int) -> Bools:
    mask = np.zeros(slots, bool)
    for start, end in voiced:
        mask[max(0, start // SLOT_MS - around) : end // SLOT_MS + around] = True
    return mask


def _has_room_noise(peaks: Floats, dead: Bools, speaking: Bools) -> bool:
    """Whether pauses hold a steady noise: then digital silence in them is a hole."""
    pauses = ~speaking
    room = peaks[pauses & ~dead]
    if len(room) < FEWEST_ROOM_SLOTS or float(dead[pauses].mean()) > HOLES_AT_MOST:
        return False
    return float(np.percentile(room, 10)) > ROOM_PEAK


def _any_near(noisy: Bools, start: int, end: int) -> bool:
    """Whether the noise is there right before and after; codecs take up to 60 ms to fall silent."""
    return bool(noisy[max(0, start - FADE_SLOTS) : start].any() and noisy[end : end + FADE_SLOTS].any())


def _stretch(start: int, end: int, loud: Bools, noisy: Bools) -> Dead:
    return Dead(
        start * SLOT_MS,
        end * SLOT_MS,
        breaks_off=bool(loud[max(0, start - EDGE_SLOTS) : start].any()),
        comes_back=bool(loud[end : end + EDGE_SLOTS].any()),
        in_noise=(end - start) * SLOT_MS >= HOLE_MS and _any_near(noisy, start, end),
    )
