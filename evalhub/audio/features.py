"""The door to librosa: level and colour of a voice per 10 ms, block by block.

Frames of 25 ms on the common grid: slot k is centred at 10k ms.
"""

from __future__ import annotations

import numpy as np

from evalhub.audio.arrays import Floats
from evalhub.audio.levels import SLOTS_PER_S

FRAME_S = 0.025
BANDS_HZ = {"low": (50, 1000), "high": (1000, 5000), "syllable": (300, 3300)}
TIMBRE_BANDS, TIMBRE_HZ = 16, (100.0, 3800.0)
"""mel bands that telephone sound has too, so that both rates give one timbre"""
FLOOR = 1e-10
"""power below which everything is silence: -100 dB"""


class SpectralMeter:
    """Power of one channel per slot: whole (RMS), in the bands of `BANDS_HZ`, and in mel bands for its timbre."""

    def __init__(self, rate: int) -> None:
        import librosa
        from scipy.sparse import csr_array

        self._frame, self._hop = round(rate * FRAME_S), rate // SLOTS_PER_S
        self._fft = 1 << (self._frame - 1).bit_length()
        hertz = librosa.fft_frequencies(sr=rate, n_fft=self._fft)
        inside = [(hertz >= low) & (hertz < high) for low, high in BANDS_HZ.values()]
        low, high = TIMBRE_HZ
        mel = librosa.filters.mel(sr=rate, n_fft=self._fft, n_mels=TIMBRE_BANDS, fmin=low, fmax=high)
        self._bands = csr_array(np.concatenate([np.array(inside, np.float32), mel]))  # BLAS would wake its threads
        self._rest: Floats = np.zeros(self._fft // 2, np.float32)
        self._found: list[Floats] = []

    def feed(self, samples: Floats) -> None:
        """Take the next samples."""
        buffer = np.concatenate([self._rest, samples])
        count = max(0, (len(buffer) - self._fft) // self._hop + 1)
        if count:
            self._found.append(self._powers(buffer[: (count - 1) * self._hop + self._fft]))
        self._rest = buffer[count * self._hop :]

    def _powers(self, samples: Floats) -> Floats:
        import librosa

        size, hop = self._fft, self._hop
        spectrum = librosa.stft(samples, n_fft=size, hop_length=hop, win_length=self._frame, center=False)
        power = spectrum.real**2 + spectrum.imag**2
        whole = librosa.feature.rms(y=samples, frame_length=size, hop_length=hop, center=False) ** 2
        powers: Floats = np.concatenate([whole, self._bands @ power])
        return powers

    def finish(self) -> dict[str, Floats]:
        """Power per slot: `rms` (mean square of full scale), each band of `BANDS_HZ` (relative), and the mel bands as
        `timbre`, of shape (TIMBRE_BANDS, slots)."""
        self.feed(np.zeros(self._fft, np.float32))
        powers = _joined(self._found)
        named = len(BANDS_HZ) + 1
        return dict(zip(("rms", *BANDS_HZ), powers[:named], strict=True)) | {"timbre": powers[named:]}


def _joined(blocks: list[Floats]) -> Floats:
    """The blocks as one array; each is let go as soon as it is in, so that hours never lie in memory twice."""
    whole = np.empty((len(blocks[0]), sum(block.shape[1] for block in blocks)), np.float32)
    at = whole.shape[1]
    while blocks:
        block = blocks.pop()
        at -= block.shape[1]
        whole[:, at : at + block.shape[1]] = block
    return whole


def decibels(power: Floats) -> Floats:
    """Power as dB, never below -100."""
    level: Floats = 10 * np.log10(np.maximum(power, FLOOR))
    return level
