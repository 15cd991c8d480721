"""Values that clients send in no stable type: JSON in text, Python's repr in text, numbers as text."""

from __future__ import annotations

import ast
from typing import Any

import orjson

LONGEST_LITERAL = 100_000
"""Python's parser takes time and stack that grow with its input"""
BEYOND_MEANING = 1e21
"""no time in nanoseconds and no count comes near it; in other units it still fits into a float"""


def structured(value: Any) -> Any:
    """What a text holds: JSON, or else a Python literal; any other text, and what is no text, as it is."""
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return _literal(value)


def _literal(text: str) -> Any:
    if text.lstrip()[:1] not in "{[(" or len(text) > LONGEST_LITERAL:
        return text
    try:
        found = ast.literal_eval(text)
        return orjson.loads(orjson.dumps(found))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return text


def mapping(value: Any) -> dict[str, Any]:
    """An object, also where it came as text; {} for anything else."""
    found = structured(value)
    return found if isinstance(found, dict) else {}


def listing(value: Any) -> list[Any]:
    """A list, also where it came as text; [] for anything else."""
    found = structured(value)
    return found if isinstance(found, list) else []


def number(value: Any) -> float | None:
    """A number that can be meant, also where it came as text; None for anything else, such as "NOT_GIVEN"."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if abs(found) < BEYOND_MEANING else None


def words(value: Any) -> str | None:
    """Text that says something; None for anything else."""
    return value if isinstance(value, str) and value.strip() else None
