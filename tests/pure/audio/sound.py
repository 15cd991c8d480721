"""Sound made for tests: syllables that a voice detector takes for speech, with pitch and times known to the sample."""

from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import lfilter

RATE = 16_000
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (530, 1840, 2480), (300, 870, 2240))
"""the first three formants of a, i, o, e, u"""
SYLLABLE_S = 0.2
Pitch = Callable[[np.ndarray], np.ndarray]


def steady(hz: float) -> Pitch:
    return lambda t: np.full_like(t, hz)


def glide(start_hz: float, end_hz: float) -> Pitch:
    """From one pitch to another, straight in semitones."""
    return lambda t: start_hz * (end_hz / start_hz) ** (t / max(t[-1], 1e-9))


def lively(hz: float, semitones: float) -> Pitch:
    """A pitch that swings as a sine; its spread (SD) is so many semitones."""
    return lambda t: hz * 2 ** (semitones * np.sqrt(2) * np.sin(2 * np.pi * 0.9 * t) / 12)


def pulses(seconds: float, pitch: Pitch, rate: int = RATE) -> np.ndarray:
    """A buzz of harmonics with exactly this pitch."""
    t = np.arange(round(seconds * rate)) / rate
    hz = pitch(t)
    phase = 2 * np.pi * np.cumsum(hz) / rate
    loudest = int(min(40, 0.45 * rate / hz.max()))
    return sum((np.sin(n * phase) / n for n in range(1, loudest + 1)), np.zeros_like(t))


def speech(seconds: float, *, pitch: Pitch | None = None, level: float = 0.25, rate: int = RATE) -> np.ndarray:
    """Syllables of vowels one after the other, audible from the first sample to the last."""
    buzz = pulses(seconds, pitch or lively(140, 2.0), rate)
    voice = np.zeros_like(buzz)
    step = round(SYLLABLE_S * rate)
    for start, formants in zip(range(0, len(buzz), step), cycle(VOWELS)):
        voice[start : start + step] = resonated(buzz[start : start + step], formants, rate)
    rhythm = 0.55 - 0.45 * np.cos(2 * np.pi * np.arange(len(buzz)) / step)
    voice *= rhythm / np.abs(voice * rhythm).max() * level
    return voice.astype(np.float32)


def resonated(buzz: np.ndarray, formants: Sequence[int], rate: int) -> np.ndarray:
    for hz in formants:
        radius, angle = np.exp(-np.pi * 80 / rate), 2 * np.pi * hz / rate
        buzz = lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], buzz)
    return buzz


def room(seconds: float, *, level: float = 2e-4, seed: int = 1, rate: int = RATE) -> np.ndarray:
    """The hiss of a quiet line."""
    return np.random.default_rng(seed).normal(0, level, round(seconds * rate)).astype(np.float32)


def track(
    seconds: float, spoken: Sequence[tuple[int, int]], *, seed: int = 1, rate: int = RATE, pitch: Pitch | None = None
) -> np.ndarray:
    """A track on which somebody speaks during these intervals (ms)."""
    samples = room(seconds, seed=seed, rate=rate)
    for start, end in spoken:
        said = speech((end - start) / 1000, rate=rate, pitch=pitch)
        at = start * rate // 1000
        samples[at : at + len(said)] += said[: len(samples) - at]
    return samples


def write(path: Path, *tracks: np.ndarray, rate: int = RATE, **options: str) -> Path:
    """The tracks as channels of one file."""
    soundfile.write(path, np.stack(tracks, axis=1), rate, **options)
    return path
