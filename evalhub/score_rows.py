"""Scores and evaluations as JSON rows, the same on the command line and over HTTP (docs/native-format.md, 3)."""

from typing import Any

from evalhub.evaluators import Outcome
from evalhub.models import DONE, SKIPPED, Evaluation, Score


def score_row(score: Score) -> dict[str, Any]:
    """One score. A metric that could not be measured says why in `reason`."""
    return {
        "conversation": score.conversation_id,
        "evaluator": score.evaluator,
        "version": score.version,
        "metric": score.metric,
        "subject": {"type": score.subject_type, "id": score.subject_id or score.conversation_id},
        "value": score.value,
        "verdict": score.verdict,
        "unit": score.unit,
        "explanation": score.explanation,
        "evidence": score.evidence,
        "basis": score.basis,
        "contract": score.contract,
        "policy": score.policy,
        "counts": score.counts | ({"probabilities": score.probabilities} if score.probabilities else {}),
        "status": SKIPPED if score.reason and score.value is None and score.verdict is None else DONE,
        "reason": score.reason,
    }


def outcome_row(conversation_id: str, evaluator: str, version: str, outcome: Outcome) -> dict[str, Any]:
    """What stands for an evaluator that gave no score: metric and value null, status and reason said."""
    empty = score_row(Score(metric="", conversation_id=conversation_id, evaluator=evaluator, version=version))
    return empty | {"metric": None, "status": outcome.status, "reason": outcome.reason}


def evaluation_row(evaluation: Evaluation) -> dict[str, Any]:
    """One evaluation: its status, and why."""
    names = ("evaluator", "version", "status", "reason_code", "reason", "attempt", "rule_id", "rule_version")
    times = {name: getattr(evaluation, name) for name in ("started_at", "finished_at", "not_before")}
    return (
        {"conversation": evaluation.conversation_id}
        | {name: getattr(evaluation, name) for name in names}
        | {name: moment.isoformat() if moment else None for name, moment in times.items()}
    )
