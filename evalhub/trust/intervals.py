"""Intervals of rates.

Wilson's score interval (Wilson 1927) is used because it keeps its promise with few calls and near 0 or 1, where the
textbook interval does not. It takes an effective count, so that unequally drawn labels are not counted as more than
they are worth.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054
FEW = 10
"""a rate over fewer events is shown greyed, with its count"""


@dataclass(frozen=True)
class Rate:
    """A share with its 95 % interval. `count` is how many calls were looked at, `effective` what they are worth."""

    value: float
    low: float
    high: float
    count: int
    effective: float

    @property
    def is_thin(self) -> bool:
        return self.count < FEW


def wilson(share: float, effective: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share observed on `effective` independent calls (> 0)."""
    z2 = Z_95**2
    centre = (share + z2 / (2 * effective)) / (1 + z2 / effective)
    half = Z_95 / (1 + z2 / effective) * sqrt(share * (1 - share) / effective + z2 / (4 * effective**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def rate(passed: int, count: int) -> Rate | None:
    """The rate of calls that were all equally likely to be looked at; None where there are none."""
    return weighted_rate([(1.0, 1.0)] * passed + [(1.0, 0.0)] * (count - passed)) if count else None


def weighted_rate(answers: Iterable[tuple[float, float]]) -> Rate | None:
    """The rate in the population from calls that were drawn with unequal probability.

    Args:
        answers: per call its weight (1 / inclusion probability) and its answer in [0, 1] (the mean where several
            people answered).

    Returns:
        Hajek's ratio estimate with Wilson's interval on Kish's effective sample size; None without answers.
    """
    pairs = list(answers)
    total = sum(weight for weight, _ in pairs)
    if total <= 0:
        return None
    share = sum(weight * answer for weight, answer in pairs) / total
    effective = total**2 / sum(weight**2 for weight, _ in pairs)
    low, high = wilson(share, effective)
    return Rate(value=share, low=low, high=high, count=len(pairs), effective=effective)
