"""Hand-offs: what of the facts is in the summary, what nobody said, what the caller had to say again, the silence."""

from typing import Any

import pytest

from evalhub.evaluators import Outcome
from evalhub.models import Handoff
from evalhub.transcript.handoff_fidelity import HandoffFidelity
from tests.factories import make_conversation, make_tool_call
from tests.pure.transcript.helpers import evaluate, said, the_score

BEFORE = [
    "agent: What is your order number?",
    "caller: It's A one two three four five. My name is Nora Whitfield.",
    "agent: Let me pass you on.",
]


def after(*lines: str, summary: str | None = "Nora Whitfield, order A12345.", **overrides: Any) -> Outcome:
    handoff = Handoff(id="h1", from_agent="front", to_agent="policy", at_ms=5600, kind="transfer", summary=summary)
    fields = {"turns": said(*BEFORE, *lines), "handoffs": [handoff]} | overrides
    return evaluate(HandoffFidelity(), make_conversation(**fields))


def test_facts_in_the_summary_are_kept() -> None:
    outcome = after("agent: Hello Nora, I see your order A12345. Shall I send it back?", "caller: Yes.")
    assert (the_score(outcome, "handoff_fidelity.kept").value, the_score(outcome, "handoff_fidelity.kept").verdict) == (
        1.0,
        "pass",
    )
    for name in ("invented", "asked_again"):
        assert the_score(outcome, f"handoff_fidelity.{name}").verdict == "pass"


def test_a_fact_left_out_needs_reading_and_opens_where_it_was_said() -> None:
    score = the_score(after("agent: Hello.", summary="A caller with order A12345."), "handoff_fidelity.kept")
    assert (score.value, score.verdict) == (0.5, "unsure")
    assert "'Nora Whitfield', said at 0:02, is not in the summary" in (score.explanation or "")
    assert [place["turn_id"] for place in score.evidence] == ["t1"]


@pytest.mark.parametrize(
    ("summary", "invented"),
    [
        ("Nora Whitfield, order A12346.", 1),
        ("Nora Whitfield, order A12345, wants $50 back.", 1),
        ("Nora Whitfield, order A12345, a snowboard for $199.", 0),  # a tool knew the price
        ("The policy desk takes Nora Whitfield, A12345.", 0),
    ],
)
def test_what_nobody_said_and_no_tool_gave_is_invented(summary: str, invented: int) -> None:
    call = make_tool_call(result={"price": 199}, start_ms=4000, end_ms=4100)
    score = the_score(after("agent: Hello.", summary=summary, tool_calls=[call]), "handoff_fidelity.invented")
    assert (score.value, score.verdict) == (float(invented), "fail" if invented else "pass")


@pytest.mark.parametrize(
    ("lines", "again"),
    [
        (["agent: What is your order number, please?"], True),
        (["agent: Could you tell me your account number?"], False),
        (["agent: Is your order number A12345?", "caller: Yes."], False),
        (["agent: And which board was it?", "caller: It's order A one two three four five."], True),
        (
            ["agent: Hi.", "caller: Hi.", "agent: So.", "caller: Yes.", "agent: Good.", "agent: Your order number?"],
            False,
        ),
        (["agent: How can I help?", "caller: I want it back."], False),
    ],
)
def test_asking_for_what_was_told_within_three_turns_is_asking_again(lines: list[str], again: bool) -> None:
    score = the_score(after(*lines), "handoff_fidelity.asked_again")
    assert score.verdict == ("fail" if again else "pass")
    assert ([place["turn_id"] for place in score.evidence] == ["t3"]) == again


def test_the_silence_lies_between_the_last_word_and_the_new_agents_first() -> None:
    turns = said(*BEFORE, "agent: Hello.")
    turns[3].start_ms, turns[3].end_ms = 9500, 10_000
    score = the_score(after(turns=turns), "handoff_fidelity.silence_ms")
    assert (score.value, score.basis) == (9500 - 5500, "events")
    voiced = {"caller": [[2000, 3500]], "agent": [[0, 1500], [4000, 5000], [9000, 9600]]}
    score = the_score(after(turns=turns, voiced=voiced), "handoff_fidelity.silence_ms")
    assert (score.value, score.basis) == (9000 - 5000, "annotated")


def test_without_a_summary_or_a_time_it_says_so() -> None:
    outcome = after("agent: Hello.", summary=None)
    assert the_score(outcome, "handoff_fidelity.kept").reason == "not measurable: the hand-off brings no summary"
    assert "handoff_fidelity.invented" not in {score.metric for score in outcome.scores}
    assert after(handoffs=[Handoff(id="h1", kind="transfer")]).reason_code == "no_time"
    assert after(handoffs=[Handoff(id="h1", at_ms=1, kind="delegation")]).reason_code == "no_handoffs"
