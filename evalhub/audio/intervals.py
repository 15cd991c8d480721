"""Interval algebra, in whole milliseconds: the only thing turn-taking is computed from.

An interval is (start_ms, end_ms) with start < end; a list of them is sorted and disjoint after `union`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]


def union(intervals: Iterable[Interval], *, gap_ms: int = 0) -> list[Interval]:
    """Sorted and disjoint; intervals at most `gap_ms` apart become one. Empty ones vanish."""
    joined: list[Interval] = []
    for start, end in sorted((start, end) for start, end in intervals if start < end):
        if joined and start - joined[-1][1] <= gap_ms:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def intersection(first: Iterable[Interval], second: Iterable[Interval]) -> list[Interval]:
    """Where both are."""
    a, b = union(first), union(second)
    found, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        start, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start < end:
            found.append((start, end))
        i, j = (i + 1, j) if a[i][1] <= b[j][1] else (i, j + 1)
    return found


def complement(intervals: Iterable[Interval], within: Interval) -> list[Interval]:
    """Where none of them is, inside `within`."""
    found, at = [], within[0]
    for start, end in intersection(intervals, [within]):
        if at < start:
            found.append((at, start))
        at = end
    return [*found, (at, within[1])] if at < within[1] else found


def difference(first: Iterable[Interval], second: Iterable[Interval]) -> list[Interval]:
    """Where the first is and the second is not."""
    first = union(first)
    if not first:
        return []
    return intersection(first, complement(second, (first[0][0], first[-1][1])))


def total(intervals: Iterable[Interval]) -> int:
    """Milliseconds covered; overlaps count once."""
    return sum(end - start for start, end in union(intervals))


def overlap(one: Interval, other: Interval) -> int:
    """Milliseconds that two intervals share."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def shifted(intervals: Iterable[Sequence[int]], by_ms: int) -> list[Interval]:
    """The same, `by_ms` later."""
    return [(int(start) + by_ms, int(end) + by_ms) for start, end in intervals]
