"""Reading scores for dashboards: rates and spreads by agent version, percentiles by day. One query each.

Only scores of the evaluator versions that are installed are read: results of different versions are never pooled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.models import Conversation, Score
from evalhub.reports.window import Window
from evalhub.trust.intervals import Rate, rate

QUARTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LATENCIES = (0.5, 0.9, 0.95, 0.99)
SAME_CALL = and_(Score.project_id == Conversation.project_id, Score.conversation_id == Conversation.id)


@dataclass(frozen=True)
class VersionRate:
    """How often one version passed one metric or criterion, and who says so: the evaluator, of a judge its version."""

    metric: str
    version: str
    rate: Rate
    evaluator: str = ""
    judge: str = ""


@dataclass(frozen=True)
class Percentiles:
    """The spread of one metric in one version (on one day, where the report is by day)."""

    metric: str
    version: str
    count: int
    values: tuple[float, ...]
    day: date | None = None


def _current() -> Any:
    return Score.version == case(
        {kind.name: kind.version for kind in plugins.evaluators().values()}, value=Score.evaluator
    )


def current_scores(window: Window, *columns: Any) -> Select[Any]:
    """A select of these columns over the scores of a window."""
    return select(*columns).select_from(Conversation).join(Score, SAME_CALL).where(*window.conditions(), _current())


def verdict_rates(session: Session, window: Window, metrics: str | Sequence[str]) -> list[VersionRate]:
    """Share of `pass` among pass and fail, per metric, version, evaluator and judge version.

    Who reads and who listens stay apart, and so do two versions of a judge: they are no one series.

    Args:
        metrics: ids, or a prefix ending in a dot.
    """
    passed = func.count().filter(Score.verdict == "pass")
    judge = func.coalesce(Score.policy["judge_version"].astext, "")
    key = (Score.metric, func.coalesce(Conversation.agent_version, ""), Score.evaluator, judge)
    query = current_scores(window, *key, passed, func.count())
    query = query.where(Score.verdict.in_(("pass", "fail")), _named(metrics))
    rows = session.execute(query.group_by(*key).order_by(*key))
    return [
        VersionRate(metric, version, found, evaluator, judge)
        for metric, version, evaluator, judge, k, n in rows
        if (found := rate(k, n))
    ]


def spreads(session: Session, window: Window, metrics: Sequence[str]) -> list[Percentiles]:
    """5th, 25th, 50th, 75th and 95th percentile over the calls of each version; single turns do not count beside."""
    key = (Score.metric, func.coalesce(Conversation.agent_version, ""))
    spread = func.percentile_cont(list(QUARTILES)).within_group(Score.value)
    query = current_scores(window, *key, func.count(), spread)
    query = query.where(Score.value.is_not(None), Score.metric.in_(metrics), Score.subject_type == "conversation")
    rows = session.execute(query.group_by(*key).order_by(*key))
    return [Percentiles(metric, version, n, tuple(values)) for metric, version, n, values in rows]


def daily_percentiles(session: Session, window: Window, metric: str) -> list[Percentiles]:
    """50th, 90th, 95th and 99th percentile of a metric per day and version."""
    day = func.date(func.timezone("UTC", Conversation.started_at))
    key = (day, func.coalesce(Conversation.agent_version, ""))
    spread = func.percentile_cont(list(LATENCIES)).within_group(Score.value)
    query = current_scores(window, *key, func.count(), spread).where(Score.value.is_not(None), Score.metric == metric)
    rows = session.execute(query.group_by(*key).order_by(*key))
    return [Percentiles(metric, version, n, tuple(values), day=day) for day, version, n, values in rows]


def versions_seen(session: Session, window: Window) -> list[tuple[str, int]]:
    """Each agent version of the window with its number of calls, oldest first: the order of every chart."""
    version = func.coalesce(Conversation.agent_version, "")
    query = select(version, func.count()).where(*window.conditions()).group_by(version)
    return [(row[0], row[1]) for row in session.execute(query.order_by(func.min(Conversation.started_at)))]


def _named(metrics: str | Sequence[str]) -> Any:
    return Score.metric.startswith(metrics, autoescape=True) if isinstance(metrics, str) else Score.metric.in_(metrics)
