"""What one pass over a file collected about one channel, whole and cut to an utterance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalhub.audio.arrays import Bools, Floats, Ints
from evalhub.audio.dead import Dead, dead_stretches
from evalhub.audio.features import Powers, decibels
from evalhub.audio.intervals import Interval, union
from evalhub.audio.middle import median
from evalhub.audio.syllables import syllable_nuclei

SLOT_MS = 10
UTTERANCE_GAP_MS, PAUSE_MS = 500, 250
FEWEST_VOICED = 20
"""slots of pitch below which nothing is said about it: 200 ms"""
OCTAVE_ST = 12.0


@dataclass(kw_only=True)
class TrackSound:
    """Arrays are per 10-ms slot, energies per 100 ms."""

    voiced: list[Interval]
    peaks: Floats
    f0: Floats
    powers: Powers
    energies: Floats
    clipped: int
    samples: int

    @cached_property
    def speaking(self) -> Bools:
        """Slots inside voiced intervals."""
        mask = np.zeros(len(self.f0), bool)
        for start, end in self.voiced:
            mask[start // SLOT_MS : end // SLOT_MS] = True
        return mask

    @cached_property
    def speech(self) -> list[Interval]:
        """Voiced intervals with what is too short for a pause closed."""
        return union(self.voiced, gap_ms=PAUSE_MS - 1)

    @cached_property
    def dead(self) -> list[Dead]:
        """Suspicious stretches of digital silence."""
        return dead_stretches(self.peaks, self.voiced)

    @cached_property
    def nuclei(self) -> Ints:
        """Slots of syllable nuclei."""
        return syllable_nuclei(self.powers.level("syllable"), self.f0, self.speaking)

    @cached_property
    def has_pitch(self) -> Ints:
        """Slots that have a pitch, in a voiced interval or not."""
        return np.flatnonzero(self.f0)


def semitones(f0: Floats) -> Floats:
    """Voiced pitch in semitones around its median; slots over an octave away are tracking errors and left out."""
    voiced = f0[f0 > 0]
    if not voiced.size:
        return voiced
    away = 12 * np.log2(voiced / median(voiced))
    kept: Floats = away[np.abs(away) <= OCTAVE_ST]
    return kept


@dataclass(frozen=True)
class Sung:
    """The voiced slots of a stretch of a track: which, and their place among all that have a pitch."""

    sound: TrackSound
    slots: Ints
    places: Ints

    @classmethod
    def of(cls, sound: TrackSound, stretch: Interval | None = None) -> Sung:
        """Those of a track from `stretch`'s start to its end in ms, or of the whole."""
        start, end = (0, len(sound.f0)) if stretch is None else (stretch[0] // SLOT_MS, stretch[1] // SLOT_MS)
        places = np.arange(*np.searchsorted(sound.has_pitch, [start, end]))
        places = places[sound.speaking[sound.has_pitch[places]]]
        return cls(sound, sound.has_pitch[places], places)

    @property
    def f0(self) -> Floats:
        """Their pitch in Hz."""
        return self.sound.f0[self.slots]

    def power(self, colour: str) -> Floats:
        """Their power in bands: `low`, `high` or `timbre`."""
        return self.sound.powers.colour(colour, self.places)

    def colour(self) -> dict[str, float | None]:
        """How its level varies (SD), and its power above over below 1 kHz, both in dB."""
        low, high = self.power("low").sum(), self.power("high").sum()
        level = decibels(self.sound.powers.level("rms", self.slots))
        return {
            "level_sd_db": rounded(float(level.std()), 2) if level.size else None,
            "spectral_balance_db": rounded(float(10 * np.log10(high / low)), 2) if low > 0 and high > 0 else None,
        }


def rounded(value: float | None, digits: int) -> float | None:
    """A number as it is stored; None stays None."""
    return None if value is None else round(value, digits)
