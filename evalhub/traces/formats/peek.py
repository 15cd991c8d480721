"""Looking at the start of a body, which may be cut anywhere, to tell what format it is."""

from __future__ import annotations

import re
from typing import Any

import orjson

TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
OPENING = {b"{": dict, b"[": list}


def first_object(head: bytes) -> dict[str, Any]:
    """The fields of the first JSON object in `head`, also where it is cut short.

    Returns:
        Scalars as they are (None where cut), `dict` or `list` in place of objects and lists; empty without an object.
    """
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n[")
    return _fields(start) if start.startswith(b"{") else {}


def _fields(text: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    depth, key, before = 0, "", b""
    for token in TOKEN.findall(text):
        if depth == 1 and before == b":":
            found[key] = OPENING.get(token) or _scalar(token)
        elif depth == 1 and before in (b"{", b",") and token.startswith(b'"'):
            key = str(_scalar(token))
        depth += (token in OPENING) - (token in (b"}", b"]"))
        if depth == 0:
            break
        before = token
    return found


def _scalar(token: bytes) -> Any:
    try:
        return orjson.loads(token)
    except orjson.JSONDecodeError:
        return None
