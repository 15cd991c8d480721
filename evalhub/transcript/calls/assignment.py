"""Which made call answers which expected call: the largest set of pairs, so that no choice of ours makes a false fail.

Any order: maximum bipartite matching by augmenting paths. Same order: a search for a matching just as large in which
no later expectation was answered before an earlier one; only if there is none, the order was broken, and then as few
pairs as possible are out of order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Before = Callable[[int, int], bool]
SEARCH_STEPS = 20_000


def assign(options: Sequence[Sequence[int]], before: Before | None = None) -> dict[int, int]:
    """Pairs of expectation and call, both by index, as many as possible.

    Args:
        options: for each expectation the calls that answer it, the preferred ones first.
        before: whether one call was made before another; given where the order matters.
    """
    pairs = _largest(options, {})
    if before is None or not crossings(pairs, before):
        return pairs
    in_order = (_Search(options, before, size).run() for size in range(len(pairs), 0, -1))
    return _largest(options, next((found for found in in_order if found), {}))


def crossings(pairs: dict[int, int], before: Before) -> list[tuple[int, int]]:
    """Expectations (earlier, later) that were answered the other way round."""
    order = sorted(pairs)
    return [(i, j) for k, i in enumerate(order) for j in order[k + 1 :] if before(pairs[j], pairs[i])]


def _largest(options: Sequence[Sequence[int]], pairs: dict[int, int]) -> dict[int, int]:
    """The pairs made as many as possible; what is paired already stays paired, though perhaps with another call."""
    holder = {call: expectation for expectation, call in pairs.items()}

    def place(expectation: int, tried: set[int]) -> bool:
        for call in options[expectation]:
            if call in tried:
                continue
            tried.add(call)
            if call not in holder or place(holder[call], tried):
                holder[call] = expectation
                return True
        return False

    for expectation in range(len(options)):
        if expectation not in pairs:
            place(expectation, set())
    return {expectation: call for call, expectation in holder.items()}


@dataclass
class _Search:
    """Depth first, bounded: a matching of `size` pairs without a crossing."""

    options: Sequence[Sequence[int]]
    before: Before
    size: int
    steps: int = SEARCH_STEPS
    pairs: dict[int, int] = field(default_factory=dict)

    def run(self, expectation: int = 0) -> dict[int, int] | None:
        if len(self.pairs) == self.size:
            return dict(self.pairs)
        self.steps -= 1
        if self.steps < 0 or len(self.options) - expectation < self.size - len(self.pairs):
            return None
        for call in self._candidates(expectation):
            self.pairs[expectation] = call
            if found := self.run(expectation + 1):
                return found
            del self.pairs[expectation]
        return self.run(expectation + 1)

    def _candidates(self, expectation: int) -> list[int]:
        """Free calls that were made before none of those already taken; of interchangeable ones only the first."""
        taken = self.pairs.values()
        free = [c for c in self.options[expectation] if c not in taken and not any(self.before(c, t) for t in taken)]
        kept: list[int] = []
        for call in free:
            if not any(self._interchangeable(earlier, call) for earlier in kept):
                kept.append(call)
        return kept

    def _interchangeable(self, earlier: int, call: int) -> bool:
        alike = all((earlier in row) == (call in row) for row in self.options)
        return alike and self.before(earlier, call)
