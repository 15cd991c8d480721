"""The fields of the native format: each accepts one thing, and says in plain words what that is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

MAX_MS = 31 * 24 * 3600 * 1000
MAX_COUNT = 10**12
MAX_TEXT = 1_000_000
ALIASES = {"user": "caller", "assistant": "agent"}
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Wrong(Exception):
    """The value is not what the field expects."""


def field(expected: str, accept: Callable[[Any], Any]) -> PlainValidator:
    """A validator whose every refusal reads `expected`."""

    def validate(value: Any) -> Any:
        try:
            return accept(value)
        except Wrong:
            raise PydanticCustomError("expected", "{expected}", {"expected": expected}) from None

    return PlainValidator(validate)


def text(most: int) -> PlainValidator:
    """Text of at most so many characters."""

    def accept(value: Any) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise Wrong
        return value

    return field(f"text of at most {most:,} characters", accept)


def key(most: int) -> PlainValidator:
    """An id: short enough for a key, fit for a URL."""

    def accept(value: Any) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= most or CONTROL.search(value) or value in (".", ".."):
            raise Wrong
        return value

    return field(f"text of 1 to {most} characters", accept)


def choice(*words: str, aliases: dict[str, str] | None = None) -> PlainValidator:
    """One of these words."""

    def accept(value: Any) -> str:
        word = (aliases or {}).get(value, value) if isinstance(value, str) else value
        if word not in words:
            raise Wrong
        return str(word)

    return field(" | ".join(words), accept)


def whole(expected: str, least: int, most: int) -> PlainValidator:
    """A whole number in a range; 2600.0 is one."""
    return field(expected, lambda value: _whole(value, least, most))


def _quantity(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise Wrong
    return value


def _time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise Wrong
        return moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        raise Wrong from None


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong
    return value


def _interval(value: Any) -> list[int]:
    if not isinstance(value, list) or len(value) != 2:
        raise Wrong
    start, end = (_whole(number, -MAX_MS, MAX_MS) for number in value)
    if end < start:
        raise Wrong
    return [start, end]


def _whole(value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise Wrong
    if int(value) != value:
        raise Wrong
    return int(value)


Id = Annotated[str, key(255)]
SpanId = Annotated[str, key(128)]
Name = Annotated[str, text(255)]
Text = Annotated[str, text(MAX_TEXT)]
Path = Annotated[str, text(4096)]
Ms = Annotated[int, whole("a whole number of milliseconds", -MAX_MS, MAX_MS)]
Count = Annotated[int, whole("a whole number, 0 or more", 0, MAX_COUNT)]
Rate = Annotated[int, whole("samples a second, 1,000 to 384,000", 1_000, 384_000)]
Quantity = Annotated[float, field("a number, 0 or more", _quantity)]
Time = Annotated[datetime, field("an ISO 8601 time with a time zone, such as 2026-11-01T10:00:00Z", _time)]
Flag = Annotated[bool, field("true or false", _flag)]
Interval = Annotated[list[int], field("[start_ms, end_ms], whole numbers in order", _interval)]
Speaker = Annotated[str, choice("caller", "agent", aliases=ALIASES)]
Channel = Annotated[str, choice("caller", "agent", "mixed", aliases=ALIASES)]
Track = Annotated[str, choice("caller", "agent", "stereo", "mixed")]
TurnKind = Annotated[str, choice("turn", "backchannel", "tic", "side_speech", "noise", "farewell", "dtmf")]
Origin = Annotated[str, choice("production", "simulation", "upload")]
Medium = Annotated[str, choice("phone", "web", "app", "other")]
Architecture = Annotated[str, choice("speech_to_speech", "chained", "half_cascade", "unknown")]
HandoffKind = Annotated[str, choice("transfer", "delegation")]
Stage = Annotated[str, choice("end_of_turn_wait", "stt", "llm_first_token", "tool", "tts_first_byte", "transport")]
