"""From a judge's answers to scores: quotes are checked first, and doubt goes to people as `unsure`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalhub.criteria import NOT_APPLICABLE, UNSURE, score_of
from evalhub.models import Criterion, Score
from evalhub.transcript.judging.answers import Answer
from evalhub.transcript.judging.quotes import Quotable
from evalhub.transcript.moments import Evidence

CONTRACT = "2"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One criterion, decided: the judge's word where it may be believed, else `unsure` and why."""

    criterion: Criterion
    word: str
    explanation: str
    evidence: list[Evidence]
    quotes: int = 0
    places: int = 0
    likely: dict[str, float] | None = None
    likely_from: str | None = None

    @property
    def points(self) -> float | None:
        """0 to 1 where it counts towards the score."""
        if self.word in (UNSURE, NOT_APPLICABLE) or self.criterion.type == "categorical":
            return None
        if self.criterion.type == "boolean":
            return float(self.word == "pass")
        values = [float(level["value"]) for level in self.criterion.levels or []]
        low, high = min(values), max(values)
        return (float(self.word) - low) / (high - low) if high > low else None


def decide(criterion: Criterion, answer: Answer, quotable: Quotable) -> Verdict:
    """What an answer is worth."""
    found = [(place, quote, quotable.find(place, quote)) for place, quote in answer.quotes]
    places = [where for place in answer.places if (where := quotable.place(place))]
    doubt = _doubt(criterion, answer, [(place, quote) for place, quote, where in found if where is None])
    word = answer.word
    return Verdict(
        criterion=criterion,
        word=UNSURE if doubt else word,
        explanation=f"{doubt} The judge said {word}: {answer.explanation}" if doubt else answer.explanation,
        evidence=[where for _, _, where in found if where] + places,
        quotes=len(found),
        places=len(places),
        likely=answer.likely,
        likely_from=answer.likely_from if answer.likely else None,
    )


def _doubt(criterion: Criterion, answer: Answer, unmatched: list[tuple[str, str]]) -> str | None:
    if not answer.applicable:
        return None if criterion.allow_na else "This criterion always applies."
    if answer.verdict == UNSURE:
        return None
    if unmatched:
        place, quote = unmatched[0]
        return f"The judge quotes words that are not in {place!r}: {quote[:120]!r}."
    return None if answer.quotes or answer.places else "The judge gave no evidence."


def scores_of(verdicts: Sequence[Verdict], policy: Mapping[str, Any]) -> Iterator[Score]:
    """One score per criterion, the weighted score, and whether a critical criterion failed."""
    for verdict in verdicts:
        yield _criterion_score(verdict, policy)
    yield _weighted(verdicts, policy)
    if critical := [verdict for verdict in verdicts if verdict.criterion.auto_fail]:
        yield _auto_fail(critical, policy)


def _criterion_score(verdict: Verdict, policy: Mapping[str, Any]) -> Score:
    return score_of(
        verdict.criterion,
        verdict.word,
        explanation=verdict.explanation,
        evidence=verdict.evidence,
        contract=CONTRACT,
        policy={**policy, "probabilities_from": verdict.likely_from},
        probabilities=verdict.likely,
        counts={"quotes": verdict.quotes, "quotes_found": len(verdict.evidence) - verdict.places},
        reason=verdict.explanation if verdict.word == UNSURE else None,
    )


def _weighted(verdicts: Sequence[Verdict], policy: Mapping[str, Any]) -> Score:
    counted = [(v.criterion.weight, points) for v in verdicts if (points := v.points) is not None]
    total = sum(weight for weight, _ in counted)
    words = [verdict.word for verdict in verdicts]
    counts = {"answered": len(counted), "unsure": words.count(UNSURE), "na": words.count(NOT_APPLICABLE)}
    return Score(
        metric="rubric_judge.score",
        value=sum(weight * points for weight, points in counted) / total if total else None,
        explanation=f"{counts['answered']} criteria answered, {counts['unsure']} unsure, {counts['na']} not applicable",
        contract=CONTRACT,
        policy=dict(policy),
        counts=counts,
        reason=None if total else "not measurable: no criterion that counts was answered",
    )


def _auto_fail(critical: Sequence[Verdict], policy: Mapping[str, Any]) -> Score:
    failed = [verdict for verdict in critical if verdict.word == "fail"]
    unsure = [verdict for verdict in critical if verdict.word == UNSURE]
    word = "fail" if failed else UNSURE if unsure else "pass"
    named = ", ".join(verdict.criterion.title for verdict in failed or unsure)
    return Score(
        metric="rubric_judge.auto_fail",
        value={"fail": 1.0, "pass": 0.0}.get(word),
        verdict=word,
        explanation={"fail": f"failed: {named}", UNSURE: f"not sure: {named}"}.get(
            word, "no critical criterion failed"
        ),
        evidence=[place for verdict in failed for place in verdict.evidence],
        contract=CONTRACT,
        policy=dict(policy),
        reason=f"the judge is not sure of {named}" if word == UNSURE else None,
    )
