"""What somebody wants a rule to be, as a form or a program says it, checked before it becomes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.errors import BadInput, Problem, describe
from evalhub.evaluations.limits import number
from evalhub.models import EvaluationRule, Rubric
from evalhub.traces.filters import ARGUMENTS, Filters

KINDS = ("audio", "text", "judge")
KNOWN_AT_THE_END = ("q", "agent", "version", "from", "to", "origin", "channel", "architecture", "tag", "audio")
"""filters of what is known when a conversation ends: a rule decides then, before anything is scored or labeled"""
LONGEST_NAME = 80
LONGEST_FILTER = 500


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _are_texts(values: Any) -> bool:
    return all(isinstance(one, str) for one in values)


FIELDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "name": ("a text", lambda value: isinstance(value, str)),
    "filters": ("an object of texts", lambda value: isinstance(value, dict) and _are_texts(value.values())),
    "share": ("a number from 0 to 1", _is_share),
    "evaluators": ("a list of texts", lambda value: isinstance(value, list) and _are_texts(value)),
    "rubric": ("a text or null", lambda value: value is None or isinstance(value, str)),
    "enabled": ("true or false", lambda value: isinstance(value, bool)),
}
"""of a rule as JSON: what each has to be, and whether a value is that"""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A rule that may still be wrong."""

    name: str
    filters: dict[str, str]
    share: float
    evaluators: list[str]
    rubric: str | None = None

    @classmethod
    def of(cls, rule: EvaluationRule) -> Draft:
        """A rule as it is."""
        return cls(
            name=rule.name,
            filters=dict(rule.filters),
            share=rule.share,
            evaluators=list(rule.evaluators),
            rubric=rule.rubric,
        )

    @classmethod
    def from_form(cls, form: Mapping[str, str], evaluators: Sequence[str]) -> Draft:
        """As people fill it in: the share as percents, filters as in the address of a list.

        Raises:
            BadInput: the share is no number from 0 to 100.
        """
        share = number(form, "share", 100)
        if share is None:
            raise BadInput("A rule needs a share.", [Problem("share", "a number from 0 to 100", "nothing")])
        return cls(
            name=form.get("name", "").strip(),
            filters={name: form[name].strip() for name in ARGUMENTS if form.get(name, "").strip()},
            share=share / 100,
            evaluators=sorted(set(evaluators)),
            rubric=form.get("rubric") or None,
        )

    @classmethod
    def from_json(cls, body: Any) -> Draft:
        """As programs send it: a share from 0 to 1, filters as an object of texts.

        Raises:
            BadInput: a field is missing, of another type or not known; names every one.
        """
        if not isinstance(body, dict):
            raise BadInput("This is no evaluation rule.", [Problem("body", "an object", describe(body))])
        problems = [Problem(name, f"one of {', '.join(FIELDS)}", repr(name)) for name in body if name not in FIELDS]
        problems += [Problem(name, "a value", "nothing") for name in ("name", "evaluators") if name not in body]
        problems += [
            Problem(name, expected, describe(body[name]))
            for name, (expected, is_one) in FIELDS.items()
            if name in body and not is_one(body[name])
        ]
        if problems:
            raise BadInput("This is no evaluation rule.", problems)
        return cls(
            name=body["name"].strip(),
            filters={name: value.strip() for name, value in body.get("filters", {}).items() if value.strip()},
            share=float(body.get("share", 1.0)),
            evaluators=body["evaluators"],
            rubric=body.get("rubric"),
        )

    @property
    def meaning(self) -> dict[str, Any]:
        """What makes another version of a rule when it changes."""
        return {
            "filters": self.filters,
            "share": self.share,
            "evaluators": sorted(set(self.evaluators)),
            "rubric": self.rubric,
        }

    def as_rule(self, project_id: int, by: str = "") -> EvaluationRule:
        """The rule it would be, in memory."""
        return EvaluationRule(project_id=project_id, name=self.name, created_by=by, changed_by=by, **self.meaning)

    def check(self, session: Session, project_id: int) -> None:
        """That it can be a rule.

        Raises:
            BadInput: names everything that cannot be used.
        """
        problems = self.check_filters()
        if not 0 < len(self.name) <= LONGEST_NAME or not self.name.isprintable():
            problems.append(Problem("name", f"1 to {LONGEST_NAME} characters", repr(self.name[: LONGEST_NAME + 1])))
        if not self.evaluators:
            problems.append(Problem("evaluators", "at least one", "none"))
        known = {*KINDS, *plugins.evaluators()}
        problems += [
            Problem("evaluators", " | ".join(sorted(known)), repr(one)) for one in self.evaluators if one not in known
        ]
        if self.rubric and session.get(Rubric, (project_id, self.rubric)) is None:
            problems.append(Problem("rubric", "a scorecard of this project", repr(self.rubric)))
        if problems:
            raise BadInput("This rule cannot be used.", problems)

    def check_filters(self) -> list[Problem]:
        """What is wrong with the filters that can be told from a rule's point of view.

        Raises:
            BadInput: a value that no list would take.
        """
        expected = f"one of {', '.join(KNOWN_AT_THE_END)}: a rule decides when a call ends, before it is scored"
        Filters.from_args(self.filters)
        unknown = [Problem(name, expected, repr(name)) for name in self.filters if name not in KNOWN_AT_THE_END]
        long = [name for name, value in self.filters.items() if len(value) > LONGEST_FILTER]
        return unknown + [Problem(name, f"up to {LONGEST_FILTER} characters", "more") for name in long]
