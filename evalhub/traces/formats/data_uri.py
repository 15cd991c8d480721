"""Sound inside `data:` URIs, which senders cut: no whole base64, no whole WAV, but its header tells the length."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass

DATA = "data:audio/"
HEADER = 44
"""bytes of a plain WAV header: RIFF, format, data"""
PCM16 = (1, 1, 16)
"""format, channels, bits: the one shape that senders of speech use"""
STREAMED = (0, 2**32 - 1)
"""sizes that a header has whose writer did not know the length"""


@dataclass(frozen=True)
class Clip:
    """16-bit mono samples, their rate, and how long the sound was before it was cut."""

    samples: bytes
    rate: int
    whole_ms: float

    @property
    def is_cut(self) -> bool:
        return len(self.samples) / (2 * self.rate) * 1000 < self.whole_ms - 1


def clip_of(uri: object) -> Clip | None:
    """The sound in a data URI; None where it is another address, or no mono 16-bit WAV."""
    if not isinstance(uri, str) or not uri.startswith(DATA) or ";base64," not in uri:
        return None
    text = uri.partition(";base64,")[2].rstrip(".…")
    try:
        data = base64.b64decode(text[: len(text) // 4 * 4])
    except ValueError:  # also letters that are none of base64's
        return None
    return _wav(data)


def _wav(data: bytes) -> Clip | None:
    if len(data) < HEADER or data[:4] != b"RIFF" or data[8:16] != b"WAVEfmt " or data[36:40] != b"data":
        return None
    form, channels, rate, _, _, bits = struct.unpack("<HHIIHH", data[20:36])
    size = struct.unpack("<I", data[40:44])[0]
    if (form, channels, bits) != PCM16 or not rate:
        return None
    if size in STREAMED:
        size = len(data) - HEADER
    samples = data[HEADER : HEADER + size]
    return Clip(samples[: len(samples) // 2 * 2], rate, size / (2 * rate) * 1000)
