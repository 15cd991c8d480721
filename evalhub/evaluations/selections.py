"""Applying a rule to conversations that are stored: what that would come to, and doing it. A day's budget applies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.evaluations.drawing import DAYS_SEEN, calls_left_today, cost_of_a_call, drawn, sampled_out
from evalhub.evaluations.matching import asks_judges, evaluators_of, matches
from evalhub.evaluations.planning import AGAIN, BY_THE_BATCH, kind_of_work_of
from evalhub.evaluators import Evaluator
from evalhub.models import PENDING, RUNNING, Conversation, Evaluation, EvaluationRule, Project
from evalhub.settings import Settings

Ids = Select[Any]
KEY = [column.name for column in Evaluation.__table__.primary_key]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a rule would come to on a selection, before it is applied."""

    matching: int
    """ended calls that match"""
    drawn: int
    """how many of them its share takes"""
    left_today: int
    """how many calls today's budget still lets judges be asked about"""
    judges: int
    """connected judges that the rule asks"""
    asks_judges: bool
    each_usd: float | None
    """what all judges together cost a call, at most: what was asked before is not paid for again. None where nothing
    tells"""

    @property
    def taken(self) -> int:
        """How many calls would be evaluated today."""
        return min(self.drawn, self.left_today) if self.asks_judges else self.drawn

    @property
    def cost_usd(self) -> float | None:
        """What evaluating them costs."""
        return None if self.each_usd is None else self.each_usd * self.taken

    @property
    def usd_a_day(self) -> float | None:
        """What a day costs, where the selection is that of `lately`."""
        return None if self.each_usd is None else self.each_usd * self.drawn / DAYS_SEEN


def preview(session: Session, project: Project, rule: EvaluationRule, ids: Ids, settings: Settings) -> Preview:
    """Count and reckon; nothing is changed."""
    counts = select(func.count(), func.count().filter(drawn(rule.share)))
    matching, taken = session.execute(counts.where(*_ended(project.id, rule, ids))).one()
    return Preview(
        matching=matching,
        drawn=taken,
        left_today=calls_left_today(session, project, settings),
        judges=_connected_judges(rule, settings),
        asks_judges=asks_judges(rule),
        each_usd=cost_of_a_call(session, project.id),
    )


def lately(project_id: int) -> Ids:
    """The conversations of the last seven days."""
    return select(Conversation.id).where(*_lately(project_id))


def counts_lately(session: Session, project_id: int, rules: Sequence[EvaluationRule]) -> dict[int, tuple[int, int]]:
    """How many conversations of the last seven days match each rule, and how many of those it draws. One query."""
    matched = {rule.id: matches(rule, project_id) for rule in rules}
    columns = [func.count().filter(matched[rule.id]) for rule in rules]
    columns += [func.count().filter(matched[rule.id], drawn(rule.share)) for rule in rules]
    if not columns:
        return {}
    found = session.execute(select(*columns).where(*_lately(project_id), Conversation.state == "ended")).one()
    return {rule.id: (found[index], found[index + len(rules)]) for index, rule in enumerate(rules)}


def _lately(project_id: int) -> Sequence[Any]:
    since = datetime.now(UTC) - timedelta(days=DAYS_SEEN)
    return Conversation.project_id == project_id, Conversation.started_at >= since


def _connected_judges(rule: EvaluationRule, settings: Settings) -> int:
    models = {"listening_judge": settings.listening_model}
    judges = [evaluator.name for evaluator in evaluators_of(rule) if evaluator.kind_of_work == "judge"]
    return sum(bool(models.get(name, settings.judge_model)) for name in judges)


def apply_rule(session: Session, rule: EvaluationRule, ids: Ids) -> int:
    """Make what a rule asks for due on those of the conversations that match it and are drawn, also where nothing was
    planned. Returns how many conversations now wait. What waits or runs already is left alone; what is not drawn has
    a row that says so."""
    evaluators = evaluators_of(rule)
    ended = _ended(rule.project_id, rule, ids)
    waiting: set[str] = set()
    for evaluator in evaluators:
        waiting |= _make_due(session, rule, evaluator, select(Conversation.id).where(*ended, drawn(rule.share)))
        if rule.share < 1:
            _leave_out(session, rule, evaluator, select(Conversation.id).where(*ended, ~drawn(rule.share)))
    for job in BY_THE_BATCH.values():
        ask_for(session, job)  # the sweep hands out the rest
    return len(waiting)


def _make_due(session: Session, rule: EvaluationRule, evaluator: Evaluator, ids: Ids) -> set[str]:
    named = {"rule_id": rule.id, "rule_version": rule.version}
    statement = _insert(rule, evaluator, ids, {"status": PENDING, "attempt": 0}).on_conflict_do_update(
        index_elements=KEY, set_=AGAIN | named, where=Evaluation.status.not_in((PENDING, RUNNING))
    )
    return set(session.scalars(statement.returning(Evaluation.conversation_id)))


def _leave_out(session: Session, rule: EvaluationRule, evaluator: Evaluator, ids: Ids) -> None:
    said = {"attempt": 0} | sampled_out(rule.name, rule.share)
    session.execute(_insert(rule, evaluator, ids, said).on_conflict_do_nothing())


def _insert(rule: EvaluationRule, evaluator: Evaluator, ids: Ids, said: dict[str, Any]) -> Any:
    fixed = said | {
        "evaluator": evaluator.name,
        "version": evaluator.version,
        "config_hash": evaluator.config_hash,
        "config": evaluator.config,
        "rule_id": rule.id,
        "rule_version": rule.version,
    }
    calls = ids.subquery()
    values = [literal(value, JSONB) if isinstance(value, dict) else literal(value) for value in fixed.values()]
    rows = select(
        literal(rule.project_id), calls.c.id, kind_of_work_of(evaluator, rule.project_id, calls.c.id), *values
    )
    return insert(Evaluation).from_select(["project_id", "conversation_id", "kind_of_work", *fixed], rows)


def _ended(project_id: int, rule: EvaluationRule, ids: Ids) -> Sequence[Any]:
    """What conversations have to be for a rule to be applied to them."""
    ours = (Conversation.project_id == project_id, Conversation.state == "ended")
    return (*ours, Conversation.id.in_(ids), matches(rule, project_id))
