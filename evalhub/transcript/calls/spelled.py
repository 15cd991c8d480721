"""What the caller spelled out (an order number, a booking code), and arguments that come close to it but are not it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evalhub.models import Conversation, ToolCall, Turn
from evalhub.transcript.calls.matchers import folded
from evalhub.transcript.words.normalise import english
from evalhub.transcript.words.spelling import letters_alone

SHORTEST = 4
SHORTEST_OF_DIGITS = 5
LOOKS_ALIKE = str.maketrans("oil", "011")


@dataclass(frozen=True)
class Spelled:
    """A code as the caller spelled it, and the turn in which they did."""

    code: str
    turn: Turn


@dataclass(frozen=True)
class Mismatch:
    """An argument that is nearly what the caller spelled."""

    call: ToolCall
    argument: str
    value: str
    spelled: Spelled

    def __str__(self) -> str:
        return f"{self.call.name}: {self.argument} is {self.value!r}, but the caller spelled {self.spelled.code!r}"


def spelled_codes(conversation: Conversation) -> list[Spelled]:
    """Codes of letters and digits in the caller's turns; what was really said counts where it is known."""
    return [
        Spelled(code.upper(), turn)
        for turn in conversation.turns_of("caller")
        for code in _codes(turn.reference_text or turn.text or "")
    ]


def mismatches(calls: Iterable[ToolCall], codes: list[Spelled]) -> list[Mismatch]:
    """Arguments that resemble a spelled code and equal none of them."""
    exact = {comparable(spelled.code) for spelled in codes}
    return [
        Mismatch(call, name, value, nearest)
        for call in calls
        for name, value in _texts(call.arguments)
        if comparable(value) not in exact and (nearest := _nearest(value, codes))
    ]


def _codes(text: str) -> Iterator[str]:
    return (word for word in english(letters_alone(text)).split() if is_code(word))


def is_code(word: str) -> bool:
    """Letters and digits mixed, or so many digits that it is no amount or year; an ordinal is no code."""
    if re.fullmatch(r"\d+(st|nd|rd|th)?", word):
        return word.isdigit() and len(word) >= SHORTEST_OF_DIGITS
    return len(word) >= SHORTEST and word.isalnum() and any(map(str.isdigit, word))


def _texts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text and whole number inside a call's arguments, with its place."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        yield path, str(value)


def _nearest(value: str, codes: list[Spelled]) -> Spelled | None:
    """The spelled code of the same length that differs in the fewest places, a third of them at most."""
    compared = comparable(value)
    near = [
        (different, index)
        for index, spelled in enumerate(codes)
        if len(code := comparable(spelled.code)) == len(compared)
        and (different := sum(a != b for a, b in zip(code, compared, strict=True))) <= len(code) // 3
    ]
    return codes[min(near)[1]] if near else None


def comparable(text: str) -> str:
    """A code as it is heard: without case and punctuation, and O, I and L as the digits they sound or look like."""
    return folded(text).translate(LOOKS_ALIKE)
