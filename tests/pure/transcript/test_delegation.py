"""Delegation: found as hand-off and as call, expected or not, the wait, the result as it was told, the cost."""

from typing import Any

import pytest

from evalhub.business_rules import parse_rules
from evalhub.evaluators import Outcome
from evalhub.models import Handoff, Usage
from evalhub.transcript.delegation import Delegations
from tests.factories import make_conversation, make_tool_call
from tests.pure.transcript.helpers import evaluate, said, the_score

RESULT = {"answer": "Order A12345 may go back until March 3rd."}


def asked(**overrides: Any) -> Any:
    fields = {"name": "ask_policy", "arguments": {"question": "?"}, "result": RESULT, "start_ms": 3600, "end_ms": 9000}
    return make_tool_call(**(fields | overrides))


def call(answer: str = "Your order A12345 can go back until March third.", **overrides: Any) -> Outcome:
    turns = said("agent: Hello.", "caller: Can it go back?", f"agent: {answer}")
    turns[2].start_ms, turns[2].end_ms = 9500, 12_000
    rules = overrides.pop("rules", "")
    fields = {"turns": turns, "tool_calls": [asked()]} | overrides
    return evaluate(Delegations(), make_conversation(**fields), business_rules=parse_rules(rules))


def expecting(**wanted: Any) -> dict[str, Any]:
    return {"function_calls": wanted}


@pytest.mark.parametrize(
    ("calls", "wanted", "verdict"),
    [
        ([asked()], {"calls": [{"name": "ask_policy"}]}, "pass"),
        ([], {"calls": [{"name": "ask_policy"}]}, "fail"),
        ([asked()], {"forbidden": [{"name": "ask_policy"}]}, "fail"),
        ([], {"forbidden": [{"name": "ask_policy"}]}, "pass"),
        ([asked()], {"calls": [{"name": "find_order"}]}, None),
    ],
)
def test_delegated_when_it_should_and_when_it_should_not(calls: list[Any], wanted: Any, verdict: str | None) -> None:
    score = the_score(call(tool_calls=calls, expectations=expecting(**wanted)), "delegation.as_expected")
    assert score.verdict == verdict


def test_a_business_rule_says_when_to_delegate() -> None:
    rule = """
    [[rules]]
    key = "returns"
    title = "The policy agent answers questions of returns"
    when_caller_says = ["go back"]
    must_call = [{agent = "policy"}]
    """
    delegated = [Handoff(id="h", to_agent="policy", at_ms=3600, kind="delegation")]
    assert the_score(call(rules=rule, handoffs=delegated), "delegation.as_expected").verdict == "pass"
    score = the_score(call(rules=rule, tool_calls=[]), "delegation.as_expected")
    assert score.verdict == "fail"
    assert "The policy agent answers questions of returns" in (score.explanation or "")


def test_the_wait_is_the_longest_silence_until_the_agent_speaks() -> None:
    score = the_score(call(), "delegation.dead_air_ms")
    assert (score.value, score.label, score.verdict) == (9500 - 3600, "warn", "pass")
    turns = said("agent: Hello.", "caller: Can it go back?", "agent: One moment.", "agent: It can.")
    turns[3].start_ms, turns[3].end_ms = 16_000, 17_000
    outcome = call(turns=turns, tool_calls=[asked(end_ms=15_000)])
    assert the_score(outcome, "delegation.dead_air_ms").verdict == "fail"
    assert the_score(outcome, "delegation.dead_air_ms").value == 16_000 - 5500


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("Your order A12345 can go back until March third.", "pass"),
        ("Your order A12346 can go back.", "fail"),
        ("It can go back, no problem.", "unsure"),
    ],
)
def test_the_result_told_right_wrong_or_in_other_words(answer: str, verdict: str) -> None:
    assert the_score(call(answer), "delegation.result_spoken").verdict == verdict


def test_a_hand_off_and_the_call_behind_it_are_one() -> None:
    outcome = call(handoffs=[Handoff(id="h", to_agent="policy", at_ms=3500, kind="delegation")])
    assert the_score(outcome, "delegation.as_expected").counts["delegations"] == 1
    alone = call(tool_calls=[], handoffs=[Handoff(id="h", to_agent="policy", at_ms=3600, kind="delegation")])
    assert the_score(alone, "delegation.dead_air_ms").value == 9500 - 3600
    assert the_score(alone, "delegation.result_spoken").verdict == "unsure"


def test_the_cost_is_that_of_models_the_speaking_agent_does_not_run_on() -> None:
    usage = [
        Usage(id="1", model="gpt-realtime", meter="output_audio_tokens", quantity=100),
        Usage(id="2", model="gpt-5", meter="output_tokens", quantity=1_000_000),
    ]
    score = the_score(call(usage=usage, models={"s2s": "gpt-realtime"}), "delegation.cost_usd")
    assert (score.value, score.label) == (10.0, {"gpt-5": 10.0})
    unknown = call(usage=[Usage(id="1", model="x", meter="y", quantity=1)], models={"s2s": "gpt-realtime"})
    assert the_score(unknown, "delegation.cost_usd").reason == "not measurable: no price for y of x"
    assert the_score(call(), "delegation.cost_usd").reason == "not measurable: the conversation brings no usage"


def test_without_delegation_or_anything_that_asks_for_it_it_is_skipped() -> None:
    assert call(tool_calls=[make_tool_call()]).reason_code == "no_delegation"
