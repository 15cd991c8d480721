"""Word and character error rates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.models import Turn
from evalhub.transcript.word_errors import WordErrors
from evalhub.transcript.words.alignment import compare
from tests.factories import make_conversation, make_turn
from tests.pure.transcript.helpers import evaluate, the_score

WORDS = st.lists(st.sampled_from(["red", "blue", "green", "snow", "board"]), max_size=8).map(" ".join)


def heard(text: str | None, said: str | None, turn_id: str = "t1") -> Turn:
    return make_turn(id=turn_id, speaker="caller", text=text, reference_text=said)


def test_rates_per_turn_and_for_the_conversation() -> None:
    turns = [heard("my slipper broke", "my zipper broke"), heard("yes", "yes please", "t2"), heard("hm", None, "t3")]
    outcome = evaluate(WordErrors(), make_conversation(turns=turns))
    assert the_score(outcome, "wer", "t1").value == pytest.approx(1 / 3)
    assert the_score(outcome, "wer", "t2").value == pytest.approx(1 / 2)
    whole = the_score(outcome, "wer")
    assert whole.value == pytest.approx(2 / 5)
    assert (whole.counts["reference"], whole.counts["turns"]) == (5, 2)
    assert whole.policy == {"normaliser": "english/1"}
    assert the_score(outcome, "cer", "t1").value == pytest.approx(2 / 15)


def test_the_alignment_is_kept_for_a_coloured_diff() -> None:
    outcome = evaluate(WordErrors(), make_conversation(turns=[heard("my slipper it broke", "my zipper broke")]))
    [place] = the_score(outcome, "wer", "t1").evidence
    assert place["alignment"] == [
        {"type": "equal", "reference": "my", "hypothesis": "my"},
        {"type": "insert", "reference": "", "hypothesis": "slipper"},
        {"type": "substitute", "reference": "zipper", "hypothesis": "it"},
        {"type": "equal", "reference": "broke", "hypothesis": "broke"},
    ]
    assert (place["turn_id"], place["channel"]) == ("t1", "caller")


def test_writing_a_number_differently_is_no_error() -> None:
    turns = [heard("it's a one two three four five on the twenty fifth", "It's A12345 on the 25th.")]
    assert the_score(evaluate(WordErrors(), make_conversation(turns=turns)), "wer").value == 0.0


def test_hearing_nothing_is_all_words_lost_and_no_transcript_is_no_measurement() -> None:
    outcome = evaluate(WordErrors(), make_conversation(turns=[heard("", "hello there"), heard(None, "hello", "t2")]))
    assert the_score(outcome, "wer").value == 1.0
    assert [score.subject_id for score in outcome.scores if score.metric == "wer"] == ["t1", ""]


@pytest.mark.parametrize("turns", [[], [heard("hello", None)], [heard("hello", "um")], [heard(None, "hello")]])
def test_never_without_a_reference(turns: list[Turn]) -> None:
    outcome = evaluate(WordErrors(), make_conversation(turns=turns))
    assert (outcome.status, outcome.reason_code) == ("skipped", "no_reference")


def test_a_side_transcript_is_not_measured() -> None:
    conversation = make_conversation(turns=[heard("hello", "hallo")], architecture="speech_to_speech")
    outcome = evaluate(WordErrors(), conversation)
    assert (outcome.status, outcome.reason_code) == ("skipped", "side_transcript")
    conversation.architecture = "unknown"
    assert evaluate(WordErrors(), conversation).status == "done"


def test_languages_without_spaces_are_compared_by_characters() -> None:
    outcome = evaluate(WordErrors(), make_conversation(turns=[heard("返品したい", "返品をしたい")], language="ja-JP"))
    assert {score.metric for score in outcome.scores} == {"cer"}


@given(WORDS.filter(bool), WORDS)
def test_alignment_and_counts_agree(said: str, got: str) -> None:
    comparison = compare(said, got)
    assert " ".join(c["reference"] for c in comparison.alignment if c["reference"]) == said
    assert " ".join(c["hypothesis"] for c in comparison.alignment if c["hypothesis"]) == got
    assert comparison.words.reference == len(said.split())
    assert (comparison.words.rate == 0) == (said == got)
