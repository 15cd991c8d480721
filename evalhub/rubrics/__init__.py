"""The rubric library: ready scorecards, one TOML file each, and how a scorecard becomes a rubric version.

A file holds `key`, `title`, `description` and `[[criteria]]` with the fields of `CriterionDefinition`. Adding a file
adds a rubric. What a criterion's fields mean: `evalhub.models.Criterion`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, Field, asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from evalhub.errors import BadInput, Problem, describe
from evalhub.evaluators import digest
from evalhub.models import Criterion, RubricVersion

FOLDER = Path(__file__).parent
CHOICES = {
    "type": ("boolean", "ordinal", "categorical"),
    "applies_to": ("conversation", "turn", "tool_call"),
    "modality": ("transcript", "audio", "both"),
    "shown": ("nothing", "moment", "text"),
}


@dataclass(frozen=True, kw_only=True)
class CriterionDefinition:
    """One question of a scorecard, as its file states it."""

    key: str
    title: str
    question: str
    type: str = "boolean"
    levels: tuple[dict[str, Any], ...] = ()
    applies_to: str = "conversation"
    modality: str = "transcript"
    shown: str = "nothing"
    allow_na: bool = True
    auto_fail: bool = False
    weight: float = 1.0
    is_fail: tuple[str, ...] = ()
    is_not_fail: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RubricDefinition:
    """A scorecard, as its file states it."""

    key: str
    title: str
    description: str = ""
    criteria: tuple[CriterionDefinition, ...]


@cache
def load_library() -> dict[str, RubricDefinition]:
    """Every ready rubric by key, in the order of their file names."""
    found = (load_file(path) for path in sorted(FOLDER.glob("*.toml")))
    return {definition.key: definition for definition in found}


def load_file(path: Path) -> RubricDefinition:
    """The rubric of one file.

    Raises:
        BadInput: the file is no TOML or no rubric; names the file, and the place of every fault.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path.name} is no TOML: {error}.") from None
    return to_definition(content, f"{path.name} is no rubric.")


def to_definition(content: dict[str, Any], refusal: str) -> RubricDefinition:
    """The rubric that plain data states, as a file or a form gave it.

    Raises:
        BadInput: it states none; says `refusal`, and the place of every fault.
    """
    if problems := list(_problems(content)):
        raise BadInput(refusal, problems)
    criteria = tuple(CriterionDefinition(**_frozen(criterion)) for criterion in content["criteria"])
    return RubricDefinition(**(content | {"criteria": criteria}))


def definition_hash(definition: RubricDefinition) -> str:
    """A short name of what a rubric asks: the same as long as no word of it changes."""
    return digest(asdict(definition))


def to_version(definition: RubricDefinition, number: int) -> RubricVersion:
    """A rubric version in memory, with its criteria in the file's order."""
    criteria = [
        Criterion(**_listed(criterion), rubric=definition.key, version=number, position=position)
        for position, criterion in enumerate(definition.criteria)
    ]
    return RubricVersion(
        rubric=definition.key, number=number, definition_hash=definition_hash(definition), criteria=criteria
    )


def _problems(content: dict[str, Any]) -> Iterator[Problem]:
    yield from _fields_of(content, RubricDefinition, "")
    criteria = content.get("criteria")
    if not isinstance(criteria, list) or not criteria or not all(isinstance(one, dict) for one in criteria):
        yield Problem("criteria", "at least one [[criteria]]", describe(criteria))
        return
    seen: set[Any] = set()
    for index, criterion in enumerate(criteria):
        path = f"criteria[{index}]."
        yield from _fields_of(criterion, CriterionDefinition, path)
        yield from _choices(criterion, path)
        if criterion.get("key") in seen:
            yield Problem(f"{path}key", "a key of its own", describe(criterion.get("key")))
        seen.add(criterion.get("key"))


def _fields_of(content: dict[str, Any], kind: Any, path: str) -> Iterator[Problem]:
    known = {field.name: field for field in fields(kind)}
    for name in sorted(content.keys() - known.keys()):
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" (did you mean `{close[0]}`?)" if close else ""
        yield Problem(f"{path}{name}", f"one of {', '.join(known)}{hint}", "an unknown key")
    for name, field in known.items():
        is_needed = field.default is MISSING and name != "criteria"
        if is_needed and content.get(name, "") == "":
            yield Problem(f"{path}{name}", "a text", "nothing")
        elif name in content:
            yield from _of_its_type(content[name], field, f"{path}{name}")


def _of_its_type(value: Any, field: Field[Any], path: str) -> Iterator[Problem]:
    kinds: dict[str, tuple[type, ...]] = {"str": (str,), "bool": (bool,), "float": (int, float)}
    right = isinstance(value, kinds.get(str(field.type), (list,)))
    if not right or (field.type == "float" and (isinstance(value, bool) or value < 0)):
        names = {"str": "a text", "bool": "true or false", "float": "a number from 0 on"}
        yield Problem(path, names.get(str(field.type), "a list"), describe(value))


def _choices(criterion: dict[str, Any], path: str) -> Iterator[Problem]:
    for name, allowed in CHOICES.items():
        if criterion.get(name, allowed[0]) not in allowed:
            yield Problem(f"{path}{name}", " | ".join(allowed), describe(criterion[name]))
    levels = criterion.get("levels") or []
    graded = criterion.get("type") in ("ordinal", "categorical")
    if graded and len(levels) < 2:
        yield Problem(f"{path}levels", "two levels or more, each with value and label", describe(levels))
    for index, level in enumerate(levels if isinstance(levels, list) else []):
        if not isinstance(level, dict) or not {"value", "label"} <= level.keys():
            yield Problem(f"{path}levels[{index}]", "a table with value and label", describe(level))
        elif criterion.get("type") == "ordinal" and not _is_number(level["value"]):
            yield Problem(f"{path}levels[{index}].value", "a number: levels of a scale have an order", describe(level))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _frozen(criterion: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in criterion.items()}


def _listed(criterion: CriterionDefinition) -> dict[str, Any]:
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(criterion).items()}
    return plain | {"levels": plain["levels"] or None, "weight": float(criterion.weight)}
