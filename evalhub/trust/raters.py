"""Two raters of the same calls: what they answered, and what their answers have in common."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

FEW_CALLS = 50
"""below, no chance-corrected number is shown without its interval"""


@dataclass(frozen=True)
class Measured:
    """A number with its 95 % interval. None where it is not defined (only one class given, or none of it)."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What two raters' answers have in common."""

    answers: int
    calls: int
    ordinal: bool
    """whether the classes are levels of a scale, so that kappa, alpha and AC weigh how far answers are apart"""
    observed: Measured
    """share of answers that are the same: accuracy, where one rater is taken for the truth"""
    kappa: Measured
    """Cohen's; on a scale weighted by squares"""
    alpha: Measured
    """Krippendorff's, nominal or ordinal"""
    ac: Measured
    """Gwet's AC1; on a scale AC2"""
    specific: Mapping[str, Measured]
    """per class: of all answers with it, the share that both raters gave (0 to 1)"""
    both_of_any: Mapping[str, Measured]
    """per class: of the calls that either gave it, the share that both did"""
    recall: Mapping[str, Measured]
    """per class: of the answers the second rater gave it to, the share the first gave it too. With people second, of
    pass the true positive rate and of fail the true negative rate: how many of the fails a judge catches"""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One question about one call, answered by both. `weight` is 1 / inclusion probability of the call."""

    call: Hashable
    first: str
    second: str
    weight: float = 1.0
