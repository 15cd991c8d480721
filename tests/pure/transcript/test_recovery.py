"""Recovery after a barge-in, on what was heard."""

from typing import Any

import pytest

from evalhub.evaluators import Outcome
from evalhub.transcript.bargeins.exchange import longest_run
from evalhub.transcript.recovery import Recovery
from tests.factories import make_conversation, make_tool_call
from tests.pure.transcript.helpers import evaluate, said, the_score

OFFER = "agent: We have Monday at eight, Tuesday at nine, and Wednesday at four with a free whitening. Which one?"
HEARD = "We have Monday at eight, Tuesday at"


def after(*lines: str, heard: str | None = HEARD, **overrides: Any) -> Outcome:
    turns = said(OFFER, *lines)
    turns[0].interrupted, turns[0].heard_text = True, heard
    return evaluate(Recovery(), make_conversation(**({"turns": turns} | overrides)))


def verdict(outcome: Outcome, name: str) -> str | None:
    return the_score(outcome, f"recovery.{name}", "t0").verdict


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["caller: Is parking free?", "agent: Parking is free for two hours."], "pass"),
        (["caller: Is it free?", "agent: Yes, for two hours."], "pass"),
        (["caller: Wait, hold on.", "agent: I'm listening."], "pass"),
        (["caller: Is parking free?", "agent: nine, and Wednesday at four with a free whitening."], "fail"),
        (["caller: Is parking free?"], "fail"),
        (["caller: My knee hurts.", "agent: That does not sound good."], "unsure"),
    ],
)
def test_answered(lines: list[str], expected: str) -> None:
    assert verdict(after(*lines), "answered") == expected


def test_a_call_with_the_callers_words_is_an_answer() -> None:
    call = make_tool_call(arguments={"clinic": "Harbor"}, turn_id="t2")
    outcome = after("caller: The Harbor clinic!", "agent: One second.", tool_calls=[call])
    assert verdict(outcome, "answered") == "pass"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("agent: Parking is free. Now, Wednesday at four comes with a whitening.", "pass"),
        ("agent: Parking is free.", "unsure"),
    ],
)
def test_resumed(answer: str, expected: str) -> None:
    assert verdict(after("caller: Is parking free?", answer), "resumed") == expected


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("caller: Is parking free?", "agent: Yes. So, we have Monday at eight, Tuesday at nine.", "fail"),
        ("caller: Is parking free?", "agent: Yes. Or Wednesday at four.", "pass"),
        ("caller: Sorry, can you say that again?", "agent: We have Monday at eight, Tuesday at nine.", "na"),
    ],
)
def test_repeated_nothing(question: str, answer: str, expected: str) -> None:
    assert verdict(after(question, answer), "repeated_nothing") == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("agent: As I said, there is a whitening.", "fail"),
        ("agent: The whitening is on us.", "unsure"),
        ("agent: Wednesday at four includes a whitening.", "pass"),
        ("agent: Parking is free.", "pass"),
    ],
)
def test_relied_on_nothing_unheard(answer: str, expected: str) -> None:
    assert verdict(after("caller: Is parking free?", answer), "relied_on_nothing_unheard") == expected


def test_a_failure_tells_what_was_said_twice_and_opens_both_moments() -> None:
    outcome = after("caller: Is parking free?", "agent: Yes. We have Monday at eight, Tuesday at nine.")
    score = the_score(outcome, "recovery.repeated_nothing")
    assert score.explanation == "said again at 0:04: 'we have monday at eight tuesday at'"
    assert [place["turn_id"] for place in score.evidence] == ["t0", "t2"]
    assert (score.value, score.counts) == (0.0, {"barge_ins": 1, "fail": 1})


def test_without_heard_text_only_the_answer_can_be_judged() -> None:
    outcome = after("caller: Is parking free?", "agent: Parking is free.", heard=None)
    assert the_score(outcome, "recovery.answered").verdict == "pass"
    for name in ("resumed", "repeated_nothing", "relied_on_nothing_unheard"):
        score = the_score(outcome, f"recovery.{name}")
        assert (score.value, score.verdict) == (None, None)
        assert (score.reason or "").startswith("not measurable")


def test_a_backchannel_is_no_barge_in() -> None:
    turns = said(OFFER, "caller: Mm-hmm.")
    turns[0].interrupted, turns[1].kind = True, "backchannel"
    assert evaluate(Recovery(), make_conversation(turns=turns)).reason_code == "no_barge_in"


def test_what_a_guardrail_cut_off_is_no_barge_in() -> None:
    turns = said(OFFER, "caller: Hello?")
    turns[0].interrupted, turns[1].start_ms = True, 4000
    assert evaluate(Recovery(), make_conversation(turns=turns)).reason_code == "no_barge_in"


def test_the_longest_run_is_found_wherever_it_stands() -> None:
    assert longest_run(list("abcde"), list("xcdeybc")) == list("cde")
    assert longest_run([], ["a"]) == []
