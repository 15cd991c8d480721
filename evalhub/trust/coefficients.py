"""How far two raters disagree, and how far they would by chance: of each coefficient of agreement the two together.

Answers that are names are the same or not. Answers on a scale are further apart the more levels lie between them: kappa
and AC take the square of that distance, alpha Krippendorff's ordinal one, which counts the answers between two levels.

Tables are shaped (n, classes, classes), first rater's class by second rater's; on a scale the classes are in its order.
Disagreements are shaped (n,), 0 to 1: the share of the greatest there can be.

Sources: Cohen 1960 (kappa) and 1968 (weighted kappa); Fleiss & Cohen 1973 (quadratic weights); Krippendorff 2011
(alpha, nominal and ordinal); Gwet 2008 (AC1) and 2014 (AC2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Disagreement:
    """Of two raters, as it is and as it would be by chance."""

    observed: Floats
    by_chance: Floats

    @property
    def coefficient(self) -> Floats:
        """1 where they never disagree, 0 where they do as by chance; not a number where chance leaves no doubt."""
        return 1 - ratio(self.observed, self.by_chance)


def kappa(tables: Floats, ordinal: bool) -> Disagreement:
    """Cohen's; weighted on a scale. Counts, not shares, so that what is by chance alone is told exactly."""
    apart, total = _apart(tables.shape[1], ordinal), tables.sum(axis=(1, 2))
    by_chance = _expected(tables.sum(axis=2), apart, tables.sum(axis=1))
    return Disagreement((tables * apart).sum(axis=(1, 2)) * total / total**2, by_chance / total**2)


def alpha(tables: Floats, ordinal: bool) -> Disagreement:
    """Krippendorff's, of two raters without missing answers."""
    together = tables + tables.transpose(0, 2, 1)
    given, total = together.sum(axis=2), together.sum(axis=(1, 2))
    apart = _between(given) if ordinal else _apart(tables.shape[1], ordinal=False)
    observed = (together * apart).sum(axis=(1, 2)) / total
    return Disagreement(observed, _expected(given, apart, given) / (total * (total - 1)))


def ac(tables: Floats, ordinal: bool) -> Disagreement:
    """Gwet's: AC1, on a scale AC2."""
    apart, count, total = _apart(tables.shape[1], ordinal), tables.shape[1], tables.sum(axis=(1, 2))
    share = (tables.sum(axis=1) + tables.sum(axis=2)) / 2 / total[:, None]
    alike = (1 - apart).sum() / (count * (count - 1)) * (share * (1 - share)).sum(axis=1)
    return Disagreement((tables * apart).sum(axis=(1, 2)) / total, 1 - alike)


COEFFICIENTS = {"kappa": kappa, "alpha": alpha, "ac": ac}


def ratio(part: Floats, whole: Floats) -> Floats:
    """Not a number where there is nothing to share out."""
    out: Floats = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=out, where=whole > 1e-12)
    return out


def _apart(classes: int, ordinal: bool) -> Floats:
    """How far two classes are apart, 0 to 1: as names, or by the square of how many steps of a scale."""
    steps = np.subtract.outer(np.arange(classes), np.arange(classes))
    return (steps / (classes - 1)) ** 2 if ordinal else (steps != 0).astype(float)


def _between(given: Floats) -> Floats:
    """The square of how many answers lie between two classes, half of their own included; 1 for the outermost."""
    middle = given.cumsum(axis=1) - given / 2
    squared: Floats = (middle[:, :, None] - middle[:, None, :]) ** 2
    apart: Floats = squared / squared.max(axis=(1, 2), keepdims=True)
    return apart


def _expected(first: Floats, apart: Floats, second: Floats) -> Floats:
    """The sum over all pairs of classes, each as often as the raters' own counts make it."""
    found: Floats = (first[:, :, None] * second[:, None, :] * apart).sum(axis=(1, 2))
    return found
