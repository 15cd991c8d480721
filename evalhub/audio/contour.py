"""Pitch and loudness as the page draws them: a byte for each 50-ms slot, channel after channel, pitch before loudness.

Pitch: 0 where nothing is voiced, else 1 + quarter semitones above 50 Hz. Loudness: a third of a LU above -70 LUFS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from evalhub.audio.arrays import Floats
    from evalhub.audio.track_sound import TrackSound

CONTOUR_PER_S = 20
FLOOR_HZ, STEPS_PER_OCTAVE = 50.0, 48
FLOOR_LUFS, STEPS_PER_LU = -70.0, 3
PITCH_SLOTS = 5
"""slots of 10 ms in one of 50 ms"""
FEWEST_VOICED = 2
ENERGY_SLOTS = 2
"""slots of 50 ms in one of 100 ms"""


class Contour(NamedTuple):
    """The curves of one channel."""

    pitch: bytes
    loudness: bytes


def drawn(sound: TrackSound) -> bytes:
    """What is stored of one channel: its curves, both of one length."""
    return _pitch(sound) + _loudness(sound)


def curves(contour: bytes, channels: int) -> list[Contour]:
    """The curves of each channel, as they were stored."""
    each = len(contour) // (2 * channels)
    parts = [contour[at : at + each] for at in range(0, each * 2 * channels, each or 1)]
    return [Contour(pitch, loudness) for pitch, loudness in zip(parts[::2], parts[1::2], strict=True)]


def _slots(sound: TrackSound) -> int:
    return -(-len(sound.peaks) // PITCH_SLOTS)


def _pitch(sound: TrackSound) -> bytes:
    import numpy as np

    whole = _slots(sound) * PITCH_SLOTS
    f0 = np.where(sound.speaking, sound.f0, 0)[:whole]
    slots = np.pad(f0, (0, whole - len(f0))).reshape(-1, PITCH_SLOTS)
    voiced = (slots > 0).sum(axis=1)
    lowest_first = np.sort(np.where(slots > 0, slots, np.inf), axis=1)
    middle = lowest_first[np.arange(len(slots)), np.maximum(voiced - 1, 0) // 2]
    hz = np.where(voiced >= FEWEST_VOICED, middle, FLOOR_HZ)
    steps = 1 + np.rint(STEPS_PER_OCTAVE * np.log2(np.maximum(hz, FLOOR_HZ) / FLOOR_HZ))
    return _bytes(np.where(voiced >= FEWEST_VOICED, steps, 0))


def _loudness(sound: TrackSound) -> bytes:
    import numpy as np

    from evalhub.audio.loudness import lufs

    steps = (lufs(sound.energies) - FLOOR_LUFS) * STEPS_PER_LU
    slots = _slots(sound)
    fitted = np.repeat(steps, ENERGY_SLOTS)[:slots]
    return _bytes(np.pad(fitted, (0, slots - len(fitted))))


def _bytes(values: Floats) -> bytes:
    import numpy as np

    packed: bytes = np.clip(np.rint(values), 0, 255).astype(np.uint8).tobytes()
    return packed
