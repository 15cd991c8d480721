"""Sound as 16-bit samples: out of events, and laid into one track."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from evalhub.traces.formats.realtime import g711
from evalhub.traces.formats.realtime.settings import AudioFormat

LONGEST_S = 90 * 60
"""of a track; sessions of the API end after an hour"""


def samples(encoded: str | None, audio: AudioFormat) -> bytes:
    """16-bit little-endian samples of an event's audio; nothing where it is not base64."""
    try:
        data = base64.b64decode(encoded or "")
    except (binascii.Error, ValueError):
        return b""
    return data[: len(data) // 2 * 2] if audio.encoding == "pcm" else g711.decode(data, audio.encoding)


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples that begin at a moment (unix seconds)."""

    start: float
    data: bytes
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.data) / 2 / self.rate

    @property
    def end(self) -> float:
        return self.start + self.seconds


def track(pieces: list[Piece], origin: float) -> tuple[bytes, int, int] | None:
    """One stretch of samples from the first piece to the last, silence between.

    Returns:
        The samples, their rate, and where they begin, in ms from `origin`; None where there is no sound, or more of
        it than a session can hold.
    """
    if not pieces:
        return None
    rate, start = pieces[0].rate, min(piece.start for piece in pieces)
    length = max(piece.end for piece in pieces) - start
    if length > LONGEST_S or any(piece.rate != rate for piece in pieces):
        return None
    laid = bytearray(2 * (round(length * rate) + 1))
    for piece in pieces:
        at = 2 * round((piece.start - start) * rate)
        laid[at : at + len(piece.data)] = piece.data
    return bytes(laid[: 2 * round(length * rate)]), rate, round((start - origin) * 1000)
