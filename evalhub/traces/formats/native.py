"""The native format: one conversation as JSON, one a line, or a list of them (docs/native-format.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from evalhub.errors import BadInput, Problem, Unreadable
from evalhub.models import Conversation
from evalhub.traces.bodies import read_json
from evalhub.traces.formats import Parsed
from evalhub.traces.formats import native_schema as schema
from evalhub.traces.formats.native_build import build, by_position, name_items
from evalhub.traces.formats.native_faults import checked, odd
from evalhub.traces.formats.peek import first_object

NAME = "native"
TELLING = frozenset({"turns", "tool_calls", "recordings", "expectations", "voiced", "handoffs", "started_at", "prompt"})
FOREIGN = frozenset({"type", "object", "event", "message", "call", "data", "resourceSpans", "chat_history", "job_id"})
KNOWN = frozenset(schema.Conversation.model_fields)


def recognises(head: bytes, media_type: str | None) -> bool:  # noqa: ARG001  (the content decides)
    """Whether the first object looks like a conversation: it has an id, or lists that only this format has."""
    keys = first_object(head).keys()
    if keys & FOREIGN:
        return False
    return bool(keys & TELLING) or ("id" in keys and keys <= KNOWN)


def parse(body: bytes, conversation_id: str | None) -> Parsed:
    """Every conversation in a body. `conversation_id` names one that does not name itself.

    Raises:
        Unreadable: not JSON; names line and column.
        BadInput: any fault in any of the conversations; all of them are listed.
    """
    return Parsed(conversations=[conversation for conversation, _ in split(body, conversation_id)])


def split(body: bytes, conversation_id: str | None = None) -> list[tuple[Conversation, bytes]]:
    """Every conversation in a body, each with the bytes of itself alone.

    Raises:
        BadInput: as `parse`.
    """
    read, problems = [], []
    for place, value, warnings, own in _values(body):
        try:
            read.append((_conversation(value, warnings, conversation_id), own))
        except BadInput as fault:
            problems += [Problem(f"{place}{problem.path}", problem.expected, problem.got) for problem in fault.problems]
    if problems:
        raise BadInput("This is not a conversation in the native format.", problems)
    return read


def _values(body: bytes) -> Iterator[tuple[str, Any, list[dict[str, str]], bytes]]:
    """(place, value, warnings, bytes) of each conversation: a whole object, a list's items, or a line each."""
    lines = [(number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip()]
    if len(lines) > 1 and _is_object(lines[0][1]):
        for number, line in lines:
            warnings: list[dict[str, str]] = []
            yield f"line {number}: ", read_json(line, warnings, place=f"line {number}"), warnings, line
        return
    warnings = []
    value = read_json(body, warnings)
    if not isinstance(value, list):
        yield "", value, warnings, body
    elif not value:
        raise Unreadable("This file holds no conversation.", [Problem("body", "at least one conversation", "[]")])
    else:
        for index, item in enumerate(value):
            yield f"[{index}].", item, list(warnings), orjson.dumps(item)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line.removeprefix(b"\xef\xbb\xbf")), dict)
    except orjson.JSONDecodeError:
        return False


def _conversation(value: Any, warnings: list[dict[str, str]], conversation_id: str | None) -> Conversation:
    if isinstance(value, dict) and conversation_id is not None:
        value = {"id": conversation_id} | value
    body = checked(schema.Conversation, value)
    if conversation_id not in (None, body.id):
        raise BadInput("Another conversation.", [Problem("id", repr(conversation_id), repr(body.id))])
    name_items(body, by_position)
    warnings.extend(odd(body))
    return build(body, body.id, warnings)
