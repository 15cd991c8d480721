"""The caller's sound on the wall clock.

The API counts the audio that was appended. A piece cannot be sent before it was spoken, so it ends when it was sent, or
earlier where a later piece shows that it was sent late.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from evalhub.traces.formats.realtime.sound import Piece, Samples

JITTER_S = 0.04
"""a piece that comes later than this after the one before it leaves a silence"""
TOLERANCE_MS = 500


@dataclass
class InputClock:
    """The caller's sound as it was appended."""

    sent: list[tuple[float, Samples, int]] = field(default_factory=list)
    """(when, samples, rate) of each append"""
    length_ms: float = 0.0
    base_ms: float = 0.0
    """where the clock of the session at hand begins: a session that is opened anew counts from 0 again"""
    open_from_ms: float = 0.0
    """end of what was committed or cleared last"""
    levels: tuple[list[float], list[float]] | None = None

    def append(self, when: float | None, data: Samples, rate: int) -> None:
        self.length_ms += len(data) / 2 / rate * 1000
        if when is not None and data:
            self.sent.append((when, data, rate))

    def pieces(self) -> list[Piece]:
        """Each append where it was spoken, with the jitter of sending taken out."""
        begins, zeros = self._levels()
        return [
            Piece(zero + begin, data, rate)
            for begin, zero, (_, data, rate) in zip(begins, zeros, self.sent, strict=True)
        ]

    def wall(self, offset_ms: float, *, padding_ms: float = 0) -> float | None:
        """When the sound at this offset was spoken; None where the log lacks the sound around it.

        The API puts `padding_ms` before the speech it found: where the sending paused inside of it, the speech came
        after the pause.
        """
        begins, zeros = self._levels()
        if not begins or offset_ms > self.length_ms + TOLERANCE_MS:
            return None
        piece = bisect_right(begins, (offset_ms + padding_ms) / 1000) - 1
        return zeros[max(0, piece)] + offset_ms / 1000

    def _levels(self) -> tuple[list[float], list[float]]:
        """(where each append begins on this clock, when this clock's zero was for it), in seconds."""
        if self.levels is None:
            begins, ends = [], [0.0]
            for _, data, rate in self.sent:
                begins.append(ends[-1])
                ends.append(ends[-1] + len(data) / 2 / rate)
            latest = [when - end for (when, _, _), end in zip(self.sent, ends[1:], strict=True)]
            self.levels = begins, _without_jitter(latest)
        return self.levels


def _without_jitter(latest: list[float]) -> list[float]:
    """Steps of an ever rising level: no piece later than it or any piece after it allows."""
    zeros, lowest = [], float("inf")
    for zero in reversed(latest):
        lowest = min(lowest, zero)
        zeros.append(lowest)
    zeros.reverse()
    level = zeros[0] if zeros else 0.0
    for index, zero in enumerate(zeros):
        level = zero if zero - level > JITTER_S else level
        zeros[index] = level
    return zeros
