"""Reading a listener's answer, and what of it counts: doubt goes to people as `unsure`, nothing passes by default."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhub.audio.listening.heard_turns import HeardTurn
from evalhub.audio.scoring import CONTRACT, moment
from evalhub.criteria import NOT_APPLICABLE, UNSURE, score_of, words_of
from evalhub.errors import EvalhubError
from evalhub.models import Criterion, Score

FENCE = re.compile(r"^```(?:json)?\s*|\s*```$")
LONGEST_SAID = 300


class NotTheAskedJson(EvalhubError):
    """What is wrong with an answer, in words the listener and a person understand."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a listener says of one criterion; `heard` as (turn id, what it heard there)."""

    verdict: str
    applicable: bool = True
    explanation: str = ""
    heard: list[tuple[str, str]] = field(default_factory=list)


def read_answers(text: str, criteria: Sequence[Criterion]) -> dict[str, Answer]:
    """One answer per criterion; a fence of backticks around the JSON is no fault.

    Raises:
        NotTheAskedJson: it is no JSON object, or a criterion is missing or answered in another shape.
    """
    try:
        content = json.loads(FENCE.sub("", text.strip()))
    except ValueError as error:
        raise NotTheAskedJson(f"it is no JSON ({error}): {text[:120]!r}") from None
    if not isinstance(content, dict):
        raise NotTheAskedJson(f"it is no JSON object: {text[:120]!r}")
    return {criterion.key: _answer(content.get(criterion.key), criterion) for criterion in criteria}


def _answer(given: Any, criterion: Criterion) -> Answer:
    if not isinstance(given, dict):
        raise NotTheAskedJson(f"criterion {criterion.key!r} is missing")
    verdict, heard = given.get("verdict"), given.get("heard")
    if str(verdict) not in words_of(criterion) or isinstance(verdict, bool):
        raise NotTheAskedJson(
            f"the verdict of {criterion.key!r} is {verdict!r}, not one of {', '.join(words_of(criterion))}"
        )
    if not isinstance(given.get("applicable"), bool):
        raise NotTheAskedJson(f"`applicable` of {criterion.key!r} is neither true nor false")
    if not isinstance(heard, list) or not all(_is_heard(one) for one in heard):
        raise NotTheAskedJson(f"`heard` of {criterion.key!r} is no list of turn_id and what")
    return Answer(
        verdict=str(verdict),
        applicable=given["applicable"],
        explanation=str(given.get("explanation") or ""),
        heard=[(one["turn_id"].strip(), one["what"]) for one in heard],
    )


def _is_heard(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("turn_id"), str) and isinstance(value.get("what"), str)


def decide(criterion: Criterion, answer: Answer, turns: Sequence[HeardTurn], policy: Mapping[str, Any]) -> Score:
    """What an answer is worth: a turn that was never played makes it `unsure`, and so does no evidence at all."""
    played = {turn.turn_id: turn.interval for turn in turns}
    doubt = _doubt(criterion, answer, played)
    word = answer.verdict if answer.applicable else NOT_APPLICABLE
    explanation = f"{doubt} The listener said {word}: {answer.explanation}" if doubt else answer.explanation
    return score_of(
        criterion,
        UNSURE if doubt else word,
        explanation=explanation,
        evidence=[
            moment(played[turn_id], "agent", turn_id=turn_id, heard=what[:LONGEST_SAID])
            for turn_id, what in answer.heard
            if turn_id in played
        ],
        basis="audio",
        contract=CONTRACT,
        policy=dict(policy),
        counts={"turns_heard": len(played), "named": len(answer.heard)},
        reason=explanation if doubt or word == UNSURE else None,
    )


def _doubt(criterion: Criterion, answer: Answer, played: Mapping[str, Any]) -> str | None:
    if not answer.applicable:
        return None if criterion.allow_na else "This criterion always applies."
    if answer.verdict == UNSURE:
        return None
    if unknown := [turn_id for turn_id, _ in answer.heard if turn_id not in played]:
        return f"The listener names the turn {unknown[0][:80]!r}, which it did not hear."
    return None if answer.heard else "The listener gave no evidence."
