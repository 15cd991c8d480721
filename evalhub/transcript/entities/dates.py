"""Days and times in normalised English: "the third of March", "March 3rd 2026", "tuesday", "8 30 am"."""

from __future__ import annotations

import re
from collections.abc import Iterator

MONTH = "january|february|march|april|may|june|july|august|september|october|november|december"
MONTHS = MONTH.split("|")
DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
PATTERNS = (
    re.compile(rf"\b(?P<month>{MONTH}) (?:the )?{DAY}\b(?: (?P<year>(?:19|20)\d\d)\b)?"),
    re.compile(rf"\b{DAY}(?: of)? (?P<month>{MONTH})\b(?: (?P<year>(?:19|20)\d\d)\b)?"),
)
VERBS = ("march", "may")
""" "a tent for two. May I ..." is no date: these months need an ordinal beside them"""
WEEKDAY = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b")
TIME = re.compile(r"\b(\d{1,4}) (am|pm|oclock)\b")
ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
DAY_IN_DIGITS = re.compile(rf"\b({MONTH}) (\d{{1,2}})\b,?", re.IGNORECASE)


def in_words(text: str) -> str:
    """The text with dates such as 2026-11-03 as they are said, so that day and year stay apart: "november 3th 2026"."""
    return DAY_IN_DIGITS.sub(r"\1 \2th", ISO.sub(_said, text))


def dates(said: str) -> Iterator[tuple[str, str]]:
    """The dates of a normalised text: a key that is the same for the same day, and the words it was said in."""
    for pattern in PATTERNS:
        for found in pattern.finditer(said):
            month, day = MONTHS.index(found["month"]) + 1, int(found["day"])
            is_verb = found["month"] in VERBS and not re.search(r"\d(?:st|nd|rd|th)|\bof\b", found[0])
            if day <= 31 and not is_verb:
                yield f"{month}-{day}" + (f"-{found['year']}" if found["year"] else ""), found[0]
    yield from ((found[0], found[0]) for found in WEEKDAY.finditer(said))
    for found in TIME.finditer(said):
        clock = found[1] if len(found[1]) > 2 else f"{found[1]}00"
        yield f"{clock}{'' if found[2] == 'oclock' else found[2]}", found[0]


def same_date(key: str, other: str) -> bool:
    """Whether two keys may be one day or time: a year or "am" that only one of them has does not matter."""
    one, two = sorted((key, other), key=len)
    return one == two or (two.startswith(one) and two[len(one) :] in ("am", "pm")) or two[:-5] == one


def _said(found: re.Match[str]) -> str:
    month = int(found[2])
    return f"{MONTHS[month - 1]} {int(found[3])}th {found[1]}" if 1 <= month <= 12 else found[0]
