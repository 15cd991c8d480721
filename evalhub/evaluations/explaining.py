"""Why a rule takes a conversation or not, in words: for its dry run, and for "why is there no score?"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.db import one_of
from evalhub.evaluations.drawing import is_drawn, number_of
from evalhub.evaluations.matching import conditions_of, evaluators_of
from evalhub.models import Conversation, Evaluation, EvaluationRule
from evalhub.traces.queries import SORTED_BY

TRIED = 20
NOT_SO = {
    "q": "nobody says “{}”",
    "agent": "the agent is not {}",
    "version": "the version is not {}",
    "from": "it began before {}",
    "to": "it began after {}",
    "origin": "its origin is not {}",
    "channel": "its channel is not {}",
    "architecture": "its architecture is not {}",
    "tag": "it has no tag {}",
    "audio yes": "it has no recording",
    "audio no": "it has a recording",
}
LATER = "It matches now, but did not when this call was planned: the rule was made, switched on or changed since."


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a rule would do with one conversation."""

    call: Any
    """id, started_at, agent_name, agent_version"""
    refusals: Sequence[str]
    """what it does not meet, in words; empty: it matches"""
    number: float
    """its number in [0, 1), to be held against the share"""
    is_drawn: bool


@dataclass(frozen=True, kw_only=True)
class Unplanned:
    """Evaluators that no rule asked for on a conversation, and why, rule by rule."""

    evaluators: Sequence[str]
    because: Sequence[tuple[str, str]]
    """name of a rule and what kept it; empty where no rule asks for these evaluators at all"""

    @property
    def count(self) -> int:
        """How many evaluators."""
        return len(self.evaluators)


def dry_run(session: Session, project_id: int, rule: EvaluationRule, limit: int = TRIED) -> list[Trial]:
    """What a rule would do with the latest conversations that are over. Nothing is written."""
    columns = (Conversation.id, Conversation.started_at, Conversation.agent_name, Conversation.agent_version)
    ended = select(*columns).where(Conversation.project_id == project_id, Conversation.state == "ended")
    calls = session.execute(ended.order_by(SORTED_BY.desc(), Conversation.id.desc()).limit(limit)).all()
    refused = refusals(session, project_id, [rule], [call.id for call in calls])
    return [
        Trial(
            call=call,
            refusals=refused[call.id][0],
            number=number_of(call.id),
            is_drawn=not refused[call.id][0] and is_drawn(call.id, rule.share),
        )
        for call in calls
    ]


def unplanned(
    session: Session, conversation: Conversation, evaluations: Iterable[Evaluation], rules: Sequence[EvaluationRule]
) -> list[Unplanned]:
    """The evaluators that have no row on a conversation that is over; those with the same reasons together.

    Args:
        rules: all of its project.
    """
    missing = sorted(plugins.evaluators().keys() - {evaluation.evaluator for evaluation in evaluations})
    if conversation.state != "ended" or not missing:
        return []
    refused = refusals(session, conversation.project_id, rules, [conversation.id])[conversation.id]
    said = {rule.id: _said(rule, refused[index]) for index, rule in enumerate(rules)}
    grouped: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name in missing:
        asking = [rule for rule in rules if name in {evaluator.name for evaluator in evaluators_of(rule)}]
        grouped.setdefault(tuple((rule.name, said[rule.id]) for rule in asking), []).append(name)
    return [Unplanned(evaluators=names, because=because) for because, names in grouped.items()]


def refusals(
    session: Session, project_id: int, rules: Sequence[EvaluationRule], ids: Sequence[str]
) -> dict[str, list[list[str]]]:
    """For each conversation, and for each rule in the order given, what the conversation does not meet. One query."""
    asked = [
        (index, name, condition) for index, rule in enumerate(rules) for name, condition in _of(rule, project_id, ids)
    ]
    columns = [func.coalesce(condition, False).label(f"c{number}") for number, (_, _, condition) in enumerate(asked)]
    ours = (Conversation.project_id == project_id, one_of(Conversation.id, ids))
    found: dict[str, list[list[str]]] = {one: [[] for _ in rules] for one in ids}
    for conversation_id, *answers in session.execute(select(Conversation.id, *columns).where(*ours)):
        for (index, name, _), is_met in zip(asked, answers, strict=True):
            if not is_met:
                found[conversation_id][index].append(_not_so(name, rules[index].filters[name]))
    return found


def _of(rule: EvaluationRule, project_id: int, ids: Sequence[str]) -> Iterable[tuple[str, Any]]:
    return conditions_of(rule, project_id, ids).items()


def _not_so(name: str, value: str) -> str:
    return NOT_SO.get(f"{name} {value}") or NOT_SO.get(name, "{}").format(value)


def _said(rule: EvaluationRule, refused: Sequence[str]) -> str:
    if not rule.enabled:
        return "It is switched off."
    return f"It does not match: {' and '.join(refused)}." if refused else LATER
