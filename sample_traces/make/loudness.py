"""Loudness after ITU-R BS.1770, enough of it for one short mono utterance."""

import numpy as np

SPEECH_LUFS = -21.8
"""of the spoken parts alone; a whole call, with the pauses between words, then lies at about -23 LUFS"""
SHELF = (
    np.array([1.53512485958697, -2.69169618940638, 1.19839281085285]),
    np.array([1, -1.69065929318241, 0.73248077421585]),
)
HIGH_PASS = (np.array([1.0, -2.0, 1.0]), np.array([1, -1.99004745483398, 0.99007225036621]))
"""the two filters of the K weighting, as the recommendation gives them for 48 kHz"""


def to_loudness(samples: np.ndarray, rate: int) -> np.ndarray:
    """The samples, scaled so that what is spoken (blocks within 10 LU of the mean) lies at one loudness."""
    return samples * np.float32(10 ** ((SPEECH_LUFS - loudness(samples, rate)) / 20))


def loudness(samples: np.ndarray, rate: int) -> float:
    weighted = k_weighted(samples, rate)
    block = rate // 10
    padded = np.pad(weighted, (0, -len(weighted) % block))
    power = (padded.reshape(-1, block) ** 2).mean(axis=1) + 1e-12
    heard = power[power > 1e-7]
    return float(-0.691 + 10 * np.log10(heard[heard > heard.mean() / 10].mean()))


def k_weighted(samples: np.ndarray, rate: int) -> np.ndarray:
    """Weighted in the frequency domain, so that the filters hold at any rate below 48 kHz."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(len(samples), 1 / rate) / 48_000)
    gain = np.ones_like(z)
    for over, under in (SHELF, HIGH_PASS):
        gain *= np.polyval(over[::-1], z) / np.polyval(under[::-1], z)
    return np.fft.irfft(np.fft.rfft(samples) * gain, n=len(samples))
