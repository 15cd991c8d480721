"""Argument matchers: a wanted value against the value a call was made with, as reasons a person can read.

An empty list of reasons means a match. Syntax: docs/native-format.md, "Argument matchers". Numbers compare by value
(1 = 1.0); strings and booleans never equal numbers.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

from evalhub.expectations import is_matcher, is_number
from evalhub.patterns import TooSlow, full_match

MISSING: Any = object()
"""stands for an argument that was not given"""
LONGEST_SHOWN = 80
SILENT = {code: None for code in range(128) if unicodedata.category(chr(code))[0] in "PZC"}
"""what `folded` leaves out of ASCII texts, most of all"""


def same(wanted: Any, got: Any) -> bool:
    """Deep equality of JSON values: numbers by value, and never equal to booleans or strings."""
    if is_number(wanted) and is_number(got):
        return bool(wanted == got)
    if isinstance(wanted, dict) and isinstance(got, dict):
        return wanted.keys() == got.keys() and all(same(value, got[key]) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) == len(got) and all(map(same, wanted, got))
    return type(wanted) is type(got) and bool(wanted == got)


def compare_object(wanted: dict[str, Any], got: Any, *, extra: bool, path: str = "") -> list[str]:
    """Reasons why an object is not the wanted one. `extra`: whether fields that nobody named are allowed."""
    if not isinstance(got, dict):
        return [_expected(path or "arguments", "an object", got)]
    reasons = [
        reason
        for name, value in wanted.items()
        for reason in compare(value, got.get(name, MISSING), extra=extra, path=_joined(path, name))
    ]
    unnamed = [] if extra else [name for name in got if name not in wanted]
    return reasons + [f"{_joined(path, name)}: not expected, got {shown(got[name])}" for name in unnamed]


def compare(wanted: Any, got: Any, *, extra: bool, path: str) -> list[str]:
    """Reasons why a value is not the wanted one; `got` may be MISSING."""
    if is_matcher(wanted):
        return _compare_matcher(wanted, got, extra=extra, path=path)
    if got is MISSING:
        return [_expected(path, describe(wanted), got)]
    if isinstance(wanted, dict):
        return compare_object(wanted, got, extra=extra, path=path)
    if isinstance(wanted, list):
        return _each(wanted, got, extra=extra, path=path)
    return [] if same(wanted, got) else [_expected(path, describe(wanted), got) + _otherwise_written(wanted, got)]


def _otherwise_written(wanted: Any, got: Any) -> str:
    """A hint where the two only differ in being a number or the text of one."""
    if is_number(wanted) and isinstance(got, str) and got == shown(wanted):
        return " (a text, not a number)"
    return " (a number, not a text)" if isinstance(wanted, str) and is_number(got) and wanted == shown(got) else ""


def _compare_matcher(matcher: dict[str, Any], got: Any, *, extra: bool, path: str) -> list[str]:
    if matcher.get("absent") is True:
        return [] if got is MISSING else [f"{path}: must not be given, got {shown(got)}"]
    if got is MISSING:
        return [] if matcher.get("optional") is True else [_expected(path, describe(matcher), got)]
    if "each" in matcher:
        rest = {word: value for word, value in matcher.items() if word != "each"}
        reasons = _each(matcher["each"], got, extra=extra, path=path)
        return reasons + (_compare_matcher(rest, got, extra=extra, path=path) if rest else [])
    try:
        if all(_fits(word, matcher, got, extra=extra) for word in matcher):
            return []
    except TooSlow as slow:
        return [f"{path}: {slow}"]
    return [_expected(path, describe(matcher), got) + _otherwise_written(matcher.get("equals"), got)]


def _fits(word: str, matcher: dict[str, Any], got: Any, *, extra: bool) -> bool:
    value = matcher[word]
    match word:
        case "equals":
            return same(value, got)
        case "one_of":
            return any(not compare(option, got, extra=extra, path="") for option in value)
        case "matches":
            return isinstance(got, str) and full_match(value, got)
        case "near":
            return is_number(got) and _is_near(value, matcher.get("within", 0), got)
        case "text":
            return isinstance(got, str) and folded(value) == folded(got)
        case "contains":
            return _contains(value, got, extra=extra)
        case _:  # any and optional are met by being there; within belongs to near
            return True


def _is_near(wanted: float, within: float, got: float) -> bool:
    try:
        return abs(wanted - got) <= within + 1e-9 * max(abs(wanted), abs(got))
    except OverflowError:  # a whole number that no float can hold lies near nothing but itself
        return wanted == got


def _contains(wanted: Any, got: Any, *, extra: bool) -> bool:
    if isinstance(got, list):
        return any(not compare(wanted, item, extra=extra, path="") for item in got)
    if isinstance(got, dict) and isinstance(wanted, dict):
        return not compare_object(wanted, got, extra=True)
    return isinstance(got, str) and isinstance(wanted, str) and wanted in got


def _each(wanted: list[Any], got: Any, *, extra: bool, path: str) -> list[str]:
    if not isinstance(got, list) or len(got) != len(wanted):
        return [_expected(path, describe(wanted), got)]
    pairs = enumerate(zip(wanted, got, strict=True))
    return [reason for index, (w, g) in pairs for reason in compare(w, g, extra=extra, path=f"{path}[{index}]")]


def folded(text: str) -> str:
    """A text without case, spaces and punctuation. Vowel signs and other marks are letters and stay."""
    if text.isascii():
        return text.lower().translate(SILENT)
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(sign for sign in plain if unicodedata.category(sign)[0] not in "PZC")


def shown(value: Any) -> str:
    """A value as JSON, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def describe(wanted: Any) -> str:
    """A wanted value or matcher, in words."""
    if not is_matcher(wanted):
        return shown(wanted)
    return " and ".join(_described(wanted)) or "any value"


def _described(matcher: dict[str, Any]) -> Iterator[str]:
    for word, value in matcher.items():
        match word:
            case "equals" | "each":
                yield shown(value)
            case "one_of":
                yield "one of " + ", ".join(describe(option) for option in value)
            case "matches":
                yield f"a text matching /{value}/"
            case "near":
                yield f"{value} ± {matcher.get('within', 0)}"
            case "text":
                yield f"{shown(value)} (in any spelling)"
            case "contains":
                yield f"something that contains {describe(value)}"


def _expected(path: str, wanted: str, got: Any) -> str:
    seen = "it is missing" if got is MISSING else f"got {shown(got)}"
    return f"{path}: expected {wanted}, {seen}"


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
