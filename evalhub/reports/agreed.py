"""What is told of a judge, or of people among themselves, on one question: numbers with their ranges, and a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalhub.models import Criterion, JudgeVersion
from evalhub.trust.intervals import Rate
from evalhub.trust.raters import FEW_CALLS, Agreement, Measured

LISTENING = "listening"
GOOD, FAIR = 0.6, 0.4
"""kappa from which agreement is called so, if the whole range lies above"""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One judge and people on one question."""

    version: JudgeVersion
    criterion: Criterion
    found: Agreement | None = None
    """of calls both decided, the judge first and people second; None where there are none"""
    heldout: Agreement | None = None
    """of those calls on which nobody may tune a judge"""
    cells: Mapping[tuple[str, str], int]
    """calls by what the judge said and what people said"""
    flips: Rate | None = None
    """of answers that were asked for twice, how many came out differently"""
    judged: int = 0
    """calls it passes, fails or is unsure of now"""
    uncorrected: Rate | None = None
    corrected: Rate | None = None
    """share of those that pass, put right by people"""

    @property
    def listens(self) -> bool:
        return listens(self.version)

    @property
    def kappa(self) -> str:
        """What this question's kappa is called."""
        return kappa_of(self.criterion)

    @property
    def calls(self) -> int:
        return self.found.calls if self.found else 0

    @property
    def missing(self) -> int:
        """Calls still to be labeled before a number is more than a hint."""
        return max(0, FEW_CALLS - self.calls)

    @property
    def short(self) -> str:
        """For beside a number: "kappa 0.71 [0.55, 0.83], 84 calls"."""
        if self.found is None:
            return "not yet compared with people"
        calls = f"{self.calls} call{'s' if self.calls != 1 else ''}"
        if self.found.kappa.value is None:
            return f"{self.kappa} not defined yet: one answer only, {calls}"
        return f"{self.kappa} {written(self.found.kappa)}, {calls}"

    @property
    def level(self) -> str:
        """In a word, where the range allows one."""
        if self.found is None or self.missing:
            return "too few to tell"
        kappa = self.found.kappa
        if kappa.low is None or kappa.high is None:
            return "can't tell yet"
        if kappa.low >= FAIR:
            return "good" if kappa.low >= GOOD else "fair"
        return "poor" if kappa.high < FAIR else "can't tell yet"


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question of a scorecard: people among themselves, and each judge with people."""

    criterion: Criterion
    answered: int
    """calls that people answered, N/A included"""
    people: Agreement | None
    """of calls that two or more people answered"""
    judges: list[Compared]


def written(measured: Measured) -> str:
    """A coefficient with its interval: 0.71 [0.55, 0.83]."""
    if measured.value is None:
        return "not defined"
    if measured.low is None or measured.high is None:
        return f"{measured.value:.2f}"
    return f"{measured.value:.2f} [{measured.low:.2f}, {measured.high:.2f}]"


def kappa_of(criterion: Criterion) -> str:
    """Levels of a scale are compared by how far they are apart, all else by name."""
    return "weighted kappa" if criterion.type == "ordinal" else "kappa"


def listens(version: JudgeVersion) -> bool:
    return bool(version.definition.get("back_end") == LISTENING)
