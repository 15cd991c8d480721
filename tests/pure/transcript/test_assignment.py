"""Which call answers which expectation: never fewer than possible, never a false break of the order."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from evalhub.transcript.calls.assignment import assign, crossings

OPTIONS = st.lists(st.lists(st.integers(0, 4), unique=True, max_size=4), max_size=5)
INTERVALS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), min_size=5, max_size=5)


def brute_force(options: list[list[int]], before: object = None) -> int:
    """The size of the largest matching, in order where `before` is given, by trying everything."""
    best = 0
    for size in range(len(options), 0, -1):
        for chosen in permutations(range(5), size):
            for expectations in _subsets(len(options), size):
                pairs = dict(zip(expectations, chosen, strict=True))
                if all(c in options[e] for e, c in pairs.items()) and not (before and crossings(pairs, before)):  # type: ignore[arg-type]
                    return size
    return best


def _subsets(n: int, size: int) -> list[tuple[int, ...]]:
    return sorted({tuple(sorted(p)) for p in permutations(range(n), size)})


@given(OPTIONS)
def test_as_many_expectations_are_answered_as_possible(options: list[list[int]]) -> None:
    pairs = assign(options)
    assert len(pairs) == brute_force(options)
    assert len(set(pairs.values())) == len(pairs)
    assert all(call in options[expectation] for expectation, call in pairs.items())


@given(OPTIONS, INTERVALS)
def test_the_order_is_broken_only_where_no_choice_keeps_it(
    options: list[list[int]], spans: list[tuple[int, int]]
) -> None:
    def before(first: int, second: int) -> bool:
        (start, length), (other, _) = spans[first], spans[second]
        return start < other and start + length <= other

    pairs = assign(options, before)
    assert len(pairs) == brute_force(options)
    assert bool(crossings(pairs, before)) == (brute_force(options, before) < len(pairs))


def test_interchangeable_calls_do_not_blow_up_the_search() -> None:
    many = list(range(14))
    options = [*([many] * 14), [15], [14]]
    pairs = assign(options, lambda first, second: first < second)
    assert len(pairs) == 16
    assert crossings(pairs, lambda first, second: first < second) == [(14, 15)]
