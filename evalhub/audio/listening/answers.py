"""A listener's answer, and what of it counts: doubt goes to people as `unsure`, nothing passes by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalhub import answers
from evalhub.answers import Given
from evalhub.audio.listening.heard_turns import HeardTurn
from evalhub.audio.scoring import CONTRACT, moment
from evalhub.criteria import NOT_APPLICABLE, UNSURE, score_of
from evalhub.models import Criterion, Score

LONGEST_SAID = 300


def read_answers(text: str, criteria: Sequence[Criterion]) -> dict[str, Given]:
    """One answer per criterion, its evidence as (turn id, what was heard there). Raises NotTheAskedJson."""
    return answers.read_answers(text, criteria, evidence="heard", words="what")


def decide(criterion: Criterion, answer: Given, turns: Sequence[HeardTurn], policy: Mapping[str, Any]) -> Score:
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
            for turn_id, what in answer.evidence
            if turn_id in played
        ],
        basis="audio",
        contract=CONTRACT,
        policy=dict(policy),
        counts={"turns_heard": len(played), "named": len(answer.evidence)},
        reason=explanation if doubt or word == UNSURE else None,
    )


def _doubt(criterion: Criterion, answer: Given, played: Mapping[str, Any]) -> str | None:
    if not answer.applicable:
        return None if criterion.allow_na else "This criterion always applies."
    if answer.verdict == UNSURE:
        return None
    if unknown := [turn_id for turn_id, _ in answer.evidence if turn_id not in played]:
        return f"The listener names the turn {unknown[0][:80]!r}, which it did not hear."
    return None if answer.evidence else "The listener gave no evidence."
