"""What was scored of a conversation before it changed, where no rule asks for it anew: outdated, and no longer told."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.db import one_of
from evalhub.evaluations.content import content_hash
from evalhub.evaluations.drawing import OUTDATED
from evalhub.models import DONE, PENDING, RUNNING, SKIPPED, Conversation, Evaluation, EvaluationRule, Score

KEY = ("conversation_id", "evaluator", "version", "config_hash")
"""of an evaluation, within its project"""
Key = tuple[Any, ...]
REASON = "the call changed after this was evaluated, and no rule that is switched on asks for it now"


def retire_unasked(session: Session, conversations: Sequence[Conversation], asked: Collection[Key]) -> None:
    """Of conversations of one project: retire what was evaluated of another content and is not asked for now.

    What waits for a rule that is switched off was asked for by hand, and is left to run.
    """
    project_id, by_id = conversations[0].project_id, {one.id: one for one in conversations}
    rows = session.execute(_evaluated(project_id, list(by_id))).all()
    unasked = [(row, key) for row in rows if (key := tuple(getattr(row, name) for name in KEY)) not in asked]
    keys = [key for row, key in unasked if _has_changed(row, by_id[row.conversation_id])]
    if keys:
        ours = (Evaluation.project_id == project_id, _among(Evaluation, keys))
        said = {"status": SKIPPED, "reason_code": OUTDATED, "reason": REASON, "finished_at": func.now()}
        free = {"lease_owner": None, "lease_until": None, "not_before": None}
        session.execute(update(Evaluation).where(*ours).values(said | free))
        forget_scores(session, project_id, keys)


def forget_scores(session: Session, project_id: int, keys: Sequence[Key]) -> None:
    """What was scored then does not describe what the conversation holds now."""
    if keys:
        session.execute(delete(Score).where(Score.project_id == project_id, _among(Score, keys)))


def _evaluated(project_id: int, ids: list[str]) -> Any:
    """Evaluations that came to something, or are about to."""
    rule = (EvaluationRule.project_id == Evaluation.project_id, EvaluationRule.id == Evaluation.rule_id)
    by_hand = ~select(EvaluationRule.id).where(*rule, EvaluationRule.enabled).exists()
    columns = (*(getattr(Evaluation, name) for name in KEY), Evaluation.config, Evaluation.content_hash)
    ours = (Evaluation.project_id == project_id, one_of(Evaluation.conversation_id, ids))
    query = select(*columns).where(*ours, Evaluation.status.in_((PENDING, RUNNING, DONE)))
    return query.where(~((Evaluation.status == PENDING) & by_hand))


def _has_changed(row: Any, conversation: Conversation) -> bool:
    """Whether an evaluator that is installed would read something else now."""
    kind = plugins.evaluators().get(row.evaluator)
    if kind is None or kind.version != row.version:
        return False
    return bool(row.content_hash != content_hash(conversation, kind(**(row.config or {}))))


def _among(table: Any, keys: Sequence[Key]) -> Any:
    return tuple_(*(table.__table__.c[name] for name in KEY)).in_(keys)
