"""Interval algebra, by its laws."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from evalhub.audio.intervals import Interval, complement, difference, intersection, overlap, shifted, total, union

times = st.integers(0, 200)
interval = st.tuples(times, times).filter(lambda one: one[0] < one[1])
intervals = st.lists(interval, max_size=12)


def covered(found: list[Interval]) -> set[int]:
    return {at for start, end in found for at in range(start, end)}


@given(intervals)
def test_a_union_is_sorted_disjoint_and_covers_the_same(given_: list[Interval]) -> None:
    found = union(given_)
    assert covered(found) == covered(given_)
    assert all(one[1] < other[0] for one, other in pairwise(found))


@given(intervals, intervals)
def test_intersection_and_difference_split_the_first(first: list[Interval], second: list[Interval]) -> None:
    assert covered(intersection(first, second)) == covered(first) & covered(second)
    assert covered(difference(first, second)) == covered(first) - covered(second)
    assert total(intersection(first, second)) + total(difference(first, second)) == total(first)


@given(intervals, interval)
def test_a_complement_is_everything_else_within(given_: list[Interval], within: Interval) -> None:
    assert covered(complement(given_, within)) == covered([within]) - covered(given_)


@given(intervals, st.integers(0, 50))
def test_merging_leaves_only_gaps_that_are_longer(given_: list[Interval], gap_ms: int) -> None:
    found = union(given_, gap_ms=gap_ms)
    assert all(other[0] - one[1] > gap_ms for one, other in pairwise(found))
    assert union(found, gap_ms=gap_ms) == found


@given(intervals, st.integers(-100, 100))
def test_shifting_keeps_lengths(given_: list[Interval], by_ms: int) -> None:
    assert [end - start for start, end in shifted(given_, by_ms)] == [end - start for start, end in given_]


@given(interval, interval)
def test_overlap_is_the_shared_time(one: Interval, other: Interval) -> None:
    assert overlap(one, other) == total(intersection([one], [other]))
