"""Reading a judge's answer. What is not exactly what was asked for is no answer; nothing becomes a pass by default."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhub.errors import EvalhubError
from evalhub.models import Criterion
from evalhub.transcript.judging.prompt import verdicts_of

UNSURE, NOT_APPLICABLE = "unsure", "na"


class NotTheAskedJson(EvalhubError):
    """What is wrong with an answer, in words the judge and a person understand."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a judge says of one criterion: quotes as (turn id, words), and a verdict in its own words."""

    verdict: str
    applicable: bool = True
    explanation: str = ""
    quotes: list[tuple[str, str]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    """turns or function calls it points at without quoting them, chosen from those it was shown"""
    likely: dict[str, float] | None = None
    """how likely (0 to 1) the judge holds each verdict it may give; none where its server does not tell"""
    likely_from: str | None = None
    """log-probabilities | decisions"""

    @property
    def word(self) -> str:
        """The verdict as it counts: one of the criterion's own, `unsure` or `na`."""
        return self.verdict if self.applicable else NOT_APPLICABLE


def as_plain(answer: Answer) -> dict[str, Any]:
    """An answer as it is kept; `Answer(**plain)` is the same answer."""
    return dict(answer.__dict__)


def read_answers(text: str, criteria: Sequence[Criterion]) -> dict[str, Answer]:
    """One answer per criterion.

    Raises:
        NotTheAskedJson: the text is no JSON object, or a criterion is missing or answered in another shape.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise NotTheAskedJson(f"it is no JSON ({error}): {text[:120]!r}") from None
    if not isinstance(content, dict):
        raise NotTheAskedJson(f"it is no JSON object: {text[:120]!r}")
    return {criterion.key: _answer(content.get(criterion.key), criterion) for criterion in criteria}


def _answer(given: Any, criterion: Criterion) -> Answer:
    if not isinstance(given, dict):
        raise NotTheAskedJson(f"criterion {criterion.key!r} is missing")
    verdict, evidence = given.get("verdict"), given.get("evidence")
    if verdict not in verdicts_of(criterion):
        allowed = ", ".join(verdicts_of(criterion))
        raise NotTheAskedJson(f"the verdict of {criterion.key!r} is {verdict!r}, not one of {allowed}")
    if not isinstance(given.get("applicable"), bool):
        raise NotTheAskedJson(f"`applicable` of {criterion.key!r} is neither true nor false")
    if not isinstance(evidence, list) or not all(_is_quote(one) for one in evidence):
        raise NotTheAskedJson(f"the evidence of {criterion.key!r} is no list of turn_id and quote")
    return Answer(
        verdict=verdict,
        applicable=given["applicable"],
        explanation=str(given.get("explanation") or ""),
        quotes=[(one["turn_id"], one["quote"]) for one in evidence],
    )


def _is_quote(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("turn_id"), str) and isinstance(value.get("quote"), str)
