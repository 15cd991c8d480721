"""The door to librosa: level and colour of a voice per 10 ms, block by block, by powers of short spectra.

Frames of 25 ms on the common grid: slot k is centred at 10k ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from evalhub.audio.arrays import Bools, Floats, Ints
from evalhub.audio.aside import Aside
from evalhub.audio.levels import SLOTS_PER_S

FRAME_S = 0.025
FRAMES_AT_ONCE = 250
"""what stays in the processor's cache"""
BANDS_HZ = {"syllable": (300, 3300), "low": (50, 1000), "high": (1000, 5000)}
ALL = slice(None)
TIMBRE_BANDS, TIMBRE_HZ = 16, (100.0, 3800.0)
"""mel bands that telephone sound has too, so that both rates give one timbre"""
FLOOR = 1e-10
"""power below which everything is silence: -100 dB"""
LEVELS = {"rms": 0, "syllable": 1}
COLOURS = {"low": 0, "high": 1}


@dataclass(frozen=True)
class Powers:
    """The level of every slot: `rms` (mean square of full scale) and `syllable` (a band of `BANDS_HZ`, relative); the
    colour of every voiced slot: the bands `low` and `high`, and `timbre` of shape (TIMBRE_BANDS, voiced slots), which
    is most of all and read an utterance at a time, so it is laid aside.

    Kept as their fourth roots in half precision: 0.01 dB fine from silence to any scale, and two bytes each.
    """

    levels: Floats
    colours: Floats
    timbres: Aside

    def level(self, name: str, slots: slice | Ints = ALL) -> Floats:
        """Of these slots."""
        return _powers(self.levels[LEVELS[name], slots])

    def colour(self, name: str, voiced: slice | Ints = ALL) -> Floats:
        """Of these of the voiced slots."""
        return _powers(self.timbres.rows(voiced).T if name == "timbre" else self.colours[COLOURS[name], voiced])

    def fitted(self, slots: int) -> Powers:
        """Exactly so many slots; silence where there are too few."""
        missing = max(0, slots - self.levels.shape[1])
        return Powers(np.pad(self.levels[:, :slots], [(0, 0), (0, missing)]), self.colours, self.timbres)


def _powers(roots: Floats) -> Floats:
    powers: Floats = roots.astype(np.float32)
    for _ in range(2):
        np.square(powers, out=powers)
    return powers


class SpectralMeter:
    """The powers of one channel, fed with samples at 8 or 16 kHz."""

    def __init__(self, rate: int) -> None:
        import librosa
        from scipy.sparse import csr_array

        frame, self.hop = round(rate * FRAME_S), rate // SLOTS_PER_S
        self.size = 1 << (frame - 1).bit_length()
        self._window = np.zeros(self.size, np.float32)
        begin = (self.size - frame) // 2
        self._window[begin : begin + frame] = np.hanning(frame + 1)[:-1]
        hertz = librosa.fft_frequencies(sr=rate, n_fft=self.size)
        inside = [(hertz >= low) & (hertz < high) for low, high in BANDS_HZ.values()]
        low, high = TIMBRE_HZ
        mel = librosa.filters.mel(sr=rate, n_fft=self.size, n_mels=TIMBRE_BANDS, fmin=low, fmax=high)
        self._bands = csr_array(np.concatenate([np.array(inside, np.float32), mel]))  # BLAS would wake its threads
        self._rest: Floats = np.zeros(self.size // 2, np.float32)
        self._new: list[Floats] = []
        self._levels: list[Floats] = []
        self._colours: list[Floats] = []
        self._timbres = Aside(TIMBRE_BANDS, np.float16)

    def feed(self, samples: Floats) -> None:
        """Take the next samples."""
        buffer = np.concatenate([self._rest, samples])
        count = max(0, (len(buffer) - self.size) // self.hop + 1)
        if count:
            frames = sliding_window_view(buffer, self.size)[:: self.hop][:count]
            self._new += [self._roots(frames[at : at + FRAMES_AT_ONCE]) for at in range(0, count, FRAMES_AT_ONCE)]
        self._rest = buffer[count * self.hop :].copy()

    def _roots(self, frames: Floats) -> Floats:
        from scipy import fft

        spectrum = fft.rfft(frames * self._window, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        whole = np.einsum("ij,ij->i", frames, frames) / self.size
        roots: Floats = np.sqrt(np.sqrt(np.concatenate([whole[None], self._bands @ power.T]))).astype(np.float16)
        return roots

    def settle(self, voiced: Bools) -> None:
        """Which of the next slots are voiced; of the others only their levels stay from now on."""
        if not len(voiced):
            return
        new = np.concatenate(self._new, axis=1)
        now, later = new[:, : len(voiced)], new[:, len(voiced) :]
        self._levels.append(now[: len(LEVELS)].copy())
        coloured = now[len(LEVELS) :, voiced[: now.shape[1]]]
        self._colours.append(coloured[: len(COLOURS)].copy())
        self._timbres.add(coloured[len(COLOURS) :].T)
        self._new = [later.copy()]

    def finish(self, voiced: Bools) -> Powers:
        """The powers of all slots, given which of those are voiced that were not settled. The meter is used up."""
        self.feed(np.zeros(self.size, np.float32))
        self.settle(voiced)
        return Powers(_joined(self._levels), _joined(self._colours), self._timbres)


def _joined(blocks: list[Floats]) -> Floats:
    """The blocks as one array; each is let go as soon as it is in, so that hours never lie in memory twice."""
    whole = np.empty((len(blocks[0]), sum(block.shape[1] for block in blocks)), blocks[0].dtype)
    at = whole.shape[1]
    while blocks:
        block = blocks.pop()
        at -= block.shape[1]
        whole[:, at : at + block.shape[1]] = block
    return whole


def decibels(power: Floats) -> Floats:
    """Power as dB, never below -100."""
    level: Floats = np.maximum(power, FLOOR)
    np.log10(level, out=level)
    level *= 10
    return level
