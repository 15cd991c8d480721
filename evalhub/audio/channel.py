"""The meters of one channel that hear speech, fed together: voice activity, pitch, and powers where pitch is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evalhub.audio.arrays import Floats
from evalhub.audio.features import Powers, SpectralMeter
from evalhub.audio.pitch import PitchTracker
from evalhub.audio.voiced import VoiceDetector


class ChannelSound(NamedTuple):
    """Speech probability per 32 ms; pitch and powers per 10-ms slot."""

    probabilities: Floats
    f0: Floats
    powers: Powers


class ChannelMeter:
    """One channel, fed with samples at 8 or 16 kHz."""

    def __init__(self, rate: int) -> None:
        self._voice, self._pitch, self._spectra = VoiceDetector(rate), PitchTracker(rate), SpectralMeter(rate)
        self._f0: list[Floats] = []

    def feed(self, samples: Floats) -> None:
        """Take the next samples."""
        self._voice.feed(samples)
        self._spectra.feed(samples)
        self._f0.append(self._pitch.feed(samples))
        self._spectra.settle(self._f0[-1] > 0)

    def finish(self, slots: int) -> ChannelSound:
        """What was heard, in so many slots. The meter is used up."""
        last = self._pitch.finish()
        f0, self._f0 = np.concatenate([*self._f0, last]), []
        powers = self._spectra.finish(last > 0)
        return ChannelSound(self._voice.finish(), _fitted(f0, slots), powers.fitted(slots))


def _fitted(values: Floats, slots: int) -> Floats:
    """Exactly so many slots."""
    missing = slots - len(values)
    return np.pad(values, (0, missing)) if missing > 0 else values[:slots]
