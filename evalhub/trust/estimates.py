"""A pass rate of many judged calls, put right by the few that people answered too.

Calls are parted by what the judge said of them (pass, fail, unsure). The share of each part is known, because the judge
answered every call; how many of it pass, people say of those they heard. A judge that errs moves no number here, it
only makes the range wide; a good one makes few labels count like many.

Method: post-stratification with a Beta(1/2, 1/2) prior in each part; the range holds 95 % of the draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from evalhub.trust.intervals import Rate

DRAWS = 4000


@dataclass(frozen=True, kw_only=True)
class Part:
    """Calls of which the judge said the same."""

    judged: int
    """how many there are"""
    answers: Sequence[tuple[float, float]] = field(default_factory=list)
    """of those people heard: weight (1 / inclusion probability), and 1 where they pass, 0 where they fail, their mean
    where several people differ"""


def corrected_rate(parts: Sequence[Part], *, seed: int = 0) -> Rate | None:
    """The share of all judged calls that pass; None where nothing was judged, or nobody heard any.

    `effective` is how many answers of people without a judge would make the same range.
    """
    judged, heard = sum(part.judged for part in parts), sum(len(part.answers) for part in parts)
    if not judged or not heard:
        return None
    import numpy as np  # later than at the start, as in `reports.pairing`

    draw, total, centre = np.random.default_rng(seed), np.zeros(DRAWS), 0.0
    for part in parts:
        passed, failed = _counts(part)
        share = part.judged / judged
        total += share * draw.beta(passed + 0.5, failed + 0.5, size=DRAWS)
        centre += share * (passed + 0.5) / (passed + failed + 1)
    low, high = np.percentile(total, (2.5, 97.5))
    effective = centre * (1 - centre) / float(np.var(total))
    return Rate(value=centre, low=float(low), high=float(high), count=heard, effective=effective)


def _counts(part: Part) -> tuple[float, float]:
    """Passes and fails, weighted, as if out of Kish's effective number of answers."""
    weights = sum(weight for weight, _ in part.answers)
    if not weights:
        return 0.0, 0.0
    effective = weights**2 / sum(weight**2 for weight, _ in part.answers)
    share = sum(weight * answer for weight, answer in part.answers) / weights
    return effective * share, effective * (1 - share)
