"""What a conversation should have come to, as its sender wrote it: the words of the format, and the check at the door.

Format: docs/native-format.md, "Function-call expectations". The check runs before a body is accepted, so a misspelled
switch is an error its sender sees, and not an expectation that silently never fails.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from evalhub.errors import Problem, describe
from evalhub.models import ToolCall
from evalhub.patterns import fault_of

MATCHER_WORDS = frozenset(
    {"equals", "one_of", "matches", "near", "within", "text", "any", "absent", "contains", "each", "optional"}
)
SECTIONS = ("function_calls", "stages", "end_state")
SWITCHES = {
    "order": ("any", "same"),
    "extra_calls": ("forbidden", "allowed"),
    "missing_calls": ("forbidden", "allowed"),
}
CALL_FIELDS = ("name", "arguments", "extra_arguments", "critical", "confirmed_first")
FORBIDDEN_FIELDS = ("name", "arguments", "extra_arguments")


def is_matcher(value: Any) -> bool:
    """Whether a value of an expectation is a matcher and not a literal: an object of matcher words only."""
    return isinstance(value, dict) and bool(value) and MATCHER_WORDS.issuperset(value)


def check_expectations(value: Any, path: str = "expectations") -> list[Problem]:
    """Every fault of an `expectations` object, each with its place; an empty list where it can be used."""
    return list(_expectations(value, path)) if value is not None else []


def usable(value: Any) -> dict[str, Any]:
    """The expectations, or none where they cannot be used: what is wrong with them, `function_calls` says."""
    return value if isinstance(value, dict) and not check_expectations(value) else {}


def as_made(calls: Iterable[ToolCall]) -> dict[str, Any]:
    """Expectations that these calls meet: where a person begins who says what should have been called."""
    made = [{"name": call.name, "arguments": _literal(call.arguments)} for call in calls]
    return {"function_calls": {"order": "any", "extra_calls": "forbidden", "calls": made, "forbidden": []}}


def _literal(arguments: Any) -> dict[str, Any]:
    """Arguments as matchers; those that look like one are marked as literal."""
    plain = arguments if isinstance(arguments, dict) else {}
    return {name: {"equals": value} if isinstance(value, dict) else value for name, value in plain.items()}


def _expectations(value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path, "an object", describe(value))
        return
    yield from unknown_fields(value, SECTIONS, path)
    if value.get("function_calls") is not None:
        yield from _function_calls(value["function_calls"], f"{path}.function_calls")
    stages = value.get("stages")
    if stages is not None and not (isinstance(stages, list) and all(isinstance(stage, str) for stage in stages)):
        yield Problem(f"{path}.stages", "a list of stage ids", describe(stages))
    if value.get("end_state") is not None and not isinstance(value["end_state"], dict):
        yield Problem(f"{path}.end_state", "an object", describe(value["end_state"]))


def _function_calls(value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path, "an object", describe(value))
        return
    yield from unknown_fields(value, (*SWITCHES, "calls", "forbidden"), path)
    for switch, allowed in SWITCHES.items():
        yield from _choice(value, switch, allowed, path)
    yield from _calls(value.get("calls"), CALL_FIELDS, f"{path}.calls")
    yield from _calls(value.get("forbidden"), FORBIDDEN_FIELDS, f"{path}.forbidden")


def _calls(value: Any, known: Collection[str], path: str) -> Iterator[Problem]:
    if value is None:
        return
    if not isinstance(value, list):
        yield Problem(path, "a list of calls", describe(value))
        return
    for index, call in enumerate(value):
        yield from _call(call, known, f"{path}[{index}]")


def check_entries(value: Any, path: str) -> Iterator[Problem]:
    """Faults of a list in a business rule: calls of functions, and agents to bring in (`{"agent": name}`)."""
    if value is not None and not isinstance(value, list):
        yield Problem(path, "a list of calls", describe(value))
        return
    for index, entry in enumerate(value or []):
        if isinstance(entry, dict) and "agent" in entry:
            yield from unknown_fields(entry, ("agent",), f"{path}[{index}]")
            if not isinstance(entry["agent"], str) or not entry["agent"]:
                yield Problem(f"{path}[{index}].agent", "the name of an agent", describe(entry["agent"]))
        else:
            yield from _call(entry, FORBIDDEN_FIELDS, f"{path}[{index}]")


def _call(value: Any, known: Collection[str], path: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path, 'an object such as {"name": "find_order"}', describe(value))
        return
    yield from unknown_fields(value, known, path)
    if not isinstance(value.get("name"), str) or not value["name"]:
        yield Problem(f"{path}.name", "the name of a function", describe(value.get("name")))
    yield from _choice(value, "extra_arguments", ("forbidden", "allowed"), path)
    for flag in ("critical", "confirmed_first"):
        if not isinstance(value.get(flag, False), bool):
            yield Problem(f"{path}.{flag}", "true or false", describe(value[flag]))
    arguments = value.get("arguments")
    if isinstance(arguments, dict):
        for name, wanted in arguments.items():
            if isinstance(wanted, (dict, list)):
                yield from _wanted(wanted, f"{path}.arguments.{name}")
    elif arguments is not None:
        yield Problem(f"{path}.arguments", "an object of argument names", describe(arguments))


def _wanted(value: Any, path: str) -> Iterator[Problem]:
    """Faults of a value or matcher, however deep."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, (dict, list)):
                yield from _wanted(item, f"{path}[{index}]")
    elif is_matcher(value):
        yield from _matcher(value, path)
    elif isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, (dict, list)):
                yield from _wanted(item, f"{path}.{name}")


def _matcher(value: dict[str, Any], path: str) -> Iterator[Problem]:
    for word, item in value.items():
        if word != "equals":
            yield from _matcher_word(word, item, f"{path}.{word}")
    if "within" in value and "near" not in value:
        yield Problem(path, "`near` beside `within`", describe(value))


def _matcher_word(word: str, item: Any, path: str) -> Iterator[Problem]:
    match word:
        case "any" | "absent" | "optional" if item is not True:
            yield Problem(path, "true", describe(item))
        case "near" | "within" if not is_number(item):
            yield Problem(path, "a number", describe(item))
        case "text" if not isinstance(item, str):
            yield Problem(path, "a text", describe(item))
        case "matches" if fault := fault_of(item):
            yield Problem(path, "a regular expression", fault)
        case "one_of" | "each" if not isinstance(item, list):
            yield Problem(path, "a list of values or matchers", describe(item))
        case "one_of" | "each" | "contains":
            yield from _wanted(item, path)


def is_number(value: Any) -> bool:
    """A JSON number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _choice(value: dict[str, Any], name: str, allowed: tuple[str, ...], path: str) -> Iterator[Problem]:
    if value.get(name) is not None and value[name] not in allowed:
        yield Problem(f"{path}.{name}", " | ".join(allowed), describe(value[name]))


def unknown_fields(value: dict[str, Any], known: Collection[str], path: str) -> Iterator[Problem]:
    """Fields that nobody knows, with what was perhaps meant."""
    for name in value:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, n=1, cutoff=0.6)
            hint = f" (did you mean `{close[0]}`?)" if close else ""
            place = f"{path}.{name}" if path else name
            yield Problem(place, "one of " + ", ".join(known) + hint, f"unknown field `{name}`")
