"""The Decisions endpoint: up to 400 typed questions about one input in one request, answers with probabilities.

Types: `openai.types.decision_create_params` and `openai.types.decision`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhub.openai_client.connections import Answered, post
from evalhub.openai_client.failures import ModelError
from evalhub.openai_client.replies import usage_of
from evalhub.settings import Settings

MOST_QUESTIONS = 400
MOST_CHOICES = 255
MODELS = ("gpt-6-luna",)
"""the models this endpoint takes, as the openai package documents it"""


@dataclass(kw_only=True)
class Decided:
    """Answers by the name of their question; one that was refused is None."""

    model: str
    answers: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    usage: dict[str, int] = field(default_factory=dict)
    request_ids: list[str | None] = field(default_factory=list)


async def decide(
    settings: Settings,
    *,
    model: str,
    items: Sequence[Mapping[str, Any]],
    questions: Sequence[Mapping[str, Any]],
    timeout_s: float,
) -> Decided:
    """Every question answered, in as few requests as the endpoint allows.

    Raises:
        Blocked, Retryable, ModelError: as `connections.post`, and where the answers do not fit the questions.
    """
    decided = Decided(model=model)
    for asked in _portions(questions):
        body = {"model": model, "input": list(items), "questions": list(asked)}
        _take(decided, asked, await post(settings, "/decisions", body, timeout_s=timeout_s))
    return decided


def _portions(questions: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    for start in range(0, len(questions), MOST_QUESTIONS):
        yield questions[start : start + MOST_QUESTIONS]


def _take(decided: Decided, asked: Sequence[Mapping[str, Any]], answered: Answered) -> None:
    answers = answered.data.get("answers")
    if not isinstance(answers, list) or len(answers) != len(asked):
        raise ModelError(f"judge's server answered without an answer per question: {str(answered.data)[:200]!r}")
    for question, answer in zip(asked, answers, strict=True):
        decided.answers[question["name"]] = _checked(question, answer)
    decided.model = answered.data.get("model") or decided.model
    decided.request_ids.append(answered.request_id)
    for meter, quantity in usage_of(answered.data.get("usage")).items():
        decided.usage[meter] = decided.usage.get(meter, 0) + quantity


def _checked(question: Mapping[str, Any], answer: Any) -> dict[str, Any] | None:
    """The answer, if it is one to this question."""
    kind = answer.get("type") if isinstance(answer, dict) else None
    if kind == "refusal":
        return None
    if kind != question["type"] or answer.get("name") not in (None, question["name"]):
        raise ModelError(f"question {question['name']!r} was answered with something else: {str(answer)[:200]!r}")
    return dict(answer)
