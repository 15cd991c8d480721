"""What the tools of a call know: every value they were called with and answered, as entities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalhub.models import ToolCall
from evalhub.transcript.calls.spelled import comparable
from evalhub.transcript.entities.dates import same_date
from evalhub.transcript.entities.finding import Entity, entities
from evalhub.transcript.words.normalise import Normaliser


class Known:
    """Values of tool calls, to hold what an agent says against."""

    def __init__(self) -> None:
        self.codes: set[str] = set()
        self.numbers: set[str] = set()
        self.keys: set[tuple[str, str]] = set()

    @classmethod
    def of(cls, call: ToolCall, normaliser: Normaliser) -> Known:
        """What one call was made with and answered."""
        known = cls()
        known._read(call, normaliser)
        return known

    def add(self, other: Known) -> None:
        """Also know what another call knew."""
        self.codes |= other.codes
        self.numbers |= other.numbers
        self.keys |= other.keys

    def _read(self, call: ToolCall, normaliser: Normaliser) -> None:
        values = list(scalars([call.arguments, call.result]))
        found = [entity for value in values for entity in entities(value, normaliser)]
        self.codes = {comparable(value) for value in values} | {e.key for e in found if e.kind == "code"}
        numbers = [float(value) for value in values if _is_number(value)]
        self.numbers = {f"{n:g}" for n in numbers} | {f"{n:.2f}".replace(".", "") for n in numbers if n % 1}
        self.keys = {(entity.kind, entity.key) for entity in found}

    def has(self, entity: Entity) -> bool:
        """Whether some tool gave this very value."""
        if entity.kind == "date":
            return any(kind == "date" and same_date(entity.key, key) for kind, key in self.keys)
        number = entity.key.split()[0]
        of_a_number = (
            entity.kind in ("amount", "number") and _is_number(number) and f"{float(number):g}" in self.numbers
        )
        return of_a_number or (entity.kind, entity.key) in self.keys or entity.key in self.codes

    def nearly(self, entity: Entity) -> str | None:
        """The code that this one was probably meant to be: of the same length, different in a third or less."""
        if entity.kind != "code" or self.has(entity):
            return None
        alike = [code for code in self.codes if len(code) == len(entity.key) and _apart(code, entity.key)]
        return min(alike, default=None)


def scalars(value: Any) -> Iterator[str]:
    """Every text and number inside a JSON value."""
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from scalars(item)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield str(value)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and text.isascii()


def _apart(one: str, other: str) -> bool:
    return sum(a != b for a, b in zip(one, other, strict=True)) <= len(one) // 3
