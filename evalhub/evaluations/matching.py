"""Which conversations match which rules, and what those ask for.

Matching is one query for a batch of conversations and all rules; rules without a filter cost none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.db import one_of
from evalhub.evaluators import Evaluator
from evalhub.models import Conversation, EvaluationRule
from evalhub.traces.filters import Filters, conditions_by_name

Rules = tuple[EvaluationRule, ...]


def conditions_of(
    rule: EvaluationRule, project_id: int, among: Sequence[str] | None = None
) -> dict[str, ColumnElement[bool]]:
    """What a rule asks of a conversation, by the name of each filter."""
    return conditions_by_name(project_id, Filters.from_args(rule.filters), among=among)


def matches(rule: EvaluationRule, project_id: int, among: Sequence[str] | None = None) -> ColumnElement[bool]:
    """All that a rule asks of a conversation."""
    return and_(true(), *conditions_of(rule, project_id, among).values())


def matched_rules(
    session: Session, project_id: int, rules: Iterable[EvaluationRule], ids: Sequence[str]
) -> dict[str, Rules]:
    """The rules that each of these conversations matches, in the order in which they were given."""
    rules = tuple(rules)
    filtering = [rule for rule in rules if rule.filters]
    if not filtering:
        return dict.fromkeys(ids, rules)
    asked = [matches(rule, project_id, ids).label(f"rule_{index}") for index, rule in enumerate(filtering)]
    ours = (Conversation.project_id == project_id, one_of(Conversation.id, ids))
    found = {}
    for conversation_id, *answers in session.execute(select(Conversation.id, *asked).where(*ours)):
        refused = {rule.id for rule, is_match in zip(filtering, answers, strict=True) if not is_match}
        found[conversation_id] = tuple(rule for rule in rules if rule.id not in refused)
    return found


def evaluators_of(rule: EvaluationRule) -> list[Evaluator]:
    """The installed evaluators that a rule asks for, with the scorecard it names."""
    return list(_evaluators(tuple(rule.evaluators), rule.rubric))


@lru_cache(256)
def _evaluators(wanted: tuple[str, ...], rubric: str | None) -> tuple[Evaluator, ...]:
    kinds = [kind for name, kind in plugins.evaluators().items() if {name, kind.kind_of_work} & set(wanted)]
    return tuple(_configured(kind, rubric) for kind in kinds)


def _configured(kind: Any, rubric: str | None) -> Evaluator:
    takes_one = rubric and any(field.name == "rubric" for field in fields(kind))
    configured: Evaluator = kind(rubric=rubric) if takes_one else kind()
    return configured


def asks_judges(rule: EvaluationRule) -> bool:
    """Whether a rule asks for anything that costs money."""
    return any(evaluator.kind_of_work == "judge" for evaluator in evaluators_of(rule))
