"""Reading JSON that strangers sent: what cannot be read says where, what could not be stored is made storable.

PostgreSQL stores no U+0000 in text or JSON: such a character is written out as the six characters `\\u0000`, with a
warning. Half of a surrogate pair, NaN and Infinity are no JSON and are refused with their place. Whole numbers beyond
64 bit are read as doubles, as JavaScript does.
"""

from __future__ import annotations

from typing import Any

import orjson

from evalhub.errors import Problem, Unreadable

MAX_DEPTH = 64
BOM = b"\xef\xbb\xbf"
SNIPPET = 24


def warning(path: str, message: str) -> dict[str, str]:
    """One thing that is odd but no reason to refuse, as a conversation keeps it."""
    return {"path": path, "message": message}


def read_json(body: bytes, warnings: list[dict[str, str]], *, place: str = "") -> Any:
    """The JSON value of these bytes; notes what had to be changed to be storable. `place` is put before each place.

    Raises:
        Unreadable: not JSON in UTF-8, or nested deeper than MAX_DEPTH levels; names line and column.
    """
    body = body.removeprefix(BOM)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _unreadable(body, error, place) from error
    _check_depth(value, place)
    if b"\\u0000" in body and (cleaned := without_nul(value)) != value:
        warnings.append(warning(place, "U+0000 cannot be stored and is written out as \\u0000"))
        return cleaned
    return value


def without_nul(value: Any) -> Any:
    """The same value, every U+0000 in it written out."""
    if isinstance(value, str):
        return value.replace("\x00", "\\u0000")
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    if isinstance(value, dict):
        return {without_nul(key): without_nul(item) for key, item in value.items()}
    return value


def _unreadable(body: bytes, error: orjson.JSONDecodeError, place: str) -> Unreadable:
    line, column, message = error.lineno, error.colno, error.msg
    if (broken := _not_utf8(body)) is not None:
        line, column, message = body.count(b"\n", 0, broken) + 1, broken - body.rfind(b"\n", 0, broken), "not UTF-8"
    where = f"{place or f'line {line}'}, column {column}"
    rest = body.decode(errors="replace").split("\n")[line - 1][column - 1 :][:SNIPPET]
    return Unreadable(
        f"This is not JSON: {where}: {message}.", [Problem(where, "JSON in UTF-8", repr(rest) if rest else "the end")]
    )


def _not_utf8(body: bytes) -> int | None:
    """Where these bytes stop being UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def _check_depth(value: Any, place: str) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise Unreadable(
        "This JSON is nested too deep.", [Problem(place or "body", f"at most {MAX_DEPTH} levels", "more levels")]
    )


def _children(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
