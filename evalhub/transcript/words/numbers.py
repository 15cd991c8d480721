"""English number words as digits: "one hundred and fifty" is 150, "twenty fifth" is 25th, "three point five" is 3.5."""

from __future__ import annotations

from dataclasses import dataclass

ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
IRREGULAR = {
    "first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12,
}  # fmt: skip
ORDINALS = (
    {f"{word}th": value for word, value in ONES.items() if value not in IRREGULAR.values()}
    | {f"{word[:-1]}ieth": value for word, value in TENS.items()}
    | {"hundredth": 100, "thousandth": 1000}
    | IRREGULAR
)
NUMBER_WORDS = frozenset([*ONES, *TENS, *SCALES, *ORDINALS, "hundred"])


@dataclass(frozen=True)
class Number:
    """A number read from words: its digits, and how many words it took."""

    digits: str
    words: int


def read_number(words: list[str], start: int) -> Number | None:
    """The longest English number that begins at a word, or None where none begins there."""
    total, group, position, last = 0, 0, start, ""
    while position < len(words):
        word = words[position]
        if word == "and" and last in ("hundred", *SCALES) and _is_small(words, position + 1):
            position, last = position + 1, "and"
            continue
        if not _may_follow(word, last):
            break
        if word in SCALES:
            total, group = total + (group or 1) * SCALES[word], 0
        elif word == "hundred":
            group = (group or 1) * 100
        elif word in ORDINALS:
            return Number(_ordinal(_add_ordinal(total, group, word)), position + 1 - start)
        else:
            group += ONES.get(word, 0) + TENS.get(word, 0)
        position, last = position + 1, word
    if position == start:
        return None
    return _with_decimals(str(total + group), words, start, position)


def _may_follow(word: str, last: str) -> bool:
    """Whether a number word continues the number that `last` ended ("" at its beginning)."""
    if word in TENS or ONES.get(word, 0) > 9 or ORDINALS.get(word, 0) > 9:
        small_scale = word in ("hundredth", "thousandth") and last in ONES
        return last in ("", "hundred", "and", *SCALES) or small_scale
    if word in ONES or word in ORDINALS:
        alone = word == "zero"
        return last == "" or (not alone and last in ("hundred", "and", *SCALES, *TENS))
    if word == "hundred":
        return last in ONES
    return word in SCALES and last != "" and last not in SCALES and last != "and"


def _is_small(words: list[str], position: int) -> bool:
    return position < len(words) and (words[position] in ONES or words[position] in TENS or words[position] in ORDINALS)


def _add_ordinal(total: int, group: int, word: str) -> int:
    value = ORDINALS[word]
    if value >= 100 and group:
        return total + group * value
    return total + group + value


def _with_decimals(digits: str, words: list[str], start: int, position: int) -> Number:
    decimals = ""
    if position < len(words) and words[position] == "point":
        after = position + 1
        while after < len(words) and 0 <= ONES.get(words[after], -1) <= 9:
            decimals += str(ONES[words[after]])
            after += 1
    if not decimals:
        return Number(digits, position - start)
    return Number(f"{digits}.{decimals}", position + 1 + len(decimals) - start)


def _ordinal(value: int) -> str:
    teen = 10 < value % 100 < 20
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"
