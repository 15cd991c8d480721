"""Sound as 16-bit samples: out of events, and laid into one track."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from evalhub.recorders import g711
from evalhub.traces.formats.realtime.fields import amount, text
from evalhub.traces.formats.realtime.settings import AudioFormat

LONGEST_S = 90 * 60
"""of a track; sessions of the API end after an hour"""


Samples = bytes | range
"""16-bit little-endian samples; a range of the same length stands for sound that was left out of the log"""


def sound_in(event: dict[str, Any], field: str, audio: AudioFormat) -> Samples:
    """The samples of an event that holds sound, or says with `audio_ms` how long the sound was that it held.

    Nothing where it is not base64.
    """
    encoded, left_out = text(event, field), amount(event, "audio_ms")
    if encoded or left_out is None:
        return samples(encoded, audio)
    return range(2 * round(min(left_out / 1000, LONGEST_S) * audio.rate))


def samples(encoded: str | None, audio: AudioFormat) -> bytes:
    """The samples in base64; nothing where it is not base64."""
    try:
        data = base64.b64decode(encoded or "")
    except (binascii.Error, ValueError):
        return b""
    return data[: len(data) // 2 * 2] if audio.encoding == "pcm" else g711.decode(data, audio.encoding)


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples that begin at a moment (unix seconds)."""

    start: float
    data: Samples
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
    pieces = [piece for piece in pieces if isinstance(piece.data, bytes)]
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
