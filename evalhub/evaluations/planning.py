"""Which evaluations a conversation has to have. Planning twice changes nothing unless the content changed."""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.db import ask_for
from evalhub.evaluations.content import content_hash
from evalhub.evaluators import Evaluator
from evalhub.models import PENDING, RUNNING, Conversation, Evaluation

AGAIN = {
    "status": PENDING,
    "attempt": 0,
    "reason_code": None,
    "reason": None,
    "not_before": None,
    "lease_owner": None,
    "lease_until": None,
}
"""a row as it is before anybody worked on it"""


def plan(session: Session, conversations: Iterable[Conversation]) -> None:
    """Make sure every evaluator has a row for what the conversations hold now, and ask for the work that is due."""
    evaluators = [kind() for kind in plugins.evaluators().values()]
    rows = [_row(conversation, evaluator) for conversation in conversations for evaluator in evaluators]
    if rows:
        for project_id, conversation_id, kind_of_work in sorted(set(map(tuple, session.execute(_upsert(), rows)))):
            ask(session, project_id, conversation_id, kind_of_work)


@cache
def _upsert() -> Any:
    """Built once: a batch of calls would spend more on building it than on running it."""
    statement = insert(Evaluation)
    changed = Evaluation.content_hash.is_distinct_from(statement.excluded.content_hash)
    upsert = statement.on_conflict_do_update(
        index_elements=[column.name for column in Evaluation.__table__.primary_key],
        set_=AGAIN | {"content_hash": statement.excluded.content_hash},
        where=changed,
    )
    return upsert.returning(Evaluation.project_id, Evaluation.conversation_id, Evaluation.kind_of_work)


def ask(session: Session, project_id: int, conversation_id: str, kind_of_work: str) -> None:
    """Ask for the due evaluations of one conversation, once this transaction has committed.

    Judges take whatever is due, of any conversation, by the batch.
    """
    if kind_of_work == "judge":
        ask_for(session, "judge")
        return
    job = f"evaluate_{kind_of_work}"
    ask_for(session, job, project_id=project_id, conversation_id=conversation_id, kind_of_work=kind_of_work)


def run_again(session: Session, project_id: int, evaluators: Collection[str]) -> None:
    """Make these evaluators due again on every conversation of a project: what they go by has changed.

    One statement; the sweep hands the work out. Scores stay until they are replaced.
    """
    ours = update(Evaluation).where(Evaluation.project_id == project_id, Evaluation.evaluator.in_(evaluators))
    session.execute(ours.values(AGAIN))


def is_due() -> ColumnElement[bool]:
    """Waiting and allowed to run, or held by somebody who did not finish in time."""
    allowed = or_(Evaluation.not_before.is_(None), Evaluation.not_before <= func.now())
    abandoned = (Evaluation.status == RUNNING) & (Evaluation.lease_until < func.now())
    return or_((Evaluation.status == PENDING) & allowed, abandoned)


def _row(conversation: Conversation, evaluator: Evaluator) -> dict[str, Any]:
    identity = {"project_id": conversation.project_id, "conversation_id": conversation.id}
    return (
        identity
        | AGAIN
        | {
            "evaluator": evaluator.name,
            "version": evaluator.version,
            "config_hash": evaluator.config_hash,
            "config": evaluator.config,
            "kind_of_work": evaluator.kind_of_work,
            "content_hash": content_hash(conversation, evaluator),
        }
    )
