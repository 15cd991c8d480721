"""Working off due evaluations: claim by lease, run, write the result only while still holding it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from evalhub import evaluators, plugins
from evalhub.evaluations.content import content_hash, load
from evalhub.evaluations.context import context_for
from evalhub.evaluations.planning import is_due
from evalhub.evaluators import Context, Evaluator, Outcome
from evalhub.models import FAILED, PENDING, RUNNING, SKIPPED, Conversation, Evaluation, Score
from evalhub.openai_client.batched import IN_BATCH
from evalhub.services import Services

LEASE_S = 600
ATTEMPTS = 6
RATE_LIMITED = "rate_limited"
BACK_OFF_S = (5, 20, 60, 300, 900)


def run_due(services: Services, project_id: int, conversation_id: str, kind_of_work: str) -> int:
    """Run what is due of one conversation and one kind of work. Returns how many evaluations ran."""
    owner = uuid4().hex
    with services.work() as session:
        claimed = _claim(session, owner, project_id, conversation_id, kind_of_work)
        if not claimed:
            return 0
        conversation = load(session, project_id, conversation_id)
    context = _context(services, conversation, kind_of_work)
    for evaluation in claimed:
        outcome = context if isinstance(context, Outcome) else run_one(evaluation, conversation, context)
        with services.work() as session:
            write(session, evaluation, outcome, owner)
    return len(claimed)


def _context(services: Services, conversation: Conversation, kind_of_work: str) -> Context | Outcome:
    """What evaluators look at, or what becomes of all of them where it cannot be had.

    A database in trouble is nobody's failure: it is raised, and all are run again when their lease ends.
    """
    outcome, context = Outcome(status=FAILED), None
    with evaluators.told(outcome, passing=(OperationalError,)):
        context = context_for(services, conversation, kind_of_work)
    return context or outcome


def _claim(session: Session, owner: str, project_id: int, conversation_id: str, kind: str) -> Sequence[Evaluation]:
    ours = (Evaluation.project_id == project_id, Evaluation.conversation_id == conversation_id)
    due = select(Evaluation).where(*ours, Evaluation.kind_of_work == kind, is_due())
    claimed = session.scalars(due.with_for_update(skip_locked=True)).all()
    for evaluation in claimed:
        evaluation.status, evaluation.lease_owner = RUNNING, owner
        evaluation.lease_until = datetime.now(UTC) + timedelta(seconds=LEASE_S)
        evaluation.started_at = datetime.now(UTC)
        evaluation.attempt += 1
    return claimed


def run_one(evaluation: Evaluation, conversation: Conversation, context: Context) -> Outcome:
    """Execute the evaluator that a row names; the row is told what of the content it read."""
    if outcome := not_runnable(evaluation):
        return outcome
    context.details = {}
    evaluator = evaluator_of(evaluation)
    evaluation.content_hash = content_hash(conversation, evaluator)
    return evaluators.run(evaluator, conversation, context)


def not_runnable(evaluation: Evaluation) -> Outcome | None:
    """Why an evaluation is not to be tried, where it is not."""
    if evaluation.attempt > ATTEMPTS:
        return Outcome(status=FAILED, reason_code="gave_up", reason=f"did not finish in {ATTEMPTS} attempts")
    kind = plugins.evaluators().get(evaluation.evaluator)
    if kind is None or kind.version != evaluation.version:
        return Outcome(status=SKIPPED, reason_code="retired", reason="this version of the evaluator is not installed")
    return None


def evaluator_of(evaluation: Evaluation) -> Evaluator:
    """The evaluator that a row names, with its configuration."""
    return plugins.evaluators()[evaluation.evaluator](**(evaluation.config or {}))


def write(session: Session, evaluation: Evaluation, outcome: Outcome, owner: str) -> bool:
    """Store an outcome and its scores, unless the lease went to somebody else meanwhile. Returns whether it did."""
    key = {column.name: getattr(evaluation, column.name) for column in Evaluation.__table__.primary_key}
    mine = update(Evaluation).filter_by(**key).where(Evaluation.lease_owner == owner, Evaluation.status == RUNNING)
    written = session.execute(mine.values(result_of(evaluation, outcome)).returning(Evaluation.evaluator)).first()
    if written and outcome.status != PENDING:
        session.execute(delete(Score).filter_by(**key))
        session.add_all(_placed(score, evaluation) for score in outcome.scores)
    return written is not None


def result_of(evaluation: Evaluation, outcome: Outcome) -> dict[str, Any]:
    """The columns that an outcome sets."""
    result = {
        "status": outcome.status,
        "reason_code": outcome.reason_code,
        "reason": outcome.reason,
        "details": outcome.details,
        "content_hash": evaluation.content_hash,
        "lease_owner": None,
        "lease_until": None,
        "finished_at": datetime.now(UTC),
    }
    kept = {"not_before": None, "attempt": evaluation.attempt}
    return result | kept | (_later(evaluation, outcome) if outcome.status == PENDING else {})


def _later(evaluation: Evaluation, outcome: Outcome) -> dict[str, Any]:
    """When to try again. Being told to come back later uses no attempt up."""
    if outcome.reason_code in (RATE_LIMITED, IN_BATCH) and outcome.not_before:
        return {"finished_at": None, "not_before": outcome.not_before, "attempt": evaluation.attempt - 1}
    if evaluation.attempt >= ATTEMPTS:
        reason = f"gave up after {ATTEMPTS} attempts: {outcome.reason}"
        return {"status": FAILED, "reason": reason, "not_before": None}
    pause = BACK_OFF_S[min(evaluation.attempt, len(BACK_OFF_S)) - 1]
    return {"finished_at": None, "not_before": outcome.not_before or datetime.now(UTC) + timedelta(seconds=pause)}


def _placed(score: Score, evaluation: Evaluation) -> Score:
    score.project_id, score.conversation_id = evaluation.project_id, evaluation.conversation_id
    return score
