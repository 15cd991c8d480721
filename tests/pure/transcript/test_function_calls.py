"""The function-call evaluator on conversations small enough to judge by eye."""

from collections import Counter
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.models import Conversation, Score
from evalhub.transcript.function_calls import FunctionCalls
from tests.factories import make_conversation, make_tool_call
from tests.pure.transcript.helpers import called, evaluate, said, the_score

FIND = ("find_order", {"order_id": "A12345"})
REFUND = ("refund", {"order_id": "A12345"})
DELETE = ("delete_order", {"order_id": "A12345"})


def want(*calls: tuple[str, dict[str, Any]] | dict[str, Any], **switches: Any) -> dict[str, Any]:
    written = [call if isinstance(call, dict) else {"name": call[0], "arguments": call[1]} for call in calls]
    return {"function_calls": {"calls": written} | switches}


def correct(conversation: Conversation, expectations: dict[str, Any]) -> Score:
    conversation.expectations = expectations
    return the_score(evaluate(FunctionCalls(), conversation), "function_calls.correct")


def made(conversation: Conversation, index: int = 0) -> Score:
    return the_score(evaluate(FunctionCalls(), conversation), "function_calls.call_made", str(index))


def test_the_expected_call_was_made() -> None:
    conversation = called(FIND)
    score = correct(conversation, want(FIND, forbidden=[{"name": "delete_order"}]))
    assert (score.value, score.verdict) == (1.0, "pass")
    assert score.explanation == "1 of 1 expected calls made; no forbidden call"
    assert made(conversation).value == 1.0


def test_a_wrong_argument_is_told_with_its_place_and_what_the_caller_spelled() -> None:
    conversation = called(("find_order", {"order_id": "A12346"}), turns=said("caller: it's a one two three four five"))
    score = correct(conversation, want(FIND))
    assert (score.value, score.verdict) == (0.0, "fail")
    assert 'order_id: expected "A12345", got "A12346"; the caller spelled \'A12345\'' in (score.explanation or "")
    assert [place.get("tool_call_id") or place["turn_id"] for place in score.evidence] == ["c0", "t0"]
    assert (score.evidence[0]["start_ms"], score.evidence[0]["end_ms"]) == (0, 500)
    assert made(conversation).verdict == "fail"


SWITCHES = list(product(["any", "same"], ["forbidden", "allowed"], ["forbidden", "allowed"]))


@pytest.mark.parametrize(("order", "extra", "missing"), SWITCHES)
def test_the_three_switches_are_independent(order: str, extra: str, missing: str) -> None:
    switches = {"order": order, "extra_calls": extra, "missing_calls": missing}

    def holds(*calls: Any) -> bool:
        return correct(called(*calls), want(FIND, REFUND, **switches)).value == 1.0

    assert holds(FIND, REFUND)
    assert holds(REFUND, FIND) == (order == "any")
    assert holds(FIND, ("weather", {}), REFUND) == (extra == "allowed")
    assert holds(FIND) == (missing == "allowed")


def test_calls_in_parallel_have_no_order() -> None:
    together = [
        make_tool_call(id="c1", name="refund", start_ms=1000, end_ms=3000),
        make_tool_call(id="c2", name="find_order", start_ms=1500, end_ms=2000),
    ]
    assert correct(called(*together), want(FIND, REFUND, order="same")).value == 1.0


def test_calls_of_one_turn_without_times_have_no_order_and_of_two_turns_have() -> None:
    def calls(second_turn: str) -> Conversation:
        refund = make_tool_call(id="c1", name="refund", turn_id="t0")
        return called(refund, make_tool_call(id="c2", turn_id=second_turn), turns=said("agent: so", "agent: then"))

    assert correct(calls("t0"), want(FIND, REFUND, order="same")).value == 1.0
    score = correct(calls("t1"), want(FIND, REFUND, order="same"))
    assert score.value == 0.0
    assert "was made before" in (score.explanation or "")


def test_a_forbidden_call_fails_whatever_else_holds() -> None:
    conversation = called(FIND, DELETE, end_state={"ok": True})
    expectations = want(FIND, extra_calls="allowed", forbidden=[{"name": "delete_order"}]) | {"end_state": {"ok": True}}
    score = correct(conversation, expectations)
    assert (score.value, score.counts["forbidden"]) == (0.0, 1)
    assert "delete_order" in (score.explanation or "")
    forbidden = the_score(evaluate(FunctionCalls(), conversation), "function_calls.forbidden_calls")
    assert (forbidden.value, forbidden.verdict) == (1.0, "fail")


def test_a_forbidden_entry_with_arguments_matches_only_these() -> None:
    entry = {"name": "delete_order", "arguments": {"order_id": "B1"}}
    assert correct(called(DELETE), {"function_calls": {"forbidden": [entry]}}).value == 1.0
    other = ("delete_order", {"order_id": "B1", "force": True})
    assert correct(called(other), {"function_calls": {"forbidden": [entry]}}).value == 0.0


def test_forbidding_one_call_forbids_no_other() -> None:
    assert correct(called(FIND), {"function_calls": {"forbidden": [{"name": "delete_order"}]}}).value == 1.0
    assert correct(called(FIND), want()).value == 0.0


def test_a_critical_call_with_the_wrong_target_fails_even_where_everything_is_allowed() -> None:
    critical = {"name": "refund", "arguments": {"order_id": "A12345"}, "critical": True}
    switches = {"extra_calls": "allowed", "missing_calls": "allowed"}
    wrong = called(("refund", {"order_id": "B1"}))
    assert correct(wrong, want(critical, **switches)).value == 0.0
    assert correct(wrong, want(critical | {"critical": False}, **switches)).value == 1.0
    assert correct(called(REFUND, REFUND), want(critical, **switches)).value == 0.0


def test_a_cancelled_call_did_not_happen() -> None:
    conversation = called(make_tool_call(status="cancelled"))
    assert correct(conversation, want(FIND)).value == 0.0
    assert correct(conversation, want()).value == 1.0
    assert correct(conversation, want()).counts["cancelled"] == 1


def test_retries_after_an_error_and_repetitions_are_counted_apart() -> None:
    first = make_tool_call(id="c1", error="timeout", start_ms=0, end_ms=10)
    retried = called(first, make_tool_call(id="c2", start_ms=20, end_ms=30))
    assert correct(retried, want(FIND)).value == 1.0
    assert correct(retried, want(FIND)).counts["retries"] == 1
    repeated = correct(called(FIND, FIND), want(FIND))
    assert (repeated.value, repeated.counts["repeated"], repeated.counts["extra"]) == (1.0, 1, 0)


def test_two_expected_calls_are_not_answered_by_one() -> None:
    score = correct(called(FIND), want(FIND, FIND))
    assert score.value == 0.0
    assert "find_order was not called again" in (score.explanation or "")


def test_the_broader_expectation_leaves_the_narrow_one_its_call() -> None:
    anything = {"name": "find_order", "arguments": {"order_id": {"any": True}}}
    other = ("find_order", {"order_id": "B1"})
    assert correct(called(FIND, other), want(anything, FIND)).value == 1.0


def test_without_arguments_an_expectation_asks_for_the_name_only() -> None:
    assert correct(called(FIND), want({"name": "find_order"})).value == 1.0
    assert correct(called(FIND), want({"name": "find_order", "arguments": {}})).value == 0.0
    relaxed = {"name": "find_order", "arguments": {}, "extra_arguments": "allowed"}
    assert correct(called(FIND), want(relaxed)).value == 1.0


def test_arguments_that_never_were_json_are_a_wrong_call() -> None:
    score = correct(called(make_tool_call(arguments='{"order_id": ')), want(FIND))
    assert score.value == 0.0
    assert "expected an object" in (score.explanation or "")


ASKED = "agent: Shall I delete order A12345?"


@pytest.mark.parametrize(
    ("answer", "value"), [("caller: Yes, please.", 1.0), ("caller: No, wait.", 0.0), ("agent: Done.", 0.0)]
)
def test_confirmed_first_needs_the_callers_word(answer: str, value: float) -> None:
    call = make_tool_call(name="delete_order", start_ms=4000, end_ms=4200)
    conversation = called(call, turns=said(ASKED, answer, "caller: Yes, yes."))
    expected = {"name": "delete_order", "arguments": {"order_id": "A12345"}, "confirmed_first": True}
    assert correct(conversation, want(expected)).value == value
    assert made(conversation).value == value


def test_where_a_rule_cannot_tell_a_person_has_to() -> None:
    conversation = called(DELETE, turns=said(ASKED, "caller: はい"), language="ja")
    expected = {"name": "delete_order", "confirmed_first": True}
    score = correct(conversation, want(expected))
    assert (score.value, score.verdict) == (None, "unsure")
    assert "no words of agreement for the language 'ja'" in (score.explanation or "")


def test_the_end_state_decides_and_the_calls_explain() -> None:
    wanted = {"end_state": {"orders": {"A12345": {"status": "returned", "total": 10}}}}
    right = {"orders": {"A12345": {"status": "returned", "total": 10.0}}}
    score = correct(called(end_state=right), want(FIND) | wanted)
    assert (score.value, score.policy["by"]) == (1.0, "end_state")
    assert "find_order was not called" in (score.explanation or "")
    wrong = called(FIND, end_state={"orders": {"A12345": {"status": "open", "total": 10}}})
    assert correct(wrong, want(FIND) | wanted).value == 0.0
    state = the_score(evaluate(FunctionCalls(), wrong), "function_calls.end_state")
    assert state.explanation == 'end_state.orders.A12345.status: expected "returned", got "open"'


def test_a_state_nobody_sent_is_not_measured() -> None:
    conversation = called(FIND)
    assert correct(conversation, want(FIND) | {"end_state": {"a": 1}}).value == 1.0
    state = the_score(evaluate(FunctionCalls(), conversation), "function_calls.end_state")
    assert (state.value, state.reason) == (None, "not measurable: the conversation brings no end_state")
    conversation.expectations = {"end_state": {"a": 1}}
    assert evaluate(FunctionCalls(), conversation).reason_code == "no_end_state"


CALLS = st.lists(st.sampled_from([FIND, REFUND, DELETE, ("find_order", {"order_id": "B1"})]), max_size=5)


@given(CALLS, CALLS, st.randoms(use_true_random=False))
def test_the_order_of_calls_means_nothing_unless_it_is_asked_for(wanted: Any, calls: Any, chance: Random) -> None:
    shuffled = chance.sample(calls, len(calls))
    scores = [correct(called(*made_calls), want(*wanted)) for made_calls in (calls, shuffled)]
    assert scores[0].value == scores[1].value
    assert scores[0].counts == scores[1].counts


@given(CALLS, CALLS)
def test_by_default_all_expected_calls_and_no_others_have_to_be_made(wanted: Any, calls: Any) -> None:
    need, have = (Counter(map(str, some)) for some in (wanted, calls))
    expected = need.keys() == have.keys() and all(have[call] >= count for call, count in need.items())
    assert correct(called(*calls), want(*wanted)).value == float(expected)


@given(CALLS, st.sets(st.integers(0, 4)))
def test_calls_in_the_expected_order_are_in_order_whatever_lies_between(wanted: Any, gaps: set[int]) -> None:
    calls = [call for index, expected in enumerate(wanted) for call in ([("hum", {})] * (index in gaps) + [expected])]
    assert correct(called(*calls), want(*wanted, order="same", extra_calls="allowed")).value == 1.0


@pytest.mark.parametrize("expectations", [None, {}, {"stages": ["verify"]}])
def test_without_expectations_it_is_skipped(expectations: dict[str, Any] | None) -> None:
    outcome = evaluate(FunctionCalls(), make_conversation(expectations=expectations))
    assert (outcome.status, outcome.reason_code) == ("skipped", "no_expectations")


def test_unusable_expectations_fail_with_their_place() -> None:
    outcome = evaluate(FunctionCalls(), make_conversation(expectations={"function_calls": {"forbiden": []}}))
    assert outcome.status == "failed"
    assert "did you mean `forbidden`?" in (outcome.reason or "")
