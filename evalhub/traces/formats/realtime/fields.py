"""Picking values out of events that strangers logged: each function answers None (or nothing) for what is not there."""

from __future__ import annotations

import math
from typing import Any

from evalhub.evaluators import digest
from evalhub.traces.formats.native_fields import CONTROL, MAX_MS

MAX_ID = 255


def at(data: Any, *path: str) -> Any:
    """The value at this path of objects, or None."""
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def text(data: Any, *path: str) -> str | None:
    """The text there."""
    value = at(data, *path)
    return value if isinstance(value, str) else None


def key(data: Any, *path: str) -> str | None:
    """The id there; one that cannot be a key of a row is replaced by its hash."""
    value = text(data, *path)
    if not value:
        return None
    return value if len(value) <= MAX_ID and not CONTROL.search(value) else f"hash-{digest(value)}"


def name(data: Any, *path: str) -> str | None:
    """The name there, cut to the length of a name."""
    value = text(data, *path)
    return value[:MAX_ID] if value else None


def ms(data: Any, *path: str) -> int | None:
    """The number of milliseconds there."""
    value = amount(data, *path)
    return round(value) if value is not None and value <= MAX_MS else None


def amount(data: Any, *path: str) -> float | None:
    """The number there, 0 or more."""
    value = at(data, *path)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return value


def thing(data: Any, *path: str) -> dict[str, Any]:
    """The object there."""
    value = at(data, *path)
    return value if isinstance(value, dict) else {}


def listed(data: Any, *path: str) -> list[dict[str, Any]]:
    """The objects of the list there."""
    value = at(data, *path)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
