"""The check of expectations at the door."""

from typing import Any

import pytest

from evalhub.expectations import check_expectations
from evalhub.patterns import TooSlow, full_match

GOOD = {
    "function_calls": {
        "order": "same",
        "extra_calls": "allowed",
        "missing_calls": "forbidden",
        "calls": [
            {
                "name": "find_order",
                "arguments": {
                    "order_id": {"matches": "A[0-9]+"},
                    "to": {"city": {"one_of": ["Paris", {"text": "Rome"}]}},
                },
                "critical": True,
                "confirmed_first": False,
                "extra_arguments": "allowed",
            }
        ],
        "forbidden": [{"name": "delete_order"}],
    },
    "stages": ["verify"],
    "end_state": {"orders": {"any_key": {"text": 5}}},
}


def calls(call: Any) -> dict[str, Any]:
    return {"function_calls": {"calls": [call]}}


def argument(matcher: Any) -> dict[str, Any]:
    return calls({"name": "f", "arguments": {"a": matcher}})


@pytest.mark.parametrize("value", [None, {}, GOOD, {"function_calls": None}])
def test_what_can_be_used_has_no_problems(value: Any) -> None:
    assert check_expectations(value) == []


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        ([], "expectations", "an object"),
        ({"function_call": {}}, "expectations.function_call", "did you mean `function_calls`?"),
        ({"function_calls": {"forbiden": []}}, "expectations.function_calls.forbiden", "did you mean `forbidden`?"),
        ({"function_calls": {"order": "exact"}}, "expectations.function_calls.order", "any | same"),
        ({"function_calls": {"calls": {}}}, "expectations.function_calls.calls", "a list of calls"),
        (calls("f"), "expectations.function_calls.calls[0]", 'such as {"name": "find_order"}'),
        (calls({}), "expectations.function_calls.calls[0].name", "the name of a function"),
        (calls({"name": "f", "critical": 1}), "expectations.function_calls.calls[0].critical", "true or false"),
        (calls({"name": "f", "arguments": []}), "expectations.function_calls.calls[0].arguments", "an object"),
        (
            argument({"matches": "("}),
            "expectations.function_calls.calls[0].arguments.a.matches",
            "a regular expression",
        ),
        (argument({"near": "1"}), "expectations.function_calls.calls[0].arguments.a.near", "a number"),
        (argument({"within": 1}), "expectations.function_calls.calls[0].arguments.a", "`near` beside `within`"),
        (argument({"any": 1}), "expectations.function_calls.calls[0].arguments.a.any", "true"),
        (argument({"one_of": 1}), "expectations.function_calls.calls[0].arguments.a.one_of", "a list"),
        (argument([{"text": 1}]), "expectations.function_calls.calls[0].arguments.a[0].text", "a text"),
        (
            argument({"b": {"each": [{"any": 0}]}}),
            "expectations.function_calls.calls[0].arguments.a.b.each[0].any",
            "true",
        ),
        ({"stages": "verify"}, "expectations.stages", "a list of stage ids"),
        ({"end_state": []}, "expectations.end_state", "an object"),
    ],
)
def test_a_fault_names_its_place_and_what_was_expected(value: Any, path: str, expected: str) -> None:
    [problem] = check_expectations(value)
    assert problem.path == path
    assert expected in problem.expected


def test_every_fault_is_named() -> None:
    assert len(check_expectations({"stages": 1, "end_state": 1, "x": 1})) == 3


def test_a_pattern_that_never_ends_is_stopped() -> None:
    assert full_match(r"(a+)+", "a" * 40)
    with pytest.raises(TooSlow):
        full_match(r"(.*)(.*)(.*)(.*)(.*)(.*)\1\2\3x", "xab" * 400)
    with pytest.raises(TooSlow):
        full_match(".*", "a" * 20_000)
