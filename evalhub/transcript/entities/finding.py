"""The entities of a text, each with a key that is the same however it was said: "one fifty" and "150" are one number.

English text has all five kinds; of other languages only codes and numbers are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from evalhub.transcript.calls.spelled import comparable, is_code
from evalhub.transcript.entities.clock import clock
from evalhub.transcript.entities.dates import dates, in_words
from evalhub.transcript.entities.names import names
from evalhub.transcript.words.normalise import Normaliser, plain
from evalhub.transcript.words.spelling import ADDRESS, ADDRESS_SAID, addresses_said, letters_alone

KINDS = ("name", "number", "date", "code", "amount")
CURRENCY = r"(dollars?|bucks|euros?|pounds?|cents?|percent)"
AMOUNT = re.compile(rf"\b(\d+(?:\.\d+)?) {CURRENCY}\b(?:(?: and)? (\d{{1,2}}) cents?\b)?")
CURRENCIES = {"buck": "dollar"}
ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
SPELLED_OUT = re.compile(r"(?<!['\u2019])\b[a-z](?: [a-z]){2,}\b")


@dataclass(frozen=True)
class Entity:
    """Something said that has to be understood to the letter."""

    kind: str
    key: str
    said: str

    def __str__(self) -> str:
        return self.said


@lru_cache(maxsize=8192)
def entities(text: str, normaliser: Normaliser) -> tuple[Entity, ...]:
    """Every entity of a text, in no particular order. Kept for a while: several evaluators read the same texts."""
    return tuple(_found(text, normaliser))


def _found(text: str, normaliser: Normaliser) -> list[Entity]:
    said = spoken(text, normaliser)
    if normaliser.name != "english":
        return list(_of_digits(said, text))
    found = [Entity("name", plain(name).replace(" ", ""), name) for name in names(ADDRESS.sub(" ", text))]
    for hit in ADDRESS_SAID.finditer(said):
        found.append(Entity("code", comparable(hit[0]), hit[0]))
        said = said.replace(hit[0], " ", 1)
    for key, words in dates(said):
        found.append(Entity("date", key, words))
        said = said.replace(words, " ", 1)
    found += [Entity("amount", _amount(hit), hit[0]) for hit in AMOUNT.finditer(said)]
    found += _of_digits(AMOUNT.sub(" ", said), text)
    spelled = letters_alone(text)
    return found + [Entity("code", comparable(hit[0]), hit[0].upper()) for hit in SPELLED_OUT.finditer(spelled)]


def spoken(text: str, normaliser: Normaliser) -> str:
    """The text in the spelling entities are looked for in."""
    return normaliser.text(letters_alone(addresses_said(clock(in_words(text)))))


def _of_digits(said: str, text: str) -> Iterator[Entity]:
    for word in said.split():
        if is_code(word):
            yield Entity("code", comparable(word), word.upper())
        elif NUMBER.fullmatch(word) and (word != "1" or re.search(r"\b1\b", text)):  # "that one" is no number
            yield Entity("number", word, word)


def _amount(hit: re.Match[str]) -> str:
    currency = hit[2].rstrip("s")
    cents = f".{int(hit[3]):02}" if hit[3] else ""
    return f"{float(hit[1] + cents if '.' not in hit[1] else hit[1]):g} {CURRENCIES.get(currency, currency)}"
