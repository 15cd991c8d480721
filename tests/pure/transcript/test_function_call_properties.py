"""What must hold of any calls and any expectations: order, parallel calls, retries, cancelled calls, every matcher."""

import string
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evalhub.expectations import check_expectations
from evalhub.models import ToolCall
from evalhub.transcript.calls.matchers import compare
from evalhub.transcript.function_calls import FunctionCalls
from tests.factories import make_tool_call
from tests.pure.transcript.helpers import called, evaluate, the_score

NAMES = st.sampled_from(["find_order", "refund", "book"])
SCALARS = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(-1e9, 1e9) | st.text(max_size=6)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(st.text(min_size=1, max_size=4), JSON, max_size=3)
CALLS = st.lists(st.tuples(NAMES, ARGUMENTS), min_size=1, max_size=4)
Call = tuple[str, dict[str, Any]]


def literally(call: Call) -> dict[str, Any]:
    """An expectation of these very arguments, also where they look like a matcher."""
    return {"name": call[0], "arguments": {name: {"equals": value} for name, value in call[1].items()}}


def verdict(calls: list[Any], expected: list[dict[str, Any]], **switches: Any) -> float | None:
    wanted = {"function_calls": {"calls": expected} | switches}
    assert check_expectations(wanted) == []
    conversation = called(*calls, expectations=wanted)
    return the_score(evaluate(FunctionCalls(), conversation), "function_calls.correct").value


def timed(call: Call, number: int, start: int, end: int, **more: Any) -> ToolCall:
    fields = {"id": f"c{number}", "name": call[0], "arguments": call[1], "start_ms": start, "end_ms": end}
    return make_tool_call(**(fields | more))


@given(CALLS, st.sampled_from(["any", "same"]))
def test_calls_made_just_as_expected_are_right_whatever_their_arguments_are(calls: list[Call], order: str) -> None:
    assert verdict(calls, [literally(call) for call in calls], order=order) == 1.0


@given(CALLS, st.randoms(use_true_random=False))
def test_parallel_calls_are_in_every_order(calls: list[Call], chance: Random) -> None:
    together = [timed(call, number, 0, 1_000) for number, call in enumerate(calls)]
    shuffled = chance.sample(calls, len(calls))
    assert verdict(list(together), [literally(call) for call in shuffled], order="same") == 1.0


@given(CALLS, st.data())
def test_a_retry_of_a_failed_call_changes_no_verdict(calls: list[Call], data: st.DataObject) -> None:
    broken = data.draw(st.integers(0, len(calls) - 1))
    made = []
    for number, call in enumerate(calls):
        if number == broken:
            made.append(timed(call, 100, 1_000 * number - 400, 1_000 * number - 300, error="timeout"))
        made.append(timed(call, number, 1_000 * number, 1_000 * number + 500))
    assert verdict(made, [literally(call) for call in calls]) == verdict(calls, [literally(call) for call in calls])


@given(CALLS, CALLS, st.sampled_from(["cancelled", "Canceled"]))
def test_cancelled_calls_change_no_verdict(calls: list[Call], cancelled: list[Call], status: str) -> None:
    gone = [timed(call, 100 + number, 0, 1, status=status) for number, call in enumerate(cancelled)]
    expected = [literally(call) for call in calls]
    assert verdict([*gone, *calls], expected) == 1.0
    assert verdict(gone, expected) == 0.0


@given(CALLS, NAMES, ARGUMENTS)
def test_a_call_too_many_is_wrong_unless_extra_calls_are_allowed(calls: list[Call], name: str, own: Any) -> None:
    more = (name, own | {"and another": 1})
    expected = [literally(call) for call in calls]
    assert verdict([*calls, more], expected) == 0.0
    assert verdict([*calls, more], expected, extra_calls="allowed") == 1.0


@given(CALLS, st.data())
def test_a_call_too_few_is_wrong_unless_missing_calls_are_allowed(calls: list[Call], data: st.DataObject) -> None:
    left_out = data.draw(st.integers(0, len(calls) - 1))
    made = calls[:left_out] + calls[left_out + 1 :]
    assume(calls[left_out] not in made)  # a repetition counts as made
    expected = [literally(call) for call in calls]
    assert verdict(made, expected) == 0.0
    assert verdict(made, expected, missing_calls="allowed") == 1.0


@given(NAMES, ARGUMENTS, st.text(min_size=1, max_size=4), JSON, JSON)
def test_an_optional_argument_may_be_missing_but_not_wrong(
    name: str, arguments: dict[str, Any], extra: str, value: Any, other: Any
) -> None:
    assume(extra not in arguments)
    assume(compare({"equals": value}, other, extra=False, path="x"))
    expected = literally((name, arguments))
    expected["arguments"] |= {extra: {"equals": value, "optional": True}}
    assert verdict([(name, arguments)], [expected]) == 1.0
    assert verdict([(name, arguments | {extra: value})], [expected]) == 1.0
    assert verdict([(name, arguments | {extra: other})], [expected]) == 0.0


@given(NAMES, ARGUMENTS, st.text(min_size=1, max_size=4), JSON)
def test_unnamed_arguments_are_wrong_unless_they_are_allowed(name: str, own: Any, extra: str, value: Any) -> None:
    assume(extra not in own)
    expected = literally((name, own))
    assert verdict([(name, own | {extra: value})], [expected]) == 0.0
    assert verdict([(name, own | {extra: value})], [expected | {"extra_arguments": "allowed"}]) == 1.0


def fits(wanted: Any, got: Any, *, extra: bool = False) -> bool:
    return not compare(wanted, got, extra=extra, path="x")


@given(st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=3), st.randoms(use_true_random=False))
def test_each_asks_for_the_order_of_nested_lists(value: list[list[int]], chance: Random) -> None:
    shuffled = chance.sample(value, len(value))
    assert fits({"each": value}, value)
    assert fits({"each": value}, shuffled) == (value == shuffled)
    assert fits({"each": [{"each": inner} for inner in value]}, value)
    assert not fits({"each": value}, [*value, []])


@given(st.lists(JSON, max_size=4), JSON)
def test_contains_finds_a_value_wherever_it_stands_in_a_list(values: list[Any], value: Any) -> None:
    wanted = {"contains": {"equals": value}}
    assert fits(wanted, [*values, value])
    assert fits(wanted, [value, *values])


@given(st.text(), st.text(), st.text())
def test_contains_finds_a_part_of_a_text(before: str, part: str, after: str) -> None:
    assert fits({"contains": part}, before + part + after)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1), st.randoms(use_true_random=False))
def test_text_sees_neither_case_nor_spaces_nor_punctuation(text: str, chance: Random) -> None:
    noisy = "".join(sign + chance.choice(["", " ", "-", ".", "\u00a0"]) for sign in text)
    assert fits({"text": text}, noisy)
    assert fits({"text": noisy}, text)
    assert not fits({"text": text}, text + "x")


@pytest.mark.parametrize(
    ("wanted", "got", "same"),
    [
        ("Zoë", "zoe\u0308", True),
        ("STRASSE", "straße", True),
        ("ﬁve", "five", True),
        ("\uff12\uff13", "23", True),
        ("कि", "का", False),
        ("שלום", "שָׁלוֹם", False),
        ("C++", "C", False),
        ("10", "1.0", True),
    ],
)
def test_text_of_other_scripts(wanted: str, got: str, same: bool) -> None:
    assert fits({"text": wanted}, got) == same


@given(st.text(string.ascii_letters + string.digits, max_size=8))
def test_matches_asks_for_the_whole_text(text: str) -> None:
    assert fits({"matches": r"[A-Za-z0-9]*"}, text)
    assert not fits({"matches": r"[A-Za-z0-9]*"}, text + "!")
    assert not fits({"matches": r"[A-Za-z0-9]+"}, "")


@given(st.integers(), st.floats(0, 1e6))
def test_near_is_never_met_by_a_text(number: int, within: float) -> None:
    assert fits({"near": number, "within": within}, number)
    assert not fits({"near": number, "within": within}, str(number))
    assert not fits({"near": 0.5, "within": 1}, True)


def test_near_of_numbers_that_no_float_holds() -> None:
    assert fits({"near": 10**400}, 10**400)
    assert not fits({"near": 0.5, "within": 1}, 10**400)


@given(st.integers(-(10**6), 10**6))
def test_a_number_as_text_is_another_argument_and_the_reason_shows_it(number: int) -> None:
    [reason] = compare(number, str(number), extra=False, path="quantity")
    assert reason == f'quantity: expected {number}, got "{number}" (a text, not a number)'
    [reason] = compare(str(number), number, extra=False, path="quantity")
    assert reason == f'quantity: expected "{number}", got {number} (a number, not a text)'
    assert fits({"one_of": [number, str(number)]}, str(number))


@given(JSON)
def test_any_asks_for_presence_and_absent_for_absence(value: Any) -> None:
    assert verdict([("book", {"x": value})], [{"name": "book", "arguments": {"x": {"any": True}}}]) == 1.0
    assert verdict([("book", {})], [{"name": "book", "arguments": {"x": {"any": True}}}]) == 0.0
    assert verdict([("book", {"x": value})], [{"name": "book", "arguments": {"x": {"absent": True}}}]) == 0.0
    assert verdict([("book", {})], [{"name": "book", "arguments": {"x": {"absent": True}}}]) == 1.0


@given(CALLS, st.sampled_from([{"any": True}, {"optional": True}]))
def test_a_forbidden_call_fails_whatever_the_switches_say(calls: list[Call], matcher: dict[str, Any]) -> None:
    name = calls[0][0]
    entry = {"name": name, "arguments": dict.fromkeys(calls[0][1], matcher)}
    switches = {"extra_calls": "allowed", "missing_calls": "allowed", "forbidden": [entry]}
    assert verdict(calls, [], **switches) == 0.0
