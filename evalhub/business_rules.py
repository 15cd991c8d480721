"""Business rules: what must and must not be called when a caller asks for something. Their syntax, and its check.

A project keeps its rules as one TOML text; `evalhub score --rules FILE` reads the same from a file. Each `[[rules]]`
has the fields of `BusinessRule`. Syntax and meaning: docs/native-format.md, "Business rules".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from evalhub.errors import Problem, describe
from evalhub.expectations import check_entries, unknown_fields
from evalhub.written import read_toml

MOST_RULES = 200
ENTRIES = ("when_called", "must_call", "must_not_call", "only_after")
ASKS = ("must_call", "must_not_call", "confirmed_first", "only_after", "verified")


@dataclass(frozen=True, kw_only=True)
class BusinessRule:
    """One rule. Entries are `{name, arguments}` of a function, or `{agent}` another agent that is to be brought in."""

    key: str
    title: str
    when_caller_says: tuple[str, ...] = ()
    """phrases; any of them makes the rule apply. `*` stands for up to four words, `cancel*` for any ending"""
    when_called: tuple[dict[str, Any], ...] = ()
    must_call: tuple[dict[str, Any], ...] = ()
    must_not_call: tuple[dict[str, Any], ...] = ()
    confirmed_first: bool = False
    """the caller has to agree in words before each call that the rule is about"""
    only_after: tuple[dict[str, Any], ...] = ()
    """one of these has to have succeeded before"""
    verified: tuple[str, ...] = ()
    """arguments whose value an earlier call that succeeded has to have confirmed"""


def parse_rules(text: str, name: str = "The rules") -> tuple[BusinessRule, ...]:
    """The rules of a TOML text.

    Raises:
        BadInput: it is no TOML, or a rule is wrong; names every fault with its place.
    """
    content = read_toml(text, name, _problems)
    return tuple(BusinessRule(**{k: _frozen(v) for k, v in rule.items()}) for rule in content.get("rules", []))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _problems(content: dict[str, Any]) -> Iterator[Problem]:
    yield from unknown_fields(content, ("rules",), "")
    rules = content.get("rules", [])
    if not isinstance(rules, list) or len(rules) > MOST_RULES or not all(isinstance(rule, dict) for rule in rules):
        yield Problem("rules", f"at most {MOST_RULES} [[rules]]", describe(rules))
        return
    keys = [rule.get("key") for rule in rules]
    for index, rule in enumerate(rules):
        path = f"rules[{index}]"
        if rule.get("key") in keys[:index]:
            yield Problem(f"{path}.key", "a key of its own", describe(rule["key"]))
        yield from _rule(rule, path)


def _rule(rule: dict[str, Any], path: str) -> Iterator[Problem]:
    yield from unknown_fields(rule, tuple(field.name for field in fields(BusinessRule)), path)
    for name in ("key", "title"):
        if not isinstance(rule.get(name), str) or not rule[name].strip():
            yield Problem(f"{path}.{name}", "a text", describe(rule.get(name)))
    for name in ("when_caller_says", "verified"):
        if not _are_texts(rule.get(name, [])):
            yield Problem(f"{path}.{name}", "a list of texts", describe(rule[name]))
    for name in ENTRIES:
        yield from check_entries(rule.get(name), f"{path}.{name}")
    if not isinstance(rule.get("confirmed_first", False), bool):
        yield Problem(f"{path}.confirmed_first", "true or false", describe(rule["confirmed_first"]))
    yield from _of_no_use(rule, path)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and text.strip(" *") for text in value)


def _of_no_use(rule: dict[str, Any], path: str) -> Iterator[Problem]:
    """A rule that could never fail is a mistake."""
    if not any(rule.get(name) for name in ASKS):
        yield Problem(path, f"one of {', '.join(ASKS)}", "a rule that asks for nothing")
    needs_calls = [name for name in ("confirmed_first", "only_after", "verified") if rule.get(name)]
    if needs_calls and not (rule.get("when_called") or rule.get("must_call")):
        yield Problem(f"{path}.{needs_calls[0]}", "`when_called` or `must_call` beside it", "no call it could be about")
