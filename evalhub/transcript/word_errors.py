"""Word errors: what the speech recogniser wrote against what was said. Definition: docs/metrics.md#word-errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from evalhub.errors import Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.models import Conversation, Score, Turn
from evalhub.transcript.moments import turn_evidence
from evalhub.transcript.words.alignment import Comparison, Edits, compare
from evalhub.transcript.words.normalise import Normaliser, normaliser_for

PAGE = "docs/metrics.md#word-errors"
CONTRACT = "1"
UNSPACED = ("zh", "ja", "th", "lo", "km", "my")
"""languages written without spaces: only characters can be compared"""


@dataclass(frozen=True, kw_only=True)
class WordErrors(Evaluator):
    """Word and character error rate of every turn whose true words are known, and of the conversation.

    The reference (`reference_text`) is what was intended or what a person typed. Both texts are normalised first (see
    `words/normalise.py`; the normaliser is named in the policy). Rates are shares of the reference's words, and may
    exceed 1. A turn's evidence carries the alignment. Source: jiwer, (S + D + I) / N.
    """

    name = "word_errors"
    version = "1"
    kind_of_work = "text"
    reads = frozenset({"facts", "turns"})
    metrics = (
        Metric("wer", "Words misheard", "ratio", "lower", PAGE),
        Metric("cer", "Characters misheard", "ratio", "lower", PAGE),
    )

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002
        """Scores per turn with a reference and for the conversation."""
        _check(conversation)
        normaliser = normaliser_for(conversation.language)
        compared = {turn.id: comparison for turn in conversation.turns if (comparison := _compare(turn, normaliser))}
        if not compared:
            raise Skipped("no_reference", "no turn has both a text and a reference that says any words")
        spaced = not (conversation.language or "").lower().startswith(UNSPACED)
        for turn in conversation.turns:
            if turn.id in compared:
                yield from _turn_scores(turn, compared[turn.id], normaliser, spaced=spaced)
        yield from _conversation_scores(list(compared.values()), normaliser, spaced=spaced)


def _check(conversation: Conversation) -> None:
    if conversation.architecture == "speech_to_speech":
        raise Skipped(
            "side_transcript",
            "the agent is speech-to-speech: its text is a side transcript, not what the model heard",
        )
    if not any(turn.reference_text for turn in conversation.turns):
        raise Skipped("no_reference", "no turn has a reference_text: what was really said is not known")


def _compare(turn: Turn, normaliser: Normaliser) -> Comparison | None:
    if not turn.reference_text or turn.text is None:
        return None
    reference = normaliser.text(turn.reference_text)
    return compare(reference, normaliser.text(turn.text)) if reference else None


def _turn_scores(turn: Turn, comparison: Comparison, normaliser: Normaliser, *, spaced: bool) -> Iterator[Score]:
    evidence = [turn_evidence(turn) | {"alignment": comparison.alignment}]
    subject: dict[str, Any] = {"subject_type": "turn", "subject_id": turn.id}
    if spaced:
        yield _score("wer", comparison.words, normaliser, evidence=evidence, **subject)
    yield _score("cer", comparison.characters, normaliser, **subject)


def _conversation_scores(comparisons: list[Comparison], normaliser: Normaliser, *, spaced: bool) -> Iterator[Score]:
    turns = {"turns": len(comparisons)}
    if spaced:
        words = reduce(add, (comparison.words for comparison in comparisons))
        wrong = words.reference - words.hits
        explanation = f"{wrong} of {words.reference} words misheard, {words.insertions} made up"
        yield _score("wer", words, normaliser, counts=turns, explanation=explanation)
    characters = reduce(add, (comparison.characters for comparison in comparisons))
    yield _score("cer", characters, normaliser, counts=turns)


def _score(
    metric: str, edits: Edits, normaliser: Normaliser, counts: dict[str, int] | None = None, **more: Any
) -> Score:
    return Score(
        metric=metric,
        value=edits.rate,
        unit="ratio",
        contract=CONTRACT,
        policy={"normaliser": normaliser.stamp},
        counts=vars(edits) | {"reference": edits.reference} | (counts or {}),
        **more,
    )
