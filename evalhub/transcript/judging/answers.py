"""A judge's answer, as it was given and as it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhub import answers
from evalhub.criteria import NOT_APPLICABLE
from evalhub.models import Criterion


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
    """One answer per criterion. Raises NotTheAskedJson, see `evalhub.answers`."""
    given = answers.read_answers(text, criteria, evidence="evidence", words="quote")
    return {
        key: Answer(
            verdict=one.verdict, applicable=one.applicable, explanation=one.explanation, quotes=list(one.evidence)
        )
        for key, one in given.items()
    }
