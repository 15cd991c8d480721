"""Times of day in one spelling: "half past eight in the morning" and "8:30 am", "noon" and "12 pm". English."""

from __future__ import annotations

import re

HOURS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
HOUR = rf"(?:{'|'.join(HOURS)}|1[0-2]|[1-9])"
PAST = re.compile(rf"\b(half|(?:a )?quarter) past ({HOUR})\b", re.IGNORECASE)
TO = re.compile(rf"\b(?:a )?quarter to ({HOUR})\b", re.IGNORECASE)
O_CLOCK = re.compile(rf"\b({HOUR}) ?o['\u2019]?clock\b", re.IGNORECASE)
PART_OF_DAY = re.compile(
    rf"\b({HOUR}(?:[: ](?:[0-5]\d|fifteen|thirty|forty[- ]five))?) (?:in the (morning|afternoon|evening)|at (night))\b",
    re.IGNORECASE,
)
NAMED = (re.compile(r"\b(?:twelve )?noon\b", re.IGNORECASE), re.compile(r"\bmidnight\b", re.IGNORECASE))


def clock(text: str) -> str:
    """The text with times of day by the digits and "am" or "pm"."""
    said = PAST.sub(lambda m: f"{_hour(m[2])}:{30 if m[1].lower() == 'half' else 15}", text)
    said = TO.sub(lambda m: f"{(_hour(m[1]) - 2) % 12 + 1}:45", said)
    said = O_CLOCK.sub(lambda m: f"{_hour(m[1])}:00", said)
    said = PART_OF_DAY.sub(lambda m: f"{m[1]} {'am' if (m[2] or '').lower() == 'morning' else 'pm'}", said)
    return NAMED[1].sub("12 am", NAMED[0].sub("12 pm", said))


def _hour(said: str) -> int:
    return int(said) if said.isdigit() else HOURS.index(said.lower()) + 1
