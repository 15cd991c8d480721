"""Judge evaluations as rows, by the batch: claimed and loaded, leases renewed, outcomes written. No query per call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
from sqlalchemy import func, select, tuple_, update
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from evalhub.evaluations import batching, drawing
from evalhub.evaluations.content import load_many
from evalhub.evaluations.context import judge_contexts, named_rubrics
from evalhub.evaluations.planning import is_due
from evalhub.evaluations.running import not_runnable, result_of
from evalhub.evaluations.writing import keep_answers, write_many
from evalhub.evaluators import Context, Outcome
from evalhub.models import FAILED, RUNNING, Conversation, Evaluation, JudgeAnswer, JudgeVersion
from evalhub.openai_client.batched import Batched
from evalhub.services import Services

UNWRITABLE = (DataError, psycopg.DataError, TypeError)
"""what a text of a model may hold and no row can: NUL, half a character"""
LEASE = timedelta(seconds=120)
KEY = tuple(Evaluation.__table__.primary_key)
Place = tuple[int, str]
"""project and conversation"""


@dataclass(frozen=True)
class Ask:
    """An evaluation that is to be run."""

    evaluation: Evaluation
    conversation: Conversation
    context: Context
    batched: Batched | None = None
    """where its questions go, if by the batch"""


@dataclass(frozen=True)
class Done:
    """An evaluation that was run, or that needed no running, and what is to be kept of it."""

    evaluation: Evaluation
    outcome: Outcome
    bought: Sequence[JudgeAnswer] = ()
    judges: Sequence[JudgeVersion] = ()
    batched: Batched | None = None


@dataclass
class Claimed:
    """What was claimed: to be run, and settled without."""

    asks: list[Ask] = field(default_factory=list)
    settled: list[tuple[Evaluation, Outcome]] = field(default_factory=list)


def claim(services: Services, owner: str, limit: int) -> Claimed:
    """Lease due judge evaluations and load what they need. Those that are not drawn are settled and written at once."""
    claimed = Claimed()
    with services.work() as session:
        evaluations = _lease(session, owner, limit)
        if not evaluations:
            return claimed
        conversations = _conversations(session, evaluations)
        contexts = judge_contexts(services, session, conversations)
        rubrics = named_rubrics(session, evaluations)
        draws = drawing.draws(session, evaluations, services.settings)
        batches = batching.answers(session, list(conversations)) if services.settings.judge_batch else None
        for evaluation in evaluations:
            place = _place(evaluation)
            settled = not_runnable(evaluation) or draws[evaluation.project_id].left_out(evaluation)
            if settled:
                claimed.settled.append((evaluation, settled))
            else:
                batched = None if batches is None else Batched(batches.get(place, {}))
                ask = _ask(evaluation, conversations[place], contexts[place], draws, batched)
                if named := (evaluation.config or {}).get("rubric"):
                    ask.context.rubric = rubrics[evaluation.project_id, named]
                claimed.asks.append(ask)
        write_many(session, [(one, outcome, result_of(one, outcome)) for one, outcome in claimed.settled])
    return claimed


def _lease(session: Session, owner: str, limit: int) -> list[Evaluation]:
    due = select(*KEY).where(Evaluation.kind_of_work == "judge", is_due())
    due = due.limit(limit).with_for_update(skip_locked=True)
    held = {
        "status": RUNNING,
        "lease_owner": owner,
        "lease_until": func.now() + LEASE,
        "started_at": func.now(),
        "attempt": Evaluation.attempt + 1,
    }
    statement = update(Evaluation).where(tuple_(*KEY).in_(due)).values(held).returning(Evaluation)
    return list(session.scalars(statement, execution_options={"synchronize_session": False}))


def _conversations(session: Session, evaluations: Sequence[Evaluation]) -> dict[Place, Conversation]:
    found: dict[Place, Conversation] = {}
    for project_id in {evaluation.project_id for evaluation in evaluations}:
        ids = {evaluation.conversation_id for evaluation in evaluations if evaluation.project_id == project_id}
        found |= {(project_id, one.id): one for one in load_many(session, project_id, sorted(ids))}
    return found


def _ask(
    evaluation: Evaluation,
    conversation: Conversation,
    shared: Context,
    draws: dict[int, drawing.Draw],
    batched: Batched | None,
) -> Ask:
    """An evaluation with a context of its own; what is the same for its conversation it shares."""
    draw = draws[evaluation.project_id]
    context = Context(
        settings=shared.settings,
        audio_path=shared.audio_path,
        rubric=shared.rubric,
        prices=shared.prices,
        shared=shared.shared,
        known=shared.known,
        ask_again=batched is None and draw.again(conversation.id),
    )
    context.details = draw.details(evaluation)
    return Ask(evaluation, conversation, context, batched)


def _place(evaluation: Evaluation) -> Place:
    return evaluation.project_id, evaluation.conversation_id


def finished(ask: Ask, outcome: Outcome) -> Done:
    """What is to be kept of a run."""
    return Done(ask.evaluation, outcome, ask.context.bought, list(ask.context.judges.values()), ask.batched)


def renew(services: Services, owner: str) -> None:
    """Hold on to everything that is still being worked on."""
    ours = update(Evaluation).where(
        Evaluation.kind_of_work == "judge", Evaluation.status == RUNNING, Evaluation.lease_owner == owner
    )
    with services.work() as session:
        session.execute(ours.values(lease_until=func.now() + LEASE), execution_options={"synchronize_session": False})


def write(services: Services, owner: str, done: Sequence[Done]) -> None:
    """Store what is still ours to store: outcome, scores, and the answers that were paid for in any case."""
    try:
        _write(services, owner, done)
    except UNWRITABLE:
        for one in done:
            _write_alone(services, owner, one)


def _write_alone(services: Services, owner: str, one: Done) -> None:
    """What the database cannot hold fails alone, and says so; the others of its batch are stored."""
    try:
        _write(services, owner, [one])
    except UNWRITABLE as error:
        reason = f"what the judge answered cannot be stored: {type(error).__name__}"
        _write(services, owner, [Done(one.evaluation, Outcome(status=FAILED, reason_code="unwritable", reason=reason))])


def _write(services: Services, owner: str, done: Sequence[Done]) -> None:
    with services.work() as session:
        holders = _holders(session, done)
        keep_answers(session, [(one.evaluation, one.bought, one.judges) for one in done if _key(one) in holders])
        written = [one for one in done if holders.get(_key(one)) == owner]
        write_many(session, [(one.evaluation, one.outcome, result_of(one.evaluation, one.outcome)) for one in written])
        batching.keep(session, [(one.evaluation, one.outcome, one.batched) for one in written if one.batched])


def _holders(session: Session, done: Sequence[Done]) -> dict[tuple[Any, ...], str | None]:
    """Who holds each evaluation now; those of deleted conversations are not there. They stay until the commit."""
    keys = sorted(_key(one) for one in done)
    rows = session.execute(select(*KEY, Evaluation.lease_owner).where(tuple_(*KEY).in_(keys)).with_for_update())
    return {tuple(row[:-1]): row.lease_owner for row in rows}


def _key(one: Done) -> tuple[Any, ...]:
    return tuple(getattr(one.evaluation, column.name) for column in KEY)
