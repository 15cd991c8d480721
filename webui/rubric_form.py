"""A scorecard as a form: one block of fields per question, read back as the plain data a rubric is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evalhub.rubrics import RubricDefinition, to_definition

MOST = 60
LISTS = ("is_fail", "is_not_fail")
TEXTS = ("key", "title", "question", "type", "applies_to", "modality", "shown")


def read(form: Mapping[str, str], key: str) -> RubricDefinition:
    """The scorecard that was filled in.

    Raises:
        BadInput: it is none; with the place of every fault.
    """
    return to_definition(filled(form, key), "This scorecard cannot be published.")


def filled(form: Mapping[str, str], key: str) -> dict[str, Any]:
    """What was filled in, right or wrong, to be checked or shown again."""
    named = {"key": key, "title": _line(form, "title"), "description": _line(form, "description")}
    return named | {"criteria": list(_criteria(form))}


def key_of(title: str) -> str:
    """A name for addresses and exports, made of a title."""
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:60]


def levels_text(levels: Iterable[Mapping[str, Any]]) -> str:
    """Levels as lines: value | label | anchor."""
    return "\n".join(f"{one['value']} | {one['label']} | {one.get('anchor', '')}" for one in levels)


def _criteria(form: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The questions in the order of the form; a block without a question, or taken away, is none."""
    for index in range(MOST):
        given = {name: _line(form, f"{index}.{name}") for name in TEXTS}
        if given["question"] and not form.get(f"{index}.remove"):
            yield _criterion(form, index, given)


def _criterion(form: Mapping[str, str], index: int, given: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = given | {"key": given["key"] or key_of(given["title"]), "levels": []}
    found |= {name: _lines(form, f"{index}.{name}") for name in LISTS}
    found |= {name: f"{index}.{name}" in form for name in ("allow_na", "auto_fail")}
    weight = _line(form, f"{index}.weight").replace(",", ".")
    found["weight"] = float(weight) if re.fullmatch(r"\d{1,4}(\.\d{1,3})?", weight) else weight
    if given["type"] in ("ordinal", "categorical"):
        found["levels"] = [_level(line, given["type"]) for line in _lines(form, f"{index}.levels")]
    return found


def _level(line: str, kind: str) -> dict[str, Any]:
    value, label, anchor = [*(part.strip() for part in line.split("|", 2)), "", ""][:3]
    number = kind == "ordinal" and value.lstrip("-").isdecimal() and len(value) < 8
    return {"value": int(value) if number else value, "label": label or value, "anchor": anchor}


def _line(form: Mapping[str, str], name: str) -> str:
    return " ".join(form.get(name, "").replace("\x00", "").split())[:2000]


def _lines(form: Mapping[str, str], name: str) -> list[str]:
    lines = form.get(name, "").replace("\x00", "").splitlines()
    return [line.strip()[:2000] for line in lines if line.strip()][:50]
