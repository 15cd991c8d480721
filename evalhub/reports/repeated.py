"""Repeated runs of one scenario in a window, by agent version: how many came out right, and pass^k. One query.

Definition: docs/metrics.md#function-calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from evalhub.evaluations.counted import counted
from evalhub.models import Conversation, Score
from evalhub.reports.measures import AGENT_VERSION, SAME_CALL, AgentVersion
from evalhub.reports.window import Window
from evalhub.traces.filters import SCENARIO
from evalhub.trust.repeats import INFRASTRUCTURE, Repeats

CORRECT = "function_calls.correct"
SHOWN = (1, 2, 4, 8)
RIGHT, WRONG, NOT_GRADED = "right", "wrong", "not graded"


@dataclass(frozen=True)
class Repeated:
    """The runs of one scenario by one agent version."""

    scenario: str
    version: AgentVersion
    runs: Repeats

    @property
    def shown(self) -> list[float | None]:
        """pass^k for each k of SHOWN; None where there are fewer runs."""
        return [self.runs.curve.get(k) for k in SHOWN]

    @property
    def is_repeated(self) -> bool:
        """Whether it ran more than once, and a run of it counts."""
        return self.runs.runs > 0 and self.runs.runs + sum(self.runs.excluded.values()) > 1


@dataclass(frozen=True)
class VersionRepeats:
    """The scenarios that one agent version ran more than once, the least reliable first."""

    version: AgentVersion
    scenarios: Sequence[Repeated]

    @property
    def means(self) -> list[tuple[float, int] | None]:
        """For each k of SHOWN the mean of pass^k, and over how many scenarios: those with as many runs."""
        found = []
        for column in zip(*(one.shown for one in self.scenarios), strict=True):
            known = [value for value in column if value is not None]
            found.append((sum(known) / len(known), len(known)) if known else None)
        return found


def repeats_by_version(session: Session, window: Window) -> list[VersionRepeats]:
    """Every version of the window that ran a scenario more than once, and was graded on any run of it."""
    found = [one for one in _scenarios(session, window) if one.is_repeated]
    versions = sorted({one.version for one in found})
    return [
        VersionRepeats(version, sorted((one for one in found if one.version == version), key=_least_reliable))
        for version in versions
    ]


def _scenarios(session: Session, window: Window) -> list[Repeated]:
    ended = Conversation.outcome["reason"].astext
    result = case(
        (ended.in_(INFRASTRUCTURE), ended), (Score.value == 1, RIGHT), (Score.value == 0, WRONG), else_=NOT_GRADED
    )
    graded = and_(SAME_CALL, Score.metric == CORRECT, counted())
    query = select(SCENARIO, *AGENT_VERSION, result, func.count()).outerjoin(Score, graded)
    query = query.where(*window.conditions(), SCENARIO != "").group_by(SCENARIO, *AGENT_VERSION, result)
    counts: dict[tuple[str, AgentVersion], dict[str, int]] = {}
    for scenario, agent, version, came_to, count in session.execute(query):
        counts.setdefault((scenario, AgentVersion(agent, version)), {})[came_to] = count
    return [Repeated(*key, _repeats(results)) for key, results in counts.items()]


def _repeats(results: dict[str, int]) -> Repeats:
    passed, failed = results.get(RIGHT, 0), results.get(WRONG, 0)
    excluded = {why: count for why, count in sorted(results.items()) if why not in (RIGHT, WRONG)}
    return Repeats(passed, passed + failed, excluded)


def _least_reliable(one: Repeated) -> tuple[float, str]:
    return one.runs.passed / one.runs.runs, one.scenario
