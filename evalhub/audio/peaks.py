"""The waveform as the page draws it: unsigned 8-bit absolute peaks, 50 a second, channel after channel."""

from __future__ import annotations

import numpy as np

from evalhub.audio.arrays import Floats
from evalhub.audio.levels import SLOTS_PER_S

PEAKS_PER_S = 50


def drawn(peaks: Floats) -> bytes:
    """Peaks per channel and 10-ms slot (channels, slots) as the bytes to store; 255 is full scale."""
    step = SLOTS_PER_S // PEAKS_PER_S
    padded = np.pad(peaks, ((0, 0), (0, -peaks.shape[1] % step)))
    highest = padded.reshape(len(peaks), -1, step).max(axis=2)
    drawing: bytes = np.rint(np.minimum(highest, 1.0) * 255).astype(np.uint8).tobytes()
    return drawing
