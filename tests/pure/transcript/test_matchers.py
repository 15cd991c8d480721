"""Argument matchers, case by case, and what must hold of any values."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.transcript.calls.matchers import MISSING, compare, compare_object, same

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def fits(wanted: Any, got: Any, *, extra: bool = False) -> bool:
    return not compare(wanted, got, extra=extra, path="x")


MATCHES = [
    ("A12345", "A12345"),
    (1, 1.0),
    ({"equals": {"any": True}}, {"any": True}),
    ({"equals": {}}, {}),
    ({"one_of": ["red", {"text": "dark blue"}]}, "Dark-Blue"),
    ({"matches": r"[A-Z]\d{5}"}, "A12345"),
    ({"near": 10.0, "within": 0.01}, 10.01),
    ({"near": 0.3, "within": 0.1}, 0.2),
    ({"near": 5}, 5.0),
    ({"text": "Paris"}, " pa-ris! "),
    ({"any": True}, None),
    ({"absent": True}, MISSING),
    ({"any": True, "optional": True}, MISSING),
    ({"optional": True}, MISSING),
    ({"contains": "board"}, "snowboard"),
    ({"contains": {"text": "ski"}}, ["SKI", "boots"]),
    ({"contains": {"id": 1}}, {"id": 1, "name": "x"}),
    ({"each": [1, {"text": "two"}]}, [1.0, "Two"]),
    ({"address": {"city": {"text": "Paris"}}}, {"address": {"city": "PARIS"}}),
    ([1, [2]], [1, [2.0]]),
    ({"contains": "a", "matches": "[a-z]+"}, "cab"),
]
MISMATCHES = [
    ("1", 1),
    (1, True),
    (0, False),
    (True, 1),
    (None, MISSING),
    ("A", "a"),
    ({"matches": r"\d{5}"}, "A12345"),
    ({"matches": r"\d+"}, 12345),
    ({"near": 10.0, "within": 0.01}, 10.02),
    ({"near": 1, "within": 0}, True),
    ({"near": 1, "within": 1}, "1"),
    ({"text": "1"}, 1),
    ({"any": True}, MISSING),
    ({"absent": True}, None),
    ({"one_of": [1, 2]}, "1"),
    ({"each": [1, 2]}, [2, 1]),
    ({"each": [1]}, [1, 1]),
    ({"contains": "board"}, 5),
    ({"equals": 1, "optional": True}, 2),
    ({"address": {"city": "Paris"}}, {"address": {"city": "Paris", "zip": "75001"}}),
    ({"contains": "a", "matches": "[a-z]+"}, "dog"),
    ({}, {"unnamed": 1}),
]


@pytest.mark.parametrize(("wanted", "got"), MATCHES)
def test_matches(wanted: Any, got: Any) -> None:
    assert fits(wanted, got)


@pytest.mark.parametrize(("wanted", "got"), MISMATCHES)
def test_does_not_match(wanted: Any, got: Any) -> None:
    assert not fits(wanted, got)


def test_extra_arguments_are_allowed_at_every_depth_where_the_call_says_so() -> None:
    wanted, got = {"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}
    assert compare_object(wanted, got, extra=False) == ["a.c: not expected, got 2", "d: not expected, got 3"]
    assert compare_object(wanted, got, extra=True) == []


@pytest.mark.parametrize(
    ("wanted", "got", "reason"),
    [
        ({"order_id": "A12345"}, {"order_id": "A12346"}, 'order_id: expected "A12345", got "A12346"'),
        ({"order_id": {"matches": "A.*"}}, {}, "order_id: expected a text matching /A.*/, it is missing"),
        ({"n": {"near": 1.5, "within": 0.1}}, {"n": 2}, "n: expected 1.5 ± 0.1, got 2"),
        ({"n": {"absent": True}}, {"n": 2}, "n: must not be given, got 2"),
        ({"l": {"each": [1, 2]}}, {"l": [1, 3]}, "l[1]: expected 2, got 3"),
        (
            {"c": {"one_of": ["red", {"any": True, "text": "blue"}]}},
            {"c": 1},
            'c: expected one of "red", "blue" (in any',
        ),
    ],
)
def test_reasons_can_be_read(wanted: dict[str, Any], got: Any, reason: str) -> None:
    [told] = compare_object(wanted, got, extra=False)
    assert told.startswith(reason)


def test_arguments_that_are_no_object_are_a_reason() -> None:
    assert compare_object({"a": 1}, "{broken", extra=False) == ['arguments: expected an object, got "{broken"']


@given(JSON)
def test_every_value_is_the_same_as_itself(value: Any) -> None:
    assert same(value, value)
    assert fits({"equals": value}, value)


@given(JSON, JSON)
def test_sameness_has_no_direction(one: Any, other: Any) -> None:
    assert same(one, other) == same(other, one)


@given(JSON)
def test_equals_and_one_of_agree(value: Any) -> None:
    assert fits({"one_of": [{"equals": "other"}, {"equals": value}]}, value)


@given(st.integers(-(2**53), 2**53), st.booleans() | st.text())
def test_numbers_are_never_strings_or_booleans(number: int, other: Any) -> None:
    assert not same(number, other)
    assert same(number, float(number))


@given(st.floats(-1e6, 1e6), st.floats(0, 1e3))
def test_near_holds_up_to_its_border(centre: float, within: float) -> None:
    wanted = {"near": centre, "within": within}
    assert fits(wanted, centre + within)
    assert not fits(wanted, centre + within + max(1.0, math.ulp(centre)))


@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2)),
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2)),
)
def test_an_object_of_plain_values_matches_only_itself(wanted: dict[str, int], got: dict[str, int]) -> None:
    assert (not compare_object(wanted, got, extra=False)) == (wanted == got)
    assert (not compare_object(wanted, got, extra=True)) == (wanted.items() <= got.items())
