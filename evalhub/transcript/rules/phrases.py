"""Whether a caller said one of a rule's phrases: words in a row, whatever their case and punctuation.

`*` as a word of its own stands for up to four words, at the end of a word for any ending. A phrase with a no shortly
before it ("I don't want to cancel") counts as doubtful: it may be the opposite, or "why don't you cancel it".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from evalhub.models import Conversation, Turn
from evalhub.transcript.calls.consent import NO_ANSWER
from evalhub.transcript.words.normalise import plain

BEFORE = 4
"""how many words before a phrase a no still bears on it"""
NO = re.compile(
    r"\b(?:not?|never|nor|dont|doesnt|didnt|cant|cannot|wont|isnt|without|instead of|rather than"
    r"|nicht|kein\w*|pas|ne|nunca|non|nao|não|niet|geen)\b"
)


@dataclass(frozen=True)
class Said:
    """A phrase in a caller's turn."""

    turn: Turn
    words: str
    doubtful: bool


def said(conversation: Conversation, phrases: Iterable[str]) -> Said | None:
    """The first time the caller said one of these; one without a no before it where there is any."""
    patterns = [_pattern(phrase) for phrase in phrases]
    found = [hit for turn in conversation.turns_of("caller") for p in patterns if (hit := _find(turn, p))]
    return min(found, key=lambda hit: hit.doubtful, default=None)


def _find(turn: Turn, pattern: re.Pattern[str]) -> Said | None:
    text = plain(turn.reference_text or turn.text or "")
    if turn.kind in NO_ANSWER or not (found := pattern.search(text)):
        return None
    before = " ".join(text[: found.start()].split()[-BEFORE:])
    return Said(turn, found[0], bool(NO.search(before)))


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    parts = [_part(word) for word in phrase.split()]
    return re.compile(r"\b" + " ".join(parts).replace(" (?:", "(?:") + r"(?!\w)")


def _part(word: str) -> str:
    if word == "*":
        return r"(?: \w+){0,4}"
    words = re.escape(plain(word.rstrip("*"))).replace(r"\ ", " ")
    return words + (r"\w*" if word.endswith("*") else "")
