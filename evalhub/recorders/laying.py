"""When each piece of sound was spoken or played, from when it came."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, BinaryIO

JITTER_S = 0.08
"""a piece that comes later than this after the one before it leaves a silence"""
NEVER = -(1 << 60)
RATE = 24_000
"""of a side without sound"""
Note = Mapping[str, Any]


@dataclass
class Piece:
    """Samples of a side's file from `first` on, laid from `start` on; `count` of `whole` were played."""

    start: int
    first: int
    count: int
    whole: int
    item: str | None = None

    @property
    def end(self) -> int:
        return self.start + self.count


@dataclass
class Side:
    """The pieces of one side. Their starts count samples from the unix second `zero`."""

    rate: int
    zero: int
    pieces: list[Piece] = field(default_factory=list)

    def clock(self, seconds: float) -> int:
        """The sample at a unix time."""
        return round((seconds - self.zero) * self.rate)

    @property
    def begins_at(self) -> float:
        return self.zero + self.pieces[0].start / self.rate

    @property
    def ends_at(self) -> float:
        return self.zero + max(piece.end for piece in self.pieces) / self.rate

    def samples(self, file: BinaryIO | None, begin: int, count: int) -> array[int]:
        """What was played from sample `begin` on, silence between."""
        out = array("h", bytes(2 * count))
        for piece in self.pieces if file else []:
            low, high = max(begin, piece.start), min(begin + count, piece.end)
            if low < high and file:
                file.seek(2 * (piece.first + low - piece.start))
                found = array("h", file.read(2 * (high - low)))
                out[low - begin : low - begin + len(found)] = found
        return out


def lay_caller(notes: Sequence[Note]) -> Side:
    """A piece ends when it came, or earlier where later pieces show that it came late."""
    sounds = [note for note in notes if note.get("side") == "caller"]
    side = _side(sounds)
    ends = list(accumulate(note["bytes"] // 2 for note in sounds))
    latest = [note["t"] - side.zero - end / side.rate for note, end in zip(sounds, ends, strict=True)]
    latest = [*accumulate(reversed(latest), min)][::-1]
    first, level = 0, latest[0] if latest else 0.0
    for end, allowed in zip(ends, latest, strict=True):
        level = allowed if allowed - level > JITTER_S else level
        side.pieces.append(Piece(round(level * side.rate) + first, first, end - first, end - first))
        first = end
    return _closed_up(side)


def lay_agent(notes: Sequence[Note]) -> Side:
    """A piece begins when it came, or after what is still playing; a cut ends what plays and drops what waits.

    Where the client tells when it plays what, that is what counts.
    """
    sounds = [note for note in notes if note.get("side") == "agent"]
    side = _side(sounds)
    begun, told = _told(notes, side)
    heard: dict[str | None, int] = {}
    first, free, slack = 0, NEVER, 0.0
    for note in notes:
        if "cut" in note or "over" in note:
            _cut(side, note, heard)
            free, slack = max((piece.end for piece in side.pieces if piece.count), default=NEVER), 0.0
        elif note.get("side") == "agent":
            count, item = note["bytes"] // 2, note["item"]
            due = begun.get(item, side.clock(note["t"]))
            start = due if due - free > slack else free
            if item is None or item not in heard:
                side.pieces.append(Piece(start, first, count, count, item))
                free, slack = start + count, JITTER_S * side.rate
            first += count
    if told:
        _keep(side, {item: told.get(item, 0) for item in {piece.item for piece in side.pieces}})
    return _closed_up(side)


def _side(sounds: Sequence[Note]) -> Side:
    return Side(sounds[0]["rate"], int(sounds[0]["t"])) if sounds else Side(RATE, 0)


def _told(notes: Sequence[Note], side: Side) -> tuple[dict[str | None, int], dict[str | None, int]]:
    """(when the playing of an item began, how much of it was played), as far as the client told."""
    begun: dict[str | None, int] = {}
    played: dict[str | None, int] = {}
    for note in notes:
        if item := note.get("played"):
            count = round(note["ms"] * side.rate / 1000)
            begun.setdefault(item, side.clock(note["t"]) - count)
            played[item] = played.get(item, 0) + count
    return begun, played


def _cut(side: Side, note: Note, heard: dict[str | None, int]) -> None:
    item, now = note.get("cut"), side.clock(note["t"])
    if item in heard:
        return  # said before; the API only repeats it
    if item is not None and note.get("heard_ms") is not None:
        heard[item] = round(note["heard_ms"] * side.rate / 1000)
    for piece in side.pieces:
        if piece.item is None or piece.item not in heard:
            piece.count = max(0, min(piece.count, now - piece.start))
    _keep(side, {item: heard[item]} if item in heard else {})


def _keep(side: Side, heard: Mapping[str | None, int]) -> None:
    """Of these items only so many samples were played."""
    left = dict(heard)
    for piece in side.pieces:
        if piece.item in left:
            piece.count = min(piece.whole, left[piece.item])
            left[piece.item] -= piece.count


def _closed_up(side: Side) -> Side:
    """Without what was not played, and one piece of those without a gap."""
    pieces, side.pieces = sorted((p for p in side.pieces if p.count), key=lambda piece: piece.start), []
    for piece in pieces:
        last = side.pieces[-1] if side.pieces else None
        if last and (last.end, last.first + last.count) == (piece.start, piece.first):
            last.count += piece.count
        else:
            side.pieces.append(piece)
    return side
