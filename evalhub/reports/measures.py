"""Reading scores for dashboards: rates and spreads by agent version, percentiles by day. One query each.

Only scores that count are read (`evaluations.counted`). Two agents that call their versions alike are never pooled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from evalhub.evaluations.counted import counted
from evalhub.models import Conversation, Score
from evalhub.reports.window import Window
from evalhub.trust.intervals import Rate, rate

QUARTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LATENCIES = (0.5, 0.9, 0.95, 0.99)
SAME_CALL = and_(Score.project_id == Conversation.project_id, Score.conversation_id == Conversation.id)
AGENT_VERSION = (func.coalesce(Conversation.agent_name, ""), func.coalesce(Conversation.agent_version, ""))
"""the columns of an AgentVersion"""


@dataclass(frozen=True, order=True)
class AgentVersion:
    """Whose calls: an agent's name and its version, each empty where the client names none."""

    agent: str
    version: str

    @property
    def title(self) -> str:
        return f"{self.agent or 'agent without a name'} {self.version}".strip()


@dataclass(frozen=True)
class VersionRate:
    """How often one agent version passed one metric or criterion, and who says so: the evaluator, of a judge its
    version."""

    metric: str
    version: AgentVersion
    rate: Rate
    evaluator: str = ""
    judge: str = ""


@dataclass(frozen=True)
class Percentiles:
    """The spread of one metric in one agent version (on one day, where the report is by day)."""

    metric: str
    version: AgentVersion
    count: int
    values: tuple[float, ...]
    day: date | None = None


def current_scores(window: Window, *columns: Any) -> Select[Any]:
    """A select of these columns over the scores of a window."""
    return select(*columns).select_from(Conversation).join(Score, SAME_CALL).where(*window.conditions(), counted())


def verdict_rates(session: Session, window: Window, prefix: str, metrics: Sequence[str] = ()) -> list[VersionRate]:
    """Share of `pass` among pass and fail, per metric, agent version, evaluator and judge version.

    Who reads and who listens stay apart, and so do two versions of a judge: they are no one series.

    Args:
        prefix: of metrics that are read, ending in a dot; `metrics` are read beside them.
    """
    passed = func.count().filter(Score.verdict == "pass")
    judge = func.coalesce(Score.policy["judge_version"].astext, "")
    key = (Score.metric, *AGENT_VERSION, Score.evaluator, judge)
    named = or_(Score.metric.startswith(prefix, autoescape=True), Score.metric.in_(metrics))
    query = current_scores(window, *key, passed, func.count()).where(Score.verdict.in_(("pass", "fail")), named)
    return [
        VersionRate(metric, AgentVersion(*version), found, evaluator, judged_by)
        for metric, *version, evaluator, judged_by, k, n in session.execute(query.group_by(*key).order_by(*key))
        if (found := rate(k, n))
    ]


def spreads(session: Session, window: Window, metrics: Sequence[str]) -> list[Percentiles]:
    """5th, 25th, 50th, 75th and 95th percentile over the calls of each version; single turns do not count beside."""
    key = (Score.metric, *AGENT_VERSION)
    spread = func.percentile_cont(list(QUARTILES)).within_group(Score.value)
    query = current_scores(window, *key, func.count(), spread)
    query = query.where(Score.value.is_not(None), Score.metric.in_(metrics), Score.subject_type == "conversation")
    rows = session.execute(query.group_by(*key).order_by(*key))
    return [Percentiles(metric, AgentVersion(*version), n, tuple(values)) for metric, *version, n, values in rows]


def daily_percentiles(session: Session, window: Window, metric: str) -> list[Percentiles]:
    """50th, 90th, 95th and 99th percentile of a metric per day and version."""
    day = func.date(func.timezone("UTC", Conversation.started_at))
    key = (day, *AGENT_VERSION)
    spread = func.percentile_cont(list(LATENCIES)).within_group(Score.value)
    query = current_scores(window, *key, func.count(), spread).where(Score.value.is_not(None), Score.metric == metric)
    rows = session.execute(query.group_by(*key).order_by(*key))
    return [Percentiles(metric, AgentVersion(*version), n, tuple(values), day) for day, *version, n, values in rows]


def versions_seen(session: Session, window: Window) -> dict[AgentVersion, int]:
    """Each agent version of the window with its number of calls, oldest first: the order of every chart."""
    query = select(*AGENT_VERSION, func.count()).where(*window.conditions()).group_by(*AGENT_VERSION)
    rows = session.execute(query.order_by(func.min(Conversation.started_at), *AGENT_VERSION))
    return {AgentVersion(agent, version): count for agent, version, count in rows}
