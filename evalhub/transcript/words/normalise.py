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

from evalhub.transcript.words.numbers import NUMBER_WORDS, SCALES, read_number

DROPPED = {"uh", "um", "uhm", "er", "erm"}
SAME = {"ok": "okay", "mr": "mister", "mrs": "missus", "dr": "doctor", "cannot": "can not", "percent": "percent"}
REPEATS = {"double": 2, "triple": 3}
AMOUNT = r"([$€£])\s?(\d[\d,]*(?:\.\d+)?(?:\s(?:thousand|million|billion))?)"
INNER_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
A_SCALE = re.compile(r"\ba (hundred|thousand|million|billion)\b")
HOUR = re.compile(r"(\d)([ap]m)\b")
LONE_POINT = re.compile(r"(?<!\d)\.|\.(?!\d)")
SIGNS_AND_POINT = {code: " " for code in range(128) if not chr(code).isalnum()}
SIGNS = {code: sign for code, sign in SIGNS_AND_POINT.items() if code != ord(".")}
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
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")


def plain(text: str) -> str:
    """Unicode NFKC, lower case, no punctuation."""
    said = lowered(text)
    if "'" in said:
        said = INNER_APOSTROPHE.sub("", said)
    if said.isascii():
        return " ".join(said.translate(SIGNS_AND_POINT).split())
    return " ".join(re.sub(r"[^\w\s]|_", " ", said).split())


def english(text: str) -> str:
    """English text in its one spelling."""
    words = [word for word in _english_words(text) if word not in DROPPED]
    return " ".join(_joined(_digits(words)))


def _english_words(text: str) -> list[str]:
    """Words without punctuation. Each pattern is tried only where its sign occurs: most turns have none of them."""
    said = lowered(text)
    if "$" in said or "€" in said or "£" in said:
        said = re.sub(AMOUNT, lambda m: f"{m[2]} {CURRENCIES[m[1]]}", said)
    if "," in said:
        said = THOUSANDS.sub("", said)
    said = said.replace("%", " percent ").replace("&", " and ")
    if "." in said:
        said = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", said)
    if "am" in said or "pm" in said:
        said = HOUR.sub(r"\1 \2", said)
    if "'" in said:
        said = INNER_APOSTROPHE.sub("", said)
    if "a " in said:
        said = A_SCALE.sub(r"one \1", said)
    cleaned = _without_signs(said)
    words = cleaned.split()
    if SAME.keys().isdisjoint(words):
        return words
    return [same for word in words for same in SAME.get(word, word).split()]


def _without_signs(said: str) -> str:
    """Spaces for every sign but a point between digits."""
    if said.isascii():
        said = said.translate(SIGNS)
        return LONE_POINT.sub(" ", said) if "." in said else said
    return re.sub(r"(?<!\d)\.|\.(?!\d)|[^\w\s.]|_", " ", said)


def _digits(words: list[str]) -> list[str]:
    """Number words as digits, doubles written out."""
    written: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        if word in NUMBER_WORDS or word in REPEATS or word.isdigit():
            text, taken = _read(words, position)
            written.append(text)
            position += taken
        else:
            written.append(word)
            position += 1
    return _zeros(written) if "o" in written or "oh" in written else written


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
    for word in words:
        if _spelled(word):
            run.append(word)
            continue
        if run:
            yield from _close(run)
            run = []
        yield word
    yield from _close(run)


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
