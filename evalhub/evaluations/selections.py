"""Judging a stored selection of calls: what that would come to, and doing it. The project's share and budget apply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.evaluations.drawing import calls_left_today, cost_of_a_call
from evalhub.evaluations.limits import Limits
from evalhub.evaluations.planning import AGAIN
from evalhub.evaluators import Evaluator
from evalhub.models import PENDING, RUNNING, Conversation, Evaluation, Project
from evalhub.settings import Settings

Ids = Select[Any]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What judging a selection would come to, before it is done."""

    matching: int
    """ended calls that match"""
    drawn: int
    """about how many of them the share and today's budget let through"""
    cost_usd: float | None
    """at most: what was asked before is not paid for again. None where nothing tells what a call costs"""


def preview(session: Session, project: Project, ids: Ids, settings: Settings) -> Preview:
    """Count and reckon; nothing is changed."""
    matching = session.scalar(select(func.count()).select_from(_ended(project.id, ids).subquery())) or 0
    limits = Limits.of(project)
    drawn = min(round(matching * limits.share), calls_left_today(session, project, settings))
    each = cost_of_a_call(session, project.id)
    return Preview(matching=matching, drawn=drawn, cost_usd=None if each is None else each * drawn)


def judge_again(session: Session, project_id: int, ids: Ids, evaluator: Evaluator) -> int:
    """Make the judge's evaluation of these calls due, also of calls that have none. Returns how many now wait.

    Those that wait or run already are left alone.
    """
    ended = _ended(project_id, ids).subquery()
    fixed = {
        "evaluator": evaluator.name,
        "version": evaluator.version,
        "config_hash": evaluator.config_hash,
        "kind_of_work": evaluator.kind_of_work,
        "status": PENDING,
        "attempt": 0,
    }
    rows = select(literal(project_id), ended.c.id, *(literal(value) for value in fixed.values()))
    statement = insert(Evaluation).from_select(["project_id", "conversation_id", *fixed], rows)
    statement = statement.on_conflict_do_update(
        index_elements=[column.name for column in Evaluation.__table__.primary_key],
        set_=AGAIN,
        where=Evaluation.status.not_in((PENDING, RUNNING)),
    )
    count = len(session.execute(statement.returning(Evaluation.conversation_id)).all())
    ask_for(session, "judge")
    return count


def _ended(project_id: int, ids: Ids) -> Select[Any]:
    return select(Conversation.id).where(
        Conversation.project_id == project_id, Conversation.state == "ended", Conversation.id.in_(ids)
    )
