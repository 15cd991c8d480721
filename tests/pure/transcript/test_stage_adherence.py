"""Stages: found by events, by calls, by questions; skipped ones told; what code cannot tell left open."""

from typing import Any

import pytest

from evalhub.models import Conversation, PromptVersion, Score
from evalhub.transcript.stage_adherence import StageAdherence
from tests.factories import make_conversation, make_tool_call, make_turn
from tests.pure.transcript.helpers import called, evaluate, said, the_score

STAGES = [
    {"id": "greet", "description": "Greet the caller", "required": True},
    {
        "id": "verify",
        "description": "Identify the order",
        "instructions": "Ask for the order number.",
        "required": True,
    },
    {"id": "resolve", "instructions": "Say what is possible, ask for a yes, then act.", "required": True},
    {"id": "upsell", "description": "Mention offers with show_offer", "required": False},
    {"id": "close", "description": "Say goodbye", "required": True},
]
PROMPT = PromptVersion(stages=STAGES, tools=[{"name": "show_offer"}, {"name": "find_order"}])
HELLO, NUMBER, SHALL, BYE = (
    "agent: Hello, this is returns.",
    "agent: What is your order number?",
    "agent: Shall I send a label?",
    "agent: Thank you, goodbye.",
)


def adherence(conversation: Conversation) -> Score:
    return the_score(evaluate(StageAdherence(), conversation), "stage_adherence")


def stage(conversation: Conversation, name: str) -> Score:
    return the_score(evaluate(StageAdherence(), conversation), f"stage.{name}")


def test_all_stages_in_their_order() -> None:
    conversation = called(turns=said(HELLO, NUMBER, "caller: A12345", SHALL, "caller: Yes.", BYE), prompt=PROMPT)
    score = adherence(conversation)
    assert (score.verdict, score.value, score.label) == ("pass", 1.0, ["greet", "verify", "resolve", "close"])
    assert [stage(conversation, name).label for name in ("greet", "verify", "resolve", "close")] == [
        "t0",
        "t1",
        "t3",
        "t5",
    ]
    assert stage(conversation, "verify").evidence[0]["start_ms"] == 2000


def test_a_required_stage_that_was_skipped_fails() -> None:
    conversation = called(turns=said(HELLO, SHALL, "caller: Yes.", BYE), prompt=PROMPT)
    score = adherence(conversation)
    assert score.verdict == "fail"
    assert "verify was skipped: the agent never asked for the order number" in (score.explanation or "")
    assert stage(conversation, "verify").value == 0.0


def test_the_wrong_order_fails_and_names_both() -> None:
    conversation = called(turns=said(HELLO, SHALL, "caller: Yes.", NUMBER, "caller: A12345", BYE), prompt=PROMPT)
    score = adherence(conversation)
    assert score.verdict == "fail"
    assert "resolve began before verify" in (score.explanation or "")
    assert [place["turn_id"] for place in score.evidence] == ["t3", "t1"]


def test_what_the_caller_gave_unasked_is_a_stage_where_a_call_used_it_and_open_where_none_did() -> None:
    turns = said(HELLO, "caller: It's order A one two three four five.", SHALL, "caller: Yes.", BYE)
    used = called(make_tool_call(start_ms=3900, end_ms=3950), turns=turns, prompt=PROMPT)
    assert stage(used, "verify").label == "t1"
    assert adherence(used).verdict == "pass"
    unused = called(turns=turns, prompt=PROMPT)
    assert stage(unused, "verify").verdict == "unsure"
    assert adherence(unused).verdict == "unsure"


def test_a_function_that_the_stage_names_is_its_sign() -> None:
    turns = said(HELLO, NUMBER, "caller: A12345", SHALL, "caller: Yes.", BYE)
    conversation = called(make_tool_call(name="show_offer", start_ms=9500, end_ms=9600), turns=turns, prompt=PROMPT)
    assert (stage(conversation, "upsell").verdict, stage(conversation, "upsell").label) == ("pass", "t4")


@pytest.mark.parametrize("sign", ["turn", "call", "agent", "extra"])
def test_what_the_client_says_counts_before_any_words(sign: str) -> None:
    turns = [make_turn(id="t1"), make_turn(id="t2", start_ms=2000, end_ms=3000)]
    calls = []
    if sign == "turn":
        turns[1].extra = {"stage": "verify"}
    elif sign == "agent":
        turns[1].agent_name = "verify"
    else:
        call = make_tool_call(name="set_stage", arguments={"to": "verify"}, turn_id="t2", start_ms=2100)
        if sign == "extra":
            call = make_tool_call(name="anything", arguments={}, extra={"stage": "verify"}, turn_id="t2")
        calls = [call]
    conversation = make_conversation(turns=turns, tool_calls=calls, prompt=PROMPT)
    assert (stage(conversation, "verify").verdict, stage(conversation, "verify").label) == ("pass", "t2")
    assert stage(conversation, "close").verdict == "fail"
    assert stage(conversation, "upsell").verdict == "na"


def test_the_expectations_say_which_stages_are_required() -> None:
    conversation = called(turns=said(HELLO, BYE), prompt=PROMPT, expectations={"stages": ["greet", "close"]})
    assert adherence(conversation).verdict == "pass"
    conversation.expectations = {"stages": ["greet", "triage"]}
    assert stage(conversation, "triage").verdict == "unsure"


def test_words_of_other_languages_are_left_open() -> None:
    conversation = called(turns=said("agent: Hallo", "agent: Tschüss"), prompt=PROMPT, language="de-DE")
    score = adherence(conversation)
    assert (score.verdict, score.value) == ("unsure", None)
    assert "no words of stages are known for the language 'de-DE'" in (score.explanation or "")


def test_only_what_was_heard_of_a_turn_counts() -> None:
    turns: list[Any] = said(HELLO, NUMBER, "caller: Stop.", BYE)
    turns[1].heard_text = "What is"
    assert stage(called(turns=turns, prompt=PROMPT), "verify").verdict == "fail"


def test_without_stages_or_words_it_is_skipped() -> None:
    assert evaluate(StageAdherence(), called(turns=said(HELLO))).reason_code == "no_stages"
    assert evaluate(StageAdherence(), make_conversation(prompt=PROMPT)).reason_code == "no_transcript"
