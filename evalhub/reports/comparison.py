"""Two versions of an agent held against each other: every check and question that both have answers to. Three queries.

A call counts once: answers about single turns of it do not stand beside. Recordings are checked for themselves, not for
the agent, and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.models import Conversation, Score
from evalhub.reports.measures import AGENT_VERSION, current_scores
from evalhub.reports.people import people_rates
from evalhub.reports.window import Window
from evalhub.traces.filters import CRITERION, PEOPLE
from evalhub.trust.differences import CHANCE, Difference, Mean, holm, of_means, of_rates
from evalhub.trust.intervals import Rate, rate

MEANS = ("turn_latency_ms.p50", "dead_air_ms.total", "wer", "cost_per_minute")
"""measured on each call, and better lower or higher"""
NOT_THE_AGENT = "recording_check."
JUDGE = func.coalesce(Score.policy["judge_version"].astext, "")
Key = tuple[str, str, str]
"""metric, who answered (an evaluator, or people), judge version"""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One question: what it came to in the first and in the second version."""

    metric: str
    who: str
    judge: str
    first: Rate | Mean
    second: Rate | Mean
    difference: Difference
    adjusted: float = 1.0
    """`p`, as one of all questions of its family that there is enough to tell of"""
    lower_is_better: bool = False

    @property
    def is_thin(self) -> bool:
        return self.first.is_thin or self.second.is_thin

    @property
    def family(self) -> str:
        """Whose answers are tested together: people's, one judge's, or those of code."""
        return self.judge or (PEOPLE if self.who == PEOPLE else "code")

    @property
    def verdict(self) -> str:
        """better | worse | hint | same: of the second version; a hint would not surprise among so many questions."""
        if self.is_thin or self.difference.p >= CHANCE:
            return "same"
        if self.adjusted >= CHANCE:
            return "hint"
        return "better" if (self.difference.value > 0) is not self.lower_is_better else "worse"


def comparison(session: Session, window: Window, first: str, second: str) -> list[Change]:
    """Every question with answers in both versions, the surest difference first. An unnamed version is empty."""
    pair = (first, second)
    found = [*_rates(session, window, pair), *_means(session, window, pair)]
    families = {one.family: [other for other in found if other.family == one.family] for one in found}
    adjusted = [one for family in families.values() for one in _adjusted(family)]
    return sorted(adjusted, key=lambda one: (one.is_thin, one.difference.p, one.metric))


def _adjusted(family: Sequence[Change]) -> Iterator[Change]:
    told = [one for one in family if not one.is_thin]
    yield from (one for one in family if one.is_thin)
    for one, p in zip(told, holm([one.difference.p for one in told]), strict=True):
        yield replace(one, adjusted=p)


def _rates(session: Session, window: Window, pair: tuple[str, str]) -> Iterator[Change]:
    by_key = _verdicts(session, window, pair)
    for said in people_rates(session, window):
        by_key.setdefault((f"{CRITERION}{said.metric}", PEOPLE, ""), {})[said.version.version] = said.rate
    for (metric, who, judge), rates in by_key.items():
        if all(version in rates for version in pair):
            first, second = (rates[version] for version in pair)
            apart = of_rates(first, second)
            yield Change(metric=metric, who=who, judge=judge, first=first, second=second, difference=apart)


def _verdicts(session: Session, window: Window, pair: Sequence[str]) -> dict[Key, dict[str, Rate]]:
    version, passed = AGENT_VERSION[1], func.count().filter(Score.verdict == "pass")
    key = (Score.metric, Score.evaluator, JUDGE, version)
    query = current_scores(window, *key, passed, func.count()).where(
        Score.verdict.in_(("pass", "fail")),
        Score.subject_type == "conversation",
        version.in_(pair),
        ~Score.metric.startswith(NOT_THE_AGENT),
    )
    found: dict[Key, dict[str, Rate]] = {}
    for metric, who, judge, of, k, n in session.execute(query.group_by(*key)):
        if counted := rate(k, n):
            found.setdefault((metric, who, judge), {})[of] = counted
    return found


def _means(session: Session, window: Window, pair: tuple[str, str]) -> Iterator[Change]:
    version = AGENT_VERSION[1]
    key = (Score.metric, Score.evaluator, version)
    spread: tuple[Any, ...] = (func.avg(Score.value), func.stddev_samp(Score.value), func.count(Conversation.id))
    query = current_scores(window, *key, *spread).where(
        Score.value.is_not(None),
        Score.subject_type == "conversation",
        Score.metric.in_(MEANS),
        version.in_(pair),
    )
    found: dict[tuple[str, str], dict[str, Mean]] = {}
    for metric, who, of, mean, deviation, count in session.execute(query.group_by(*key)):
        if count > 1:
            found.setdefault((metric, who), {})[of] = Mean(mean, deviation, count)
    for (metric, who), means in found.items():
        if all(version in means for version in pair):
            yield _of_means(metric, who, *(means[version] for version in pair))


def _of_means(metric: str, who: str, first: Mean, second: Mean) -> Change:
    return Change(
        metric=metric,
        who=who,
        judge="",
        first=first,
        second=second,
        difference=of_means(first, second),
        lower_is_better=plugins.metrics()[metric].better == "lower",
    )
