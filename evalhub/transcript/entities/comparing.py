"""Which entities of one text stand in another: in what the recogniser wrote, in what the caller heard."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evalhub.transcript.calls.spelled import comparable
from evalhub.transcript.entities.dates import TIME, dates, same_date
from evalhub.transcript.entities.finding import AMOUNT, Entity, entities, spoken
from evalhub.transcript.words.normalise import Normaliser, plain

PRICE = re.compile(r"\d+\.\d\d")


@dataclass(frozen=True)
class Looked:
    """An entity that was looked for: whether it is there, and what stands there instead."""

    entity: Entity
    right: bool
    instead: str | None = None


class Heard:
    """A text in which entities are looked for."""

    def __init__(self, text: str, normaliser: Normaliser) -> None:
        self.said = spoken(text, normaliser)
        self.words = self.said.split()
        self.plain = plain(text).split()
        self.dates = [key for key, _ in dates(self.said)]
        self.amounts = Counter(e.key for e in entities(text, normaliser) if e.kind == "amount")

    def count(self, entity: Entity) -> int:
        """How often an entity stands here."""
        match entity.kind:
            case "name":
                return max(_runs(entity.key, self.plain), _runs(entity.key, [w for w in self.words if len(w) > 1]))
            case "date":
                bare = TIME.sub(" ", self.said).split()
                return sum(same_date(entity.key, key) for key in self.dates) or _runs(_clock(entity.key), bare)
            case "amount":
                return self.amounts[entity.key] or self._bare(entity)
            case "code":
                return _runs(entity.key, [comparable(word) for word in self.words])
        return self.words.count(entity.key) or self._priced(entity.key)

    def instead_of(self, entity: Entity) -> str | None:
        """The word here that is likest to an entity that is not here."""
        near = difflib.get_close_matches(entity.key, [word for word in self.words if len(word) > 1], 1, 0.5)
        return near[0] if near else None

    def _bare(self, entity: Entity) -> int:
        """ "forty nine ninety" without its currency; the same number of another currency is wrong."""
        digits = _digits(entity.key)
        return sum(word in digits for word in AMOUNT.sub(" ", self.said).replace(".", "").split())

    def _priced(self, number: str) -> int:
        """The same the other way round: said as "forty nine ninety", written as $49.90 or 49.90."""
        priced = [word.replace(".", "") for word in self.words if PRICE.fullmatch(word)]
        return sum(count for amount, count in self.amounts.items() if number in _digits(amount)) or priced.count(number)


def look_for(wanted: Sequence[Entity], text: str, normaliser: Normaliser) -> list[Looked]:
    """Each entity, and whether it stands in a text; one said twice has to be there twice."""
    heard = Heard(text, normaliser)
    left = {(one.kind, one.key): heard.count(one) for one in wanted}
    looked = []
    for one in wanted:
        right = left[one.kind, one.key] > 0
        left[one.kind, one.key] -= 1
        looked.append(Looked(one, right, None if right else heard.instead_of(one)))
    return looked


def _digits(amount: str) -> set[str]:
    """The digits of an amount, with and without cents that are zero."""
    value = float(amount.split(maxsplit=1)[0])
    return {f"{value:{form}}".replace(".", "") for form in (".2f", "g")}


def _clock(key: str) -> str:
    return key.removesuffix("am").removesuffix("pm")


def _runs(key: str, words: list[str]) -> int:
    """How often words in a row, written together, are this key."""
    return sum(_begins(key, words[start:]) for start in range(len(words)))


def _begins(key: str, words: list[str]) -> bool:
    rest = key
    for word in words:
        if not rest.startswith(word):
            return False
        rest = rest[len(word) :]
        if not rest:
            return True
    return False
