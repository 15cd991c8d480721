"""Evaluation rules as rows: made, changed, switched, deleted, each with an entry in the audit log.

A rule says which conversations are evaluated (a filter), how many of them (a share) and by what (evaluators). Where
several rules ask for the same evaluation, the one that draws most counts. A project starts with two: code checks every
call, and judges, whose share is what people change, are asked about every call.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from evalhub.accounts.audit import audit
from evalhub.errors import Conflict, NotFound
from evalhub.evaluations.drawing import RULE_OFF
from evalhub.evaluations.rule_drafts import Draft
from evalhub.models import PENDING, SKIPPED, Evaluation, EvaluationRule

START = (("Checks by code", ["audio", "text"]), ("Judges", ["judge"]))


def install_rules(session: Session, project_id: int, by: str = "evalhub") -> None:
    """Give a new project the rules it starts with: everything on every call."""
    for name, evaluators in START:
        session.add(Draft(name=name, filters={}, share=1.0, evaluators=evaluators).as_rule(project_id, by))
    session.flush()


def rules_of(session: Session, project_id: int) -> list[EvaluationRule]:
    """Every rule of a project, in the order in which they were made."""
    return list(session.scalars(select(EvaluationRule).filter_by(project_id=project_id).order_by(EvaluationRule.id)))


def rules_in_force(session: Session, project_id: int) -> list[EvaluationRule]:
    """The rules that are switched on, those that draw most first."""
    ours = select(EvaluationRule).filter_by(project_id=project_id, enabled=True)
    return list(session.scalars(ours.order_by(EvaluationRule.share.desc(), EvaluationRule.id)))


def rule_of(session: Session, project_id: int, rule_id: int) -> EvaluationRule:
    """One rule.

    Raises:
        NotFound: this project has no such rule.
    """
    rule = session.get(EvaluationRule, (project_id, rule_id))
    if rule is None:
        raise NotFound("There is no such evaluation rule in this project.")
    return rule


def create_rule(session: Session, project_id: int, draft: Draft, *, by: str) -> EvaluationRule:
    """A new rule, for conversations that end from now on.

    Raises:
        BadInput: something in it cannot be used.
        Conflict: another rule has this name.
    """
    draft.check(session, project_id)
    _check_name(session, project_id, draft.name, None)
    rule = draft.as_rule(project_id, by)
    session.add(rule)
    session.flush()
    audit(session, project_id, by, "rule.created", rule.name, rule=rule.id, **draft.meaning)
    return rule


def change_rule(session: Session, rule: EvaluationRule, draft: Draft, *, by: str) -> None:
    """What holds for conversations that end from now on; a new version where it means something else than before.

    Raises:
        BadInput: something in it cannot be used.
        Conflict: another rule has this name.
    """
    draft.check(session, rule.project_id)
    _check_name(session, rule.project_id, draft.name, rule.id)
    rule.version += draft.meaning != Draft.of(rule).meaning
    rule.name = draft.name
    for name, value in draft.meaning.items():
        setattr(rule, name, value)
    _sign(rule, by)
    told = {"rule": rule.id, "version": rule.version} | draft.meaning
    audit(session, rule.project_id, by, "rule.changed", rule.name, **told)
    session.flush()


def switch_rule(session: Session, rule: EvaluationRule, *, on: bool, by: str) -> None:
    """Switch a rule on or off. What still waits because of it is left alone when it goes off."""
    if rule.enabled != on:
        rule.enabled = on
        _sign(rule, by)
        if on:
            audit(session, rule.project_id, by, "rule.switched_on", rule.name, rule=rule.id)
        else:
            audit(session, rule.project_id, by, "rule.switched_off", rule.name, rule=rule.id)
        session.flush()
    if not on:
        _stop_waiting(session, rule, "switched off")


def delete_rule(session: Session, rule: EvaluationRule, *, by: str) -> None:
    """Delete a rule; scores that are there stay."""
    _stop_waiting(session, rule, "deleted")
    audit(session, rule.project_id, by, "rule.deleted", rule.name, rule=rule.id)
    session.delete(rule)
    session.flush()


def _sign(rule: EvaluationRule, by: str) -> None:
    rule.changed_by, rule.changed_at = by, datetime.now(UTC)


def _stop_waiting(session: Session, rule: EvaluationRule, what: str) -> None:
    waiting = update(Evaluation).where(
        Evaluation.project_id == rule.project_id, Evaluation.rule_id == rule.id, Evaluation.status == PENDING
    )
    reason = f"the rule “{rule.name}” was {what} while this waited"
    result = {"status": SKIPPED, "reason_code": RULE_OFF, "reason": reason, "finished_at": func.now()}
    session.execute(waiting.values(result | {"not_before": None}))


def _check_name(session: Session, project_id: int, name: str, own: int | None) -> None:
    same = session.scalar(select(EvaluationRule.id).filter_by(project_id=project_id, name=name))
    if same not in (None, own):
        raise Conflict(f"There is a rule “{name}” already. Give this one another name.")
