"""What is wrong or unknown in a native body, every fault at once: the place, what was expected, what was there."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from evalhub.errors import BadInput, Problem, describe
from evalhub.expectations import check_expectations
from evalhub.traces.bodies import warning
from evalhub.traces.formats.native_schema import Conversation, Known

Body = TypeVar("Body", bound=Known)

EXPECTED = {
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
    "list_type": "a list",
    "too_long": "at most {max_length:,} items",
}
LISTS_BY_ID = ("turns", "tool_calls", "handoffs", "guardrail_trips", "stage_timings", "usage", "feedback")
POINTING = ("tool_calls", "guardrail_trips", "stage_timings", "usage")


def checked(kind: type[Body], value: Any) -> Body:
    """The body as an object of its kind.

    Raises:
        BadInput: it is wrong; holds every fault found.
    """
    if not isinstance(value, dict):
        raise BadInput("This is not what it should be.", [Problem("body", "an object", describe(value))])
    problems = check_expectations(value.get("expectations"), "expectations")
    try:
        body = kind.model_validate(value)
        problems += doubled(body) if isinstance(body, Conversation) else ()
    except ValidationError as error:
        problems += problems_of(error)
    if problems:
        raise BadInput("This is not in the native format.", problems)
    return body


def problems_of(error: ValidationError) -> list[Problem]:
    """Each fault pydantic found, in our words."""
    return [_problem(found) for found in error.errors(include_url=False)]


def _problem(found: ErrorDetails) -> Problem:
    path = path_of(found["loc"])
    if found["type"] == "missing":
        return Problem(path, "a value, this field is required", "nothing")
    expected = found["msg"] if found["type"] == "expected" else _in_words(found)
    got = f"{len(found['input']):,} items" if found["type"] == "too_long" else describe(found["input"])
    return Problem(path, expected, got)


def _in_words(found: ErrorDetails) -> str:
    return EXPECTED.get(found["type"], found["msg"]).format(**found.get("ctx", {}))


def path_of(place: tuple[int | str, ...]) -> str:
    """`("turns", 3, "start_ms")` as `turns[3].start_ms`."""
    path = ""
    for step in place:
        if step != "[key]":
            path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path or "body"


def doubled(body: Conversation) -> Iterator[Problem]:
    """Items that share an id, which would become one."""
    for name in LISTS_BY_ID:
        first: dict[str, int] = {}
        for index, item in enumerate(getattr(body, name) or []):
            if item.id is not None and first.setdefault(item.id, index) != index:
                yield Problem(
                    f"{name}[{index}].id", f"an id that {name}[{first[item.id]}] does not have", repr(item.id)
                )
    tracks = [recording.track for recording in body.recordings or []]
    for index, track in enumerate(tracks):
        if track in tracks[:index]:
            yield Problem(f"recordings[{index}].track", "one recording a track", repr(track))


def odd(body: Conversation) -> Iterator[dict[str, str]]:
    """What may be right, but rarely is: turns that nobody sent yet, times before the start."""
    turn_ids = {turn.id for turn in body.turns or []}
    for name in POINTING:
        for index, item in enumerate(getattr(body, name) or []):
            if item.turn_id is not None and item.turn_id not in turn_ids:
                yield warning(f"{name}[{index}].turn_id", f"no turn here has the id `{item.turn_id}`")
    for index, turn in enumerate(body.turns or []):
        if (turn.start_ms or 0) < 0:
            yield warning(f"turns[{index}].start_ms", f"{turn.start_ms} is before the start of the conversation")


def take_unknown(body: Known, warnings: list[dict[str, str]]) -> dict[str, Any]:
    """Remove every field that nobody knows from `body`; returns them by place, and adds a warning for each."""
    taken: dict[str, Any] = {}
    for place, stable_place, thing in _objects(body):
        for name, value in list((thing.model_extra or {}).items()):
            path = f"{place}.{name}" if place else name
            warnings.append(warning(path, _unknown(path, name, thing)))
            taken[f"{stable_place}.{name}" if stable_place else name] = value
            del (thing.model_extra or {})[name]
    return taken


def _unknown(path: str, name: str, thing: Known) -> str:
    known = [field.alias or key for key, field in type(thing).model_fields.items()]
    nearest = difflib.get_close_matches(name, known, 1, cutoff=0.6)
    return f"unknown field `{path}`" + (f", did you mean `{nearest[0]}`?" if nearest else "")


def _objects(thing: Known, place: str = "", stable: str = "") -> Iterator[tuple[str, str, Known]]:
    """Every object inside: where it is in this body, where it is by ids, and itself."""
    yield place, stable, thing
    for key in type(thing).model_fields:
        value = getattr(thing, key)
        if isinstance(value, Known):
            yield from _objects(value, f"{place}.{key}" if place else key, f"{stable}.{key}" if stable else key)
        for index, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, Known):
                name = getattr(item, "id", None) or getattr(item, "track", None) or index
                yield from _objects(
                    item, f"{place and place + '.'}{key}[{index}]", f"{stable and stable + '.'}{key}.{name}"
                )
