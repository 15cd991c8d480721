"""One spelling for what sounds the same, so that word errors count hearing and not writing.

Two named normalisers, stamped with their version into every score computed with them: `english` (below) where the
conversation is in English or its language is unknown, `plain` (Unicode, case, punctuation) elsewhere.

`english` beyond `plain`: number words become digits ("twenty-fifth" = "25th", "one hundred fifty" = "150"); numbers
and single letters said in a row are written together ("a one two three" = "A123", "one fifty" = "150", "nineteen
ninety nine" = "1999", "ten fifteen" = "10:15"); "double five" = "55"; "oh" beside digits is 0; signs become words
("$5" = "five dollars", "%", "&"); "Dr." = "doctor"; hesitations (uh, um, er) do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evalhub.transcript.words.numbers import SCALES, read_number

DROPPED = {"uh", "um", "uhm", "er", "erm"}
SAME = {"ok": "okay", "mr": "mister", "mrs": "missus", "dr": "doctor", "cannot": "can not", "percent": "percent"}
REPEATS = {"double": 2, "triple": 3}
AMOUNT = r"([$€£])\s?(\d[\d,]*(?:\.\d+)?(?:\s(?:thousand|million|billion))?)"
CURRENCIES = {"$": "dollars", "€": "euros", "£": "pounds"}


@dataclass(frozen=True)
class Normaliser:
    """A named way of writing text down. `words` are separated by one space in `text`."""

    name: str
    version: str
    text: Callable[[str], str]

    @property
    def stamp(self) -> str:
        return f"{self.name}/{self.version}"


def normaliser_for(language: str | None) -> Normaliser:
    """The normaliser of a language tag such as "en-US"; English where none is known."""
    return ENGLISH if (language or "en").lower().startswith("en") else PLAIN


def lowered(text: str) -> str:
    """Unicode NFKC, lower case, straight apostrophes."""
    return unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")


def plain(text: str) -> str:
    """Unicode NFKC, lower case, no punctuation."""
    without_apostrophes = re.sub(r"(?<=\w)'(?=\w)", "", lowered(text))
    return " ".join(re.sub(r"[^\w\s]|_", " ", without_apostrophes).split())


def english(text: str) -> str:
    """English text in its one spelling."""
    words = [word for word in _english_words(text) if word not in DROPPED]
    return " ".join(_joined(_digits(words)))


def _english_words(text: str) -> list[str]:
    said = re.sub(AMOUNT, lambda m: f"{m[2]} {CURRENCIES[m[1]]}", lowered(text))
    said = re.sub(r"(?<=\d),(?=\d{3}\b)", "", said).replace("%", " percent ").replace("&", " and ")
    said = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", said)
    said = re.sub(r"(\d)([ap]m)\b", r"\1 \2", said)
    said = re.sub(r"(?<=\w)'(?=\w)", "", said)
    said = re.sub(r"\ba (hundred|thousand|million|billion)\b", r"one \1", said)
    cleaned = re.sub(r"(?<!\d)\.|\.(?!\d)|[^\w\s.]|_", " ", said)
    return [same for word in cleaned.split() for same in SAME.get(word, word).split()]


def _digits(words: list[str]) -> list[str]:
    """Number words as digits, doubles written out."""
    written: list[str] = []
    position = 0
    while position < len(words):
        text, taken = _read(words, position)
        written.append(text)
        position += taken
    return _zeros(written)


def _read(words: list[str], position: int) -> tuple[str, int]:
    """What begins at a word, and how many words it takes."""
    word, after = words[position], words[position + 1] if position + 1 < len(words) else ""
    if word in REPEATS and (sign := _sign(after)):
        return sign * REPEATS[word], 2
    if word.isdigit() and after in SCALES:
        return str(int(word) * SCALES[after]), 2
    number = read_number(words, position)
    return (number.digits, number.words) if number else (word, 1)


def _sign(word: str) -> str | None:
    """One digit or letter, said as one word."""
    number = read_number([word], 0)
    sign = number.digits if number else word
    return sign if len(sign) == 1 else None


def _zeros(words: list[str]) -> list[str]:
    """ "Oh" said beside digits is a zero."""

    def beside_digit(index: int) -> bool:
        return any(words[i].isdigit() for i in (index - 1, index + 1) if 0 <= i < len(words))

    return ["0" if word in ("o", "oh") and beside_digit(index) else word for index, word in enumerate(words)]


def _joined(words: list[str]) -> Iterator[str]:
    """Runs of single letters and numbers, each run as one word."""
    run: list[str] = []
    for word in [*words, ""]:
        if word and _spelled(word):
            run.append(word)
            continue
        yield from _close(run)
        run = []
        if word:
            yield word


def _spelled(word: str) -> bool:
    return word.isdigit() or (len(word) == 1 and word.isalpha())


def _close(run: list[str]) -> Iterator[str]:
    """A run as words: "a" and "i" at its edges are an article and a pronoun unless much follows that is spelled."""
    before: list[str] = []
    after: list[str] = []
    while run and run[0] in ("a", "i") and (run[0] == "i" or not _long(run[1:])):
        before.append(run.pop(0))
    while run and run[-1] in ("a", "i") and (run[-1] == "i" or not _long(run[:-1])):
        after.insert(0, run.pop())
    yield from before
    if run:
        yield "".join(run)
    yield from after


def _long(rest: list[str]) -> bool:
    spelled = "".join(rest)
    return len(spelled) >= (2 if spelled.isalpha() else 3)


ENGLISH = Normaliser(name="english", version="1", text=english)
PLAIN = Normaliser(name="plain", version="1", text=plain)
