"""The sound of a call as it was played: both sides laid on one clock, the caller left and the agent right.

Silence stays silence. Where the sides differ in their rate, the lower one is interpolated.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import ceil, gcd
from pathlib import Path
from typing import BinaryIO, Self

from .laying import Note, Side, lay_agent, lay_caller


@dataclass(frozen=True)
class Stereo:
    """A WAV file that is made while it is sent."""

    folder: Path
    caller: Side
    agent: Side

    @classmethod
    def of(cls, folder: Path, notes: Sequence[Note]) -> Self | None:
        """None where there is no sound."""
        found = cls(folder, lay_caller(notes), lay_agent(notes))
        return found if found.caller.pieces or found.agent.pieces else None

    @property
    def rate(self) -> int:
        return max(self.caller.rate, self.agent.rate)

    @property
    def started_at(self) -> float:
        """Unix time of the first sample."""
        return min(side.begins_at for side in (self.caller, self.agent) if side.pieces)

    @property
    def frames(self) -> int:
        ends_at = max(side.ends_at for side in (self.caller, self.agent) if side.pieces)
        return ceil((ends_at - self.started_at) * self.rate)

    @property
    def size(self) -> int:
        """Bytes that `blocks` yields in all."""
        return 44 + 4 * self.frames

    def blocks(self) -> Iterator[bytes]:
        """The header, then a second at a time."""
        rate, left = self.rate, self.frames
        yield _header(rate, 4 * left)
        with ExitStack() as stack:
            sides = [(side, _opened(self.folder, name, stack)) for name, side in self._named()]
            for second in range(ceil(left / rate)):
                both = array("h", bytes(4 * rate))
                for channel, (side, file) in enumerate(sides):
                    both[channel::2] = _second(side, file, side.clock(self.started_at) + second * side.rate, rate)
                yield both[: 2 * left].tobytes()
                left -= rate

    def _named(self) -> list[tuple[str, Side]]:
        return [("caller", self.caller), ("agent", self.agent)]


def _opened(folder: Path, name: str, stack: ExitStack) -> BinaryIO | None:
    path = folder / f"{name}.pcm"
    return stack.enter_context(path.open("rb")) if path.exists() else None


def _second(side: Side, file: BinaryIO | None, begin: int, rate: int) -> array[int]:
    if file is None or side.rate == rate:
        return side.samples(file, begin, rate)
    return _interpolated(side.samples(file, begin - 1, side.rate + 3), side.rate, rate)


def _interpolated(known: array[int], old: int, new: int) -> array[int]:
    """One second at another rate: cubic (Catmull-Rom), a sample before and two behind it are known."""
    out = array("h", bytes(2 * new))
    together = gcd(old, new)
    for phase in range(new // together):
        whole, part = divmod(phase * old, new)
        f = part / new
        a, b = f * (f * (2 - f) - 1) / 2, (f * f * (3 * f - 5) + 2) / 2
        c, d = f * (f * (4 - 3 * f) + 1) / 2, f * f * (f - 1) / 2
        taps = [known[whole + tap :: old // together][:together] for tap in range(4)]
        found = [a * w + b * x + c * y + d * z for w, x, y, z in zip(*taps, strict=True)]
        out[phase :: new // together] = array("h", [max(-32768, min(32767, round(value))) for value in found])
    return out


def _header(rate: int, size: int) -> bytes:
    """Of a WAV file with two channels of 16 bits (RIFF, 1991)."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 2, rate, 4 * rate, 4, 16, b"data", size
    )
