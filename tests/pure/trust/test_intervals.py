"""Rates with intervals, against published values and their own definitions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.trust.intervals import FEW, rate, weighted_rate, wilson


@pytest.mark.parametrize(
    ("passed", "count", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(passed, count, low, high):
    found = rate(passed, count)
    assert (round(found.low, 4), round(found.high, 4), found.count) == (low, high, count)


def test_there_is_no_rate_of_nothing():
    assert rate(0, 0) is weighted_rate([]) is weighted_rate([(0.0, 1.0)]) is None


def test_a_call_drawn_half_as_often_counts_twice():
    found = weighted_rate([(2.0, 1.0), (1.0, 0.0)])
    assert found.value == pytest.approx(2 / 3)
    assert found.effective == pytest.approx(9 / 5)  # Kish: (2 + 1)^2 / (4 + 1)


def test_unequal_weights_widen_the_interval():
    even = weighted_rate([(1.0, answer) for answer in (1, 1, 1, 0) * 5])
    uneven = weighted_rate([(weight, answer) for weight in (1.0, 9.0) for answer in (1, 1, 1, 0) * 3])
    assert even.high - even.low < uneven.high - uneven.low


def test_few_calls_are_thin():
    assert (rate(1, FEW - 1).is_thin, rate(1, FEW).is_thin) == (True, False)


@given(share=st.floats(0, 1), effective=st.floats(0.5, 1e6))
def test_the_interval_lies_in_range_and_holds_the_share(share, effective):
    low, high = wilson(share, effective)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1
