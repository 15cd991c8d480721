"""Evaluations as rows, by the batch: held by lease, their conversations loaded, outcomes written. No query per call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from sqlalchemy import func, select, update
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from evalhub.evaluations import batching
from evalhub.evaluations.content import load_many
from evalhub.evaluations.context import Place
from evalhub.evaluations.planning import is_due
from evalhub.evaluations.running import result_of
from evalhub.evaluations.writing import keep_answers, keys_of, same_key, write_many
from evalhub.evaluators import Outcome
from evalhub.models import FAILED, RUNNING, Conversation, Evaluation, JudgeAnswer, JudgeVersion
from evalhub.openai_client.batched import Batched
from evalhub.services import Services

UNWRITABLE = (DataError, psycopg.DataError, TypeError)
"""what a text of a model may hold and no row can: NUL, half a character"""
KEY = tuple(Evaluation.__table__.primary_key)


@dataclass(frozen=True)
class Done:
    """An evaluation that was run, or that needed no running, and what is to be kept of it."""

    evaluation: Evaluation
    outcome: Outcome
    bought: Sequence[JudgeAnswer] = ()
    judges: Sequence[JudgeVersion] = ()
    batched: Batched | None = None


def lease(session: Session, owner: str, kind_of_work: str, limit: int, for_: timedelta) -> list[Evaluation]:
    """Hold up to `limit` due evaluations of one kind of work, of any conversation."""
    due = select(*KEY).where(Evaluation.kind_of_work == kind_of_work, is_due())
    due = due.limit(limit).with_for_update(skip_locked=True)
    held = {
        "status": RUNNING,
        "lease_owner": owner,
        "lease_until": func.now() + for_,
        "started_at": func.now(),
        "attempt": Evaluation.attempt + 1,
    }
    held_ones = due.cte("due")
    mine = (column == held_ones.c[column.name] for column in KEY)
    statement = update(Evaluation).where(*mine).values(held).returning(Evaluation)
    return list(session.scalars(statement, execution_options={"synchronize_session": False}))


def conversations_of(session: Session, evaluations: Sequence[Evaluation]) -> dict[Place, Conversation]:
    """What these evaluations read; conversations that were deleted are not there."""
    found: dict[Place, Conversation] = {}
    for project_id in {evaluation.project_id for evaluation in evaluations}:
        ids = {evaluation.conversation_id for evaluation in evaluations if evaluation.project_id == project_id}
        found |= {(project_id, one.id): one for one in load_many(session, project_id, sorted(ids))}
    return found


def place_of(evaluation: Evaluation) -> Place:
    return evaluation.project_id, evaluation.conversation_id


def write(services: Services, owner: str, done: Sequence[Done], *, repeatable: bool = False) -> None:
    """Store what is still ours to store: outcome, scores, and the answers that were paid for in any case.

    Args:
        repeatable: what came out can be had again for nothing, so that nobody waits for the disk.
    """
    try:
        _write(services, owner, done, repeatable=repeatable)
    except UNWRITABLE:
        for one in done:
            _write_alone(services, owner, one)


def _write_alone(services: Services, owner: str, one: Done) -> None:
    """What the database cannot hold fails alone, and says so; the others of its batch are stored."""
    try:
        _write(services, owner, [one])
    except UNWRITABLE as error:
        reason = f"what came out cannot be stored: {type(error).__name__}"
        _write(services, owner, [Done(one.evaluation, Outcome(status=FAILED, reason_code="unwritable", reason=reason))])


def _write(services: Services, owner: str, done: Sequence[Done], *, repeatable: bool = False) -> None:
    with services.work(repeatable=repeatable) as session:
        holders = _holders(session, done)
        keep_answers(session, [(one.evaluation, one.bought, one.judges) for one in done if _key(one) in holders])
        written = [one for one in done if holders.get(_key(one)) == owner]
        write_many(session, [(one.evaluation, one.outcome, result_of(one.evaluation, one.outcome)) for one in written])
        batching.keep(session, [(one.evaluation, one.outcome, one.batched) for one in written if one.batched])


def _holders(session: Session, done: Sequence[Done]) -> dict[tuple[Any, ...], str | None]:
    """Who holds each evaluation now; those of deleted conversations are not there. They stay until the commit."""
    wanted = keys_of([one.evaluation for one in done])
    rows = session.execute(
        select(*KEY, Evaluation.lease_owner).where(same_key(Evaluation, wanted)).with_for_update(of=Evaluation)
    )
    return {tuple(row[:-1]): row.lease_owner for row in rows}


def _key(one: Done) -> tuple[Any, ...]:
    return tuple(getattr(one.evaluation, column.name) for column in KEY)
