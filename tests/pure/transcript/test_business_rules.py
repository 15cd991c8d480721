"""Business rules on conversations small enough to judge by eye, and the check of their syntax."""

from typing import Any

import pytest

from evalhub.bundled import bundled
from evalhub.business_rules import parse_rules
from evalhub.errors import BadInput
from evalhub.models import Conversation, Handoff, Score
from evalhub.traces.formats import native
from evalhub.transcript.business_rules import BusinessRules
from tests.factories import make_tool_call
from tests.pure.transcript.helpers import called, evaluate, said, the_score

CANCEL = """
[[rules]]
key = "cancel"
title = "Who asks to cancel is cancelled"
when_caller_says = ["cancel*", "call * off"]
must_call = [{name = "cancel_order", arguments = {order_id = {matches = '[A-Z]\\d+'}}}]
must_not_call = [{name = "refund"}]
"""
DELETE = """
[[rules]]
key = "delete"
title = "Nothing is deleted unasked"
when_called = [{name = "delete_order"}]
confirmed_first = true
only_after = [{name = "verify_caller"}, {agent = "identity"}]
verified = ["order_id"]
"""


def rule(conversation: Conversation, text: str, key: str) -> Score:
    outcome = evaluate(BusinessRules(), conversation, business_rules=parse_rules(text))
    return the_score(outcome, f"business_rule.{key}")


def call(name: str, at_s: int, **more: Any) -> Any:
    fields = {"id": f"{name}{at_s}", "name": name, "start_ms": at_s * 1000, "end_ms": at_s * 1000 + 200}
    return make_tool_call(**(fields | {"result": {"ok": True}} | more))


@pytest.mark.parametrize(
    ("line", "calls", "verdict"),
    [
        ("caller: Please cancel my order.", [call("cancel_order", 5)], "pass"),
        ("caller: I am cancelling it.", [], "fail"),
        ("caller: Please call the whole thing off.", [call("cancel_order", 5)], "pass"),
        ("caller: Please call me.", [], "na"),
        ("caller: Please cancel it.", [call("cancel_order", 5, arguments={"order_id": "5"})], "fail"),
        ("caller: Please cancel it.", [call("cancel_order", 5), call("refund", 6)], "fail"),
        ("caller: Please cancel it.", [call("cancel_order", 5, error="timeout")], "fail"),
        ("caller: Please cancel it.", [call("refund", 0), call("cancel_order", 5)], "pass"),
        ("caller: I don't want to cancel it.", [], "unsure"),
        ("caller: I don't want to cancel it.", [call("cancel_order", 5)], "pass"),
        ("agent: Shall I cancel it?", [], "na"),
    ],
)
def test_what_the_caller_asks_for_has_to_be_called(line: str, calls: list[Any], verdict: str) -> None:
    conversation = called(*calls, turns=said("agent: Hello, how can I help?", line))
    assert rule(conversation, CANCEL, "cancel").verdict == verdict


def test_a_broken_rule_tells_the_words_and_opens_their_moment() -> None:
    conversation = called(turns=said("caller: Cancel my order, please."))
    score = rule(conversation, CANCEL, "cancel")
    assert score.explanation == (
        "Who asks to cancel is cancelled: the caller said 'cancel' at 0:00; cancel_order was not called"
    )
    assert [place["turn_id"] for place in score.evidence] == ["t0"]


YES = said("agent: Shall I delete order A12345?", "caller: Yes, please.")
VERIFY = call("verify_caller", 1, result={"verified": True, "orders": ["A12345"]})
DELETED = call("delete_order", 5)


@pytest.mark.parametrize(
    ("calls", "turns", "handoffs", "told"),
    [
        ([VERIFY, DELETED], YES, [], ""),
        ([call("find_order", 1), DELETED], YES, [], "without a verify_caller or the agent identity"),
        ([VERIFY, DELETED], said("agent: I delete it now."), [], "no agreement of the caller"),
        ([call("verify_caller", 1, result={"verified": False}), DELETED], YES, [], "without a verify_caller"),
        ([call("verify_caller", 1, result={"orders": ["B1"]}, arguments={}), DELETED], YES, [], "no earlier call had"),
        ([call("verify_caller", 6), DELETED], YES, [], "without a verify_caller"),
        ([call("find_order", 1), DELETED], YES, [Handoff(id="h", to_agent="identity", at_ms=900)], "no earlier call"),
    ],
)
def test_a_guarded_call_needs_a_yes_a_check_before_it_and_a_verified_id(
    calls: list[Any], turns: list[Any], handoffs: list[Any], told: str
) -> None:
    score = rule(called(*calls, turns=turns, handoffs=handoffs), DELETE, "delete")
    assert score.verdict == ("fail" if told else "pass")
    assert told in (score.explanation or "")


def test_a_rule_about_calls_that_were_not_made_does_not_apply() -> None:
    assert rule(called(VERIFY), DELETE, "delete").verdict == "na"


def test_an_agent_can_be_what_has_to_be_brought_in() -> None:
    text = CANCEL.replace('{name = "refund"}', '{agent = "sales"}')
    conversation = called(call("cancel_order", 5), turns=said("caller: Cancel it."))
    assert rule(conversation, text, "cancel").verdict == "pass"
    conversation.handoffs = [Handoff(id="h1", to_agent="sales", at_ms=6000)]
    score = rule(conversation, text, "cancel")
    assert (score.verdict, score.evidence[0]["start_ms"]) == ("fail", 6000)


def test_the_conversation_keeps_its_rules_only_where_none_is_broken() -> None:
    conversation = called(turns=said("caller: Cancel it."))
    outcome = evaluate(BusinessRules(), conversation, business_rules=parse_rules(CANCEL + DELETE))
    kept = the_score(outcome, "business_rules.kept")
    assert (kept.value, kept.verdict) == (0.0, "fail")
    assert kept.counts == {"fail": 1, "unsure": 0, "pass": 0, "na": 1}


def test_without_rules_it_is_skipped() -> None:
    assert evaluate(BusinessRules(), called()).reason_code == "no_business_rules"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules = 1", "rules: expected at most 200 [[rules]], got 1"),
        ("[[rule]]\nkey = 'a'", "did you mean `rules`?"),
        ("[[rules]]\nkey = 'a'\ntitle = 'A'", "a rule that asks for nothing"),
        ("[[rules]]\nkey = 'a'\ntitle = 'A'\nmust_cal = []", "did you mean `must_call`?"),
        ("[[rules]]\nkey = 'a'\ntitle = 'A'\nmust_call = [{nam = 'x'}]", "rules[0].must_call[0].nam"),
        ("[[rules]]\nkey = 'a'\ntitle = 'A'\nmust_call = [{agent = 1}]", "the name of an agent"),
        ("[[rules]]\nkey = 'a'\ntitle = 'A'\nconfirmed_first = true", "no call it could be about"),
        ("[[rules]]\nkey = 'a'\ntitle = 'A'\nmust_call = {}", "a list of calls"),
        ("[[rules]]\ntitle = 'A'\nwhen_caller_says = ['*']\nmust_call = [{name = 'x'}]", "a list of texts"),
        ("[[rules]]\nkey = 'a'\ntitle = 'A'\nmust_call = [{name = 'x', arguments = {y = {matches = '('}}}]", "regular"),
        (CANCEL + CANCEL, "a key of its own"),
        ("[[rules", "no TOML"),
        ("x" * 200_000, "more than 100,000"),
    ],
)
def test_what_is_wrong_with_rules_is_said_with_its_place(text: str, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_rules(text)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        ("delete-instead-of-update", "fail"),
        ("delete-instead-of-update-twin", "pass"),
        ("snowboard-return", "pass"),
        ("dead-air", "na"),
    ],
)
def test_the_rules_of_the_samples_find_what_was_planted(case: str, verdict: str) -> None:
    samples = bundled("sample_traces")
    rules = parse_rules((samples / "rules.toml").read_text())
    [(conversation, _)] = native.split((samples / "native" / case / f"{case}.json").read_bytes())
    outcome = evaluate(BusinessRules(), conversation, business_rules=rules)
    assert the_score(outcome, "business_rules.kept").verdict == verdict
