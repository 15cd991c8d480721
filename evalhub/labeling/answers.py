"""Reading what a labeler chose, against the scorecard's criteria. Pure, no database.

What comes from the screen: `{criterion: {"choice": "pass" | "fail" | "na" | a level's value, "comment": "...",
"evidence": [{"turn_id": "t3"} | {"start_ms": 1200, "end_ms": 2400, "channel": "agent"}]}}`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhub.errors import BadInput, Problem, describe
from evalhub.models import Criterion

PASS, FAIL, NOT_APPLICABLE = "pass", "fail", "na"
CHANNELS = ("caller", "agent", "both")
LONGEST_COMMENT = 4_000


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One criterion, answered."""

    criterion: str
    value: Any = None
    """true or false, a level's value, or an option's key; nothing where it does not apply"""
    na: bool = False
    comment: str | None = None
    evidence: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Summary:
    """What a filled-in scorecard comes to. A critical fail is told apart, it does not turn the score into a zero."""

    score: float | None
    """weighted mean of what applies, 0 to 1"""
    auto_failed: list[str]
    """criteria that fail the call whatever the others say"""


def choices(criterion: Criterion) -> dict[str, Any]:
    """What may be chosen: the word a form sends, and the value it stands for."""
    if criterion.type == "boolean":
        return {PASS: True, FAIL: False}
    return {str(level["value"]): level["value"] for level in criterion.levels or []}


def choice_of(value: Any, *, na: bool = False) -> str:
    """The word of a stored value."""
    if na:
        return NOT_APPLICABLE
    return (PASS if value else FAIL) if isinstance(value, bool) else str(value)


def read_answers(criteria: Sequence[Criterion], given: Mapping[str, Any], turn_ids: Collection[str]) -> list[Answer]:
    """Every criterion answered, or every fault at once.

    Raises:
        BadInput: an answer is missing or is none of the choices, or a fail has no evidence.
    """
    problems: list[Problem] = []
    answers = [_read(criterion, given.get(criterion.key) or {}, turn_ids, problems) for criterion in criteria]
    known = {criterion.key for criterion in criteria}
    problems += [Problem(key, "a criterion of this scorecard", describe(key)) for key in given if key not in known]
    if problems:
        raise BadInput("The scorecard is not complete.", problems)
    return answers


def summarise(criteria: Sequence[Criterion], answers: Sequence[Answer]) -> Summary:
    """The weighted score over what applies, and the critical criteria that failed."""
    of_key = {criterion.key: criterion for criterion in criteria}
    points = [(of_key[answer.criterion].weight, _points(of_key[answer.criterion], answer)) for answer in answers]
    counted = [(weight, value) for weight, value in points if value is not None and weight > 0]
    total = sum(weight for weight, _ in counted)
    return Summary(
        score=sum(weight * value for weight, value in counted) / total if total else None,
        auto_failed=[a.criterion for a in answers if a.value is False and of_key[a.criterion].auto_fail],
    )


def _read(criterion: Criterion, given: Mapping[str, Any], turn_ids: Collection[str], problems: list[Problem]) -> Answer:
    allowed = choices(criterion)
    words = [*allowed, NOT_APPLICABLE] if criterion.allow_na else [*allowed]
    choice = str(given.get("choice") or "")
    if choice not in words:
        problems.append(Problem(criterion.key, "one of " + ", ".join(words), choice or "no answer"))
    evidence = _evidence(criterion, given.get("evidence") or [], turn_ids, problems)
    if choice == FAIL and criterion.type == "boolean" and not evidence:
        problems.append(Problem(criterion.key, "evidence for a fail: a turn or a marked region", "none"))
    return Answer(
        criterion=criterion.key,
        value=allowed.get(choice),
        na=choice == NOT_APPLICABLE,
        comment=str(given.get("comment") or "").strip()[:LONGEST_COMMENT] or None,
        evidence=evidence,
    )


def _evidence(
    criterion: Criterion, given: Sequence[Any], turn_ids: Collection[str], problems: list[Problem]
) -> list[dict[str, Any]]:
    read = []
    for moment in given:
        if not isinstance(moment, dict) or not (_is_turn(moment, turn_ids) or _is_region(moment)):
            expected = "a turn of this call, or start_ms before end_ms"
            problems.append(Problem(f"{criterion.key}.evidence", expected, describe(moment)))
            continue
        read.append(
            {key: moment[key] for key in ("turn_id", "start_ms", "end_ms", "channel") if moment.get(key) is not None}
        )
    return read


def _is_turn(moment: Mapping[str, Any], turn_ids: Collection[str]) -> bool:
    return moment.get("turn_id") in turn_ids


def _is_region(moment: Mapping[str, Any]) -> bool:
    start, end = moment.get("start_ms"), moment.get("end_ms")
    ordered = type(start) is int and type(end) is int and 0 <= start < end
    return ordered and moment.get("turn_id") is None and moment.get("channel") in (None, *CHANNELS)


def _points(criterion: Criterion, answer: Answer) -> float | None:
    if answer.na or criterion.type == "categorical":
        return None
    if criterion.type == "boolean":
        return float(answer.value)
    values = [float(level["value"]) for level in criterion.levels or []]
    low, high = min(values), max(values)
    return (float(answer.value) - low) / (high - low) if high > low else None
