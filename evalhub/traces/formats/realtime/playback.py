"""The agent's sound as it was played: as it came, or after what came before it, and only as far as it was heard."""

from __future__ import annotations

from dataclasses import dataclass, field

from evalhub.traces.formats.realtime.sound import Piece, Samples


@dataclass
class Playback:
    """The agent's sound as it was played: pieces queue up, a cut drops what had not been heard."""

    queued: dict[str, list[Piece]] = field(default_factory=dict)
    heard: dict[str, list[Piece]] = field(default_factory=dict)
    generated_ms: dict[str, float] = field(default_factory=dict)
    cut_off: set[str] = field(default_factory=set)
    free_at: float = float("-inf")

    def add(self, item_id: str, when: float | None, data: Samples, rate: int) -> None:
        self.generated_ms[item_id] = self.generated_ms.get(item_id, 0.0) + len(data) / 2 / rate * 1000
        if when is None or not data or item_id in self.cut_off:
            return
        self.place(item_id, max(when, self.free_at), data, rate)

    def place(self, item_id: str, start: float, data: Samples, rate: int) -> None:
        """Sound of which is known where it lies."""
        piece = Piece(start, data, rate)
        self.queued.setdefault(item_id, []).append(piece)
        self.heard.setdefault(item_id, []).append(piece)
        self.free_at = piece.end

    def cut(self, item_id: str, heard_ms: float, when: float) -> None:
        """Only so much of this item was heard, and nothing of what waited behind it at that moment."""
        self.cut_off.add(item_id)
        self.heard[item_id] = _first(self.queued.get(item_id, []), heard_ms / 1000)
        for other, pieces in self.heard.items():
            if other != item_id:
                self.heard[other] = [piece for piece in pieces if piece.start < when]
        self.free_at = min(self.free_at, when)

    def played_ms(self, item_id: str, when: float) -> float:
        """How much of an item had been played at a moment: what was sent, as far as there was time for it."""
        pieces = self.heard.get(item_id, [])
        return sum(min(piece.seconds, max(0.0, when - piece.start)) for piece in pieces) * 1000

    def interval(self, item_id: str) -> tuple[float, float] | None:
        """From when to when an item sounded."""
        pieces = self.heard.get(item_id, [])
        return (pieces[0].start, pieces[-1].end) if pieces else None

    def pieces(self) -> list[Piece]:
        """All that was heard, in order of time."""
        return sorted((piece for pieces in self.heard.values() for piece in pieces), key=lambda piece: piece.start)


def _first(pieces: list[Piece], seconds: float) -> list[Piece]:
    kept = []
    for piece in pieces:
        count = min(len(piece.data) // 2, max(0, round(seconds * piece.rate)))
        if count:
            kept.append(Piece(piece.start, piece.data[: 2 * count], piece.rate))
        seconds -= count / piece.rate
    return kept
