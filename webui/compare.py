"""Compare: two versions of an agent, question by question, and in one sentence which is better at what."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template, request

from evalhub.plugins import metrics
from evalhub.reports.call import TIERS
from evalhub.reports.compared import judge_versions
from evalhub.reports.comparison import Change, comparison
from evalhub.reports.measures import AgentVersion, versions_seen
from evalhub.reports.titles import titles
from evalhub.reports.window import CHOICES, Window, agents
from evalhub.traces.filters import NONE, PEOPLE
from evalhub.trust.intervals import FEW
from webui.access import allow
from webui.behind import calls_behind
from webui.context import db, project

bp = Blueprint("compare", __name__, url_prefix="/p/<project_slug>/compare")
DAYS = "30"
"""without another choice: the older of two versions has mostly been away for a while"""


@bp.get("")
@allow("viewer", "lead")
def page() -> str:
    window = Window.from_args(project().id, {"days": DAYS} | request.args.to_dict())
    seen = versions_seen(db(), window)
    window = replace(window, agent=window.agent or _busiest(seen))
    versions = [one.version or NONE for one in seen if (one.agent or NONE) == window.agent]
    first, second = _chosen(versions)
    rows = comparison(db(), window, *(version.replace(NONE, "") for version in (first, second))) if second else []
    return render_template(
        "compare/page.html",
        window=window,
        agents=agents(db(), project().id),
        choices=CHOICES,
        versions=versions,
        first=first,
        second=second,
        rows=rows,
        few=FEW,
        nameless=NONE,
        titles=titles(db(), project().id),
        names=_names(),
        units={metric.id: metric.unit for metric in metrics().values()},
        calls=lambda row, version: _calls(window, row, version),
    )


def _busiest(seen: Mapping[AgentVersion, int]) -> str | None:
    """Without another choice: of the agents with two versions or more the one with most calls, named ones first."""
    counts: dict[str, list[int]] = {}
    for one, count in seen.items():
        counts.setdefault(one.agent or NONE, []).append(count)
    return max(counts, key=lambda name: (len(counts[name]) > 1, name != NONE, sum(counts[name])), default=None)


def _chosen(versions: list[str]) -> tuple[str, str]:
    """The two that were asked for, else the newest and the one before; two empty ones where there are no two."""
    asked = request.args.get("first", ""), request.args.get("second", "")
    if all(one in versions for one in asked) and asked[0] != asked[1]:
        return asked
    return (versions[-2], versions[-1]) if len(versions) > 1 else ("", "")


def _names() -> dict[str, str]:
    """Who answered, in words: code by what it looks at, each version of a judge by its model."""
    judges = {one.id: f"{one.definition['model']}, {one.id[:8]}" for one in judge_versions(db(), project().id)}
    return TIERS | {PEOPLE: "people"} | judges


def _calls(window: Window, row: Change, version: str) -> str:
    by: dict[str, Any] = {"by": PEOPLE} if row.who == PEOPLE else {"evaluator": row.who, "judge": row.judge}
    return calls_behind(window, metric=row.metric, version=version, **by)
