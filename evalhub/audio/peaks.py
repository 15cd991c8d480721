"""The waveform as the page draws it: unsigned 8-bit absolute peaks, 50 a second, channel after channel."""

from __future__ import annotations

import numpy as np

from evalhub.audio.arrays import Floats
from evalhub.audio.levels import SLOTS_PER_S

PEAKS_PER_S = 50


def drawn(peaks: Floats) -> bytes:
    """Peaks of a channel per 10-ms slot as the bytes to store; 255 is full scale."""
    step = SLOTS_PER_S // PEAKS_PER_S
    padded = np.pad(peaks, (0, -len(peaks) % step))
    highest = padded.reshape(-1, step).max(axis=1)
    drawing: bytes = np.rint(np.minimum(highest, 1.0) * 255).astype(np.uint8).tobytes()
    return drawing
