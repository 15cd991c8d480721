"""Whether words a judge quotes were said: they have to be in the very turn or function call it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from evalhub.models import Conversation, ToolCall, Turn
from evalhub.transcript.judging.dialogue import shown_id
from evalhub.transcript.moments import Evidence, call_evidence, turn_evidence
from evalhub.transcript.words.normalise import plain

WORDS_PER_SLIP = 10
"""one word in ten may be copied wrongly; a quote of fewer words has to be exact"""
UNSPACED_FROM = "\u0e00"
"""scripts from Thai on are written without spaces"""


class Quotable:
    """What of a conversation may be quoted, by turn id and function call id. Read only where it is quoted."""

    def __init__(self, conversation: Conversation) -> None:
        self._places: dict[str, Turn | ToolCall] = {shown_id(call.id): call for call in conversation.tool_calls}
        self._places |= {turn.id: turn for turn in conversation.turns}
        self._calls = conversation.tool_calls
        self._texts: dict[str, list[str]] = {}

    def find(self, place: str, quote: str) -> Evidence | None:
        """Where the quote stands, or None where it does not stand at the place it names."""
        found = self.place(place.strip())
        if found is None or not any(holds(text, quote) for text in self._texts_at(place.strip())):
            return None
        return found | {"quote": quote}

    def place(self, place: str) -> Evidence | None:
        """What a turn or function call is as evidence, with its own words."""
        found = self._places.get(place)
        if found is None:
            return None
        return turn_evidence(found) if isinstance(found, Turn) else call_evidence(found)

    def _texts_at(self, place: str) -> list[str]:
        if place not in self._texts:
            self._texts[place] = [plain(_written(value)) for value in self._values(place) if value is not None]
        return self._texts[place]

    def _values(self, place: str) -> Iterator[object]:
        """A turn may be quoted with the calls that belong to it."""
        found = self._places[place]
        if isinstance(found, Turn):
            yield from (found.text, found.heard_text, found.reference_text)
        calls = [call for call in self._calls if call.turn_id == found.id] if isinstance(found, Turn) else [found]
        for call in calls:
            yield from (call.name, call.arguments, call.result, call.error)


def holds(text: str, quote: str) -> bool:
    """Whether a text, normalised, holds a quote; left-out stretches ("...") are gaps between its pieces."""
    pieces = [piece for part in re.split(r"\.\.\.|…", quote) if (piece := plain(part))]
    return bool(pieces) and all(_holds_piece(text, piece) for piece in pieces)


def _holds_piece(text: str, piece: str) -> bool:
    if any(sign >= UNSPACED_FROM for sign in piece):
        return piece.replace(" ", "") in text.replace(" ", "")
    if f" {piece} " in f" {text} ":
        return True
    words = piece.split()
    allowed = len(words) // WORDS_PER_SLIP
    return allowed > 0 and _slips(words, text.split()) <= allowed


def _slips(piece: list[str], spoken: list[str]) -> int:
    """The fewest words to change, add or drop to find a piece somewhere among the spoken words."""
    best = [0] * (len(spoken) + 1)
    for row, word in enumerate(piece, start=1):
        previous, best = best, [row] * (len(spoken) + 1)
        for column, other in enumerate(spoken, start=1):
            replaced = previous[column - 1] + (word != other)
            best[column] = min(replaced, previous[column] + 1, best[column - 1] + 1)
    return min(best)


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
