"""What charts are made of, as plotly's JSON: rates with their range, lines over days, spreads.

Colours are written as CSS variables; the page puts in the theme's values. Every point carries in `customdata` the
address of the calls behind it. What fewer than ten calls say is drawn pale.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evalhub.reports.judged import Judge
from evalhub.reports.measures import AgentVersion, Percentiles, VersionRate
from evalhub.trust.intervals import FEW

Link = Callable[..., str]
"""address of the conversations list with these filters"""
Trace = dict[str, Any]
Versions = Mapping[AgentVersion, int]
"""those of a page, in the order of its charts"""
VERSION_COLOURS = 6
SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "star")
"""tell versions apart whose colour comes again"""
PALE = 0.35
PEOPLE = "people"


def colour(version: AgentVersion, versions: Versions) -> str:
    """An agent version keeps its colour in every chart of a page."""
    return f"var(--version-{list(versions).index(version) % VERSION_COLOURS + 1})"


def label(version: AgentVersion) -> str:
    """Its name beside a row: agent and version below each other, so that a phone has room for the row."""
    return f"{version.agent or 'agent without a name'}<br>{version.version}".removesuffix("<br>")


def rates(
    shown: Sequence[VersionRate],
    names: Sequence[str],
    shade: str,
    link: Link,
    *,
    symbol: str,
    who: str,
    judge: Judge | None = None,
) -> Trace:
    """Points at 0 to 100 %, each in the row of its name, with the range it may lie in."""
    return {
        "type": "scatter",
        "name": f"{shown[0].version.title} · {who}",
        "mode": "markers",
        "orientation": "h",
        "x": [100 * found.rate.value for found in shown],
        "y": list(names),
        "error_x": _range(shown, shade),
        "marker": {"symbol": symbol, "size": 11, "color": shade, "opacity": [_opacity(found) for found in shown]},
        "customdata": [calls_of(found, link, who) for found in shown],
        "text": [_told(found, judge) for found in shown],
        "hovertemplate": "%{y}: %{text}<extra>%{fullData.name}</extra>",
    }


def _told(found: VersionRate, judge: Judge | None) -> str:
    told = f"{found.rate.value:.0%} of {found.rate.count} calls, {between(found)}"
    return f"{told}<br>{judge.checked_on(found.metric)}" if judge else told


def line(
    shown: Sequence[Percentiles], values: Sequence[float], versions: Versions, link: Link, *, dash: str, told: str
) -> Trace:
    """One value a day of one agent version. `told`: unit and kind of the value, for who points at it."""
    version = shown[0].version
    symbol = SYMBOLS[list(versions).index(version) // VERSION_COLOURS % len(SYMBOLS)]
    return {
        "type": "scatter",
        "name": version.title,
        "showlegend": dash == "solid",
        "mode": "lines+markers",
        "x": [str(found.day) for found in shown],
        "y": list(values),
        "line": {"color": colour(version, versions), "dash": dash},
        "marker": {"size": 7, "symbol": symbol},
        "customdata": [calls_measured(found, link) for found in shown],
        "text": [f"{found.count} turns" for found in shown],
        "hovertemplate": "%{x}: %{y} " + told + ", %{text}<extra>%{fullData.name}</extra>",
    }


def box(found: Percentiles, values: Sequence[float], shade: str, link: Link) -> Trace:
    """Half of the calls as a box, nine of ten as whiskers, lying in the row of the version."""
    low, q1, median, q3, high = ([value] for value in values)
    return {
        "type": "box",
        "name": f"{found.version.title}, {found.count} call{'s' if found.count != 1 else ''}",
        "opacity": PALE if found.count < FEW else 1.0,
        "orientation": "h",
        "y": [label(found.version)],
        "lowerfence": low,
        "q1": q1,
        "median": median,
        "q3": q3,
        "upperfence": high,
        "width": 0.5,
        "marker": {"color": shade},
        "customdata": [calls_measured(found, link)],
    }


def between(found: VersionRate) -> str:
    """The range in words."""
    return f"between {100 * found.rate.low:.0f} and {100 * found.rate.high:.0f} %"


def calls_of(found: VersionRate, link: Link, who: str) -> str:
    """The calls behind a rate: those that failed, where any did, else all of them."""
    failed = {"verdict": "fail"} if found.rate.value < 1 else {}
    by = {"by": PEOPLE} if who == PEOPLE else {"evaluator": found.evaluator, "judge": found.judge}
    return link(**_of(found.version), metric=found.metric, **failed, **by)


def calls_measured(found: Percentiles, link: Link) -> str:
    """The calls behind a spread (of its day, where it is of one)."""
    return link(**_of(found.version), day=found.day and str(found.day), metric=found.metric)


def _of(version: AgentVersion) -> dict[str, str]:
    return {"agent": version.agent, "version": version.version}


def _range(shown: Sequence[VersionRate], shade: str) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [100 * (found.rate.high - found.rate.value) for found in shown],
        "arrayminus": [100 * (found.rate.value - found.rate.low) for found in shown],
        "color": shade,
        "thickness": 1.5,
        "width": 3,
    }


def _opacity(found: VersionRate) -> float:
    return PALE if found.rate.is_thin else 1.0
