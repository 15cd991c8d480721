"""How far two groups of calls lie apart, and whether that is more than chance.

Rates: Newcombe's hybrid score interval (Newcombe 1998, method 10) and the score test of equal rates, on effective
counts, so that it agrees with Wilson's intervals beside it. Means: Welch's t, which asks for no equal spread. Of many
comparisons at once, Holm's step-down (Holm 1979) keeps the chance of a single false alarm at 5 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, hypot, inf, sqrt

from evalhub.trust.intervals import FEW, Rate

CHANCE = 0.05


@dataclass(frozen=True)
class Mean:
    """The mean of one value a call, with the standard deviation between calls."""

    value: float
    deviation: float
    count: int

    @property
    def is_thin(self) -> bool:
        return self.count < FEW


@dataclass(frozen=True)
class Difference:
    """The second group minus the first, with its 95 % interval; `p`: how often chance alone lies as far apart."""

    value: float
    low: float
    high: float
    p: float


def of_rates(first: Rate, second: Rate) -> Difference:
    """The difference of two rates."""
    value = second.value - first.value
    below = hypot(second.value - second.low, first.high - first.value)
    above = hypot(second.high - second.value, first.value - first.low)
    return Difference(value, value - below, value + above, _score_test(first, second))


def _score_test(first: Rate, second: Rate) -> float:
    together = first.effective + second.effective
    pooled = (first.value * first.effective + second.value * second.effective) / together
    error = sqrt(pooled * (1 - pooled) * (1 / first.effective + 1 / second.effective))
    return erfc(abs(second.value - first.value) / error / sqrt(2)) if error else 1.0


def of_means(first: Mean, second: Mean) -> Difference:
    """The difference of two means, each of two calls or more. Without any spread they differ surely, or not at all."""
    from scipy.special import stdtr, stdtrit

    value = second.value - first.value
    parts = [one.deviation**2 / one.count for one in (first, second)]
    error = sqrt(sum(parts))
    if not error:
        return Difference(value, value, value, 0.0 if value else 1.0)
    spread = sum(part**2 / (one.count - 1) for part, one in zip(parts, (first, second), strict=True))
    freedom = error**4 / spread if spread else inf
    half = float(stdtrit(freedom, 1 - CHANCE / 2)) * error
    return Difference(value, value - half, value + half, 2 * float(stdtr(freedom, -abs(value) / error)))


def holm(chances: Sequence[float]) -> list[float]:
    """Each `p` of a family, adjusted so that all below 5 % together are wrong in 5 % of families at most."""
    adjusted, worst = [0.0] * len(chances), 0.0
    for rank, index in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        worst = max(worst, min(1.0, (len(chances) - rank) * chances[index]))
        adjusted[index] = worst
    return adjusted
