"""Charts as JSON for plotly.js, in the product's own colours and words. The one door to plotly.

Plotly checks each figure once, when it is whole: its checks of single parts cost more than every query of a page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from evalhub.evaluators import Metric
from evalhub.reports import points
from evalhub.reports.judged import Linked
from evalhub.reports.measures import Percentiles, VersionRate
from evalhub.reports.points import Link, Trace, Versions, between, colour, label

ROW, PART, BETWEEN = 40, 22, 14
"""pixels of a row; of one version of several in it, and of what keeps such rows apart"""
ABOVE, BELOW, LEGEND_ROW = 8, 50, 20
"""pixels above what is drawn, of the axis below, and of each name of a legend under that"""
LINES = 190
PASSED = "passed, %"
RATE_RANGE = [-3.0, 103.0]
A_SECOND_MS = 1000.0
RATE_COLUMNS = ("what", "agent version", "who", "pass", "between", "calls")


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart of a dashboard: its question in plain words, the figure, and the same numbers as rows."""

    id: str
    title: str
    figure: dict[str, Any] = field(default_factory=dict, repr=False)
    columns: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    """the calls behind each row, where those can be told"""
    note: str = ""
    metric: str = ""
    """what it shows, where it shows one metric"""
    worth: Sequence[Linked] = ()
    """what its numbers are worth: per judge, how far it agrees with people"""

    @property
    def is_empty(self) -> bool:
        return not self.rows


def rate_chart(
    key: str, title: str, rates: Sequence[VersionRate], *, metric: Metric, versions: Versions, link: Link
) -> Chart:
    """The rate that code found, a row per agent version, with its range."""
    shown = sorted(rates, key=lambda found: [*versions].index(found.version))
    traces = [
        points.rates([one], [label(one.version)], colour(one.version, versions), link, symbol="circle", who="code")
        for one in shown
    ]
    layout = _rows(PASSED, len(shown), x_range=RATE_RANGE)
    rows = [rate_row(found, {metric.id: metric.title}, "code") for found in shown]
    links = [points.calls_of(found, link, "code") for found in shown]
    return Chart(id=key, title=title, figure=checked(traces, layout), columns=RATE_COLUMNS, rows=rows, links=links)


def daily_chart(
    key: str, title: str, days: Sequence[Percentiles], *, metric: Metric, versions: Versions, link: Link
) -> Chart:
    """Median (line) and 95th percentile (dashes) per day and agent version."""
    unit, size = _unit(metric, days)
    traces = []
    for version in versions:
        if own := [found for found in days if found.version == version]:
            for name, index, dash in (("for half of the answers", 0, "solid"), ("for 19 of 20", 2, "dash")):
                values = [_round(found.values[index] / size) for found in own]
                traces.append(points.line(own, values, versions, link, dash=dash, told=f"{unit} {name}"))
    layout = layout_of(LINES, len({found.version for found in days}), y_title=unit)
    layout["xaxis"] |= {"type": "date", "tickformat": "%-d %b"}
    layout["yaxis"] |= {"rangemode": "tozero"}
    columns = ("day", "agent version", "p50", "p90", "p95", "p99", "unit", "turns")
    rows = [(str(f.day), f.version.title, *(_round(v / size) for v in f.values), unit, f.count) for f in days]
    links = [points.calls_measured(found, link) for found in days]
    note = "Line: half of the answers came sooner. Dashes: 19 of 20 did."
    drawn: dict[str, Any] = {"figure": checked(traces, layout), "columns": columns, "rows": rows, "links": links}
    return Chart(id=key, title=title, note=note, metric=metric.id, **drawn)


def spread_chart(
    key: str,
    title: str,
    spreads: Sequence[Percentiles],
    *,
    metric: Metric,
    scale: str,
    versions: Versions,
    link: Link,
) -> Chart:
    """A row per agent version: half of its calls as a box, nine of ten as whiskers. `scale`: says what has no unit."""
    unit, size = _unit(metric, spreads)
    shown = sorted(spreads, key=lambda found: [*versions].index(found.version))
    traces = []
    for found in shown:
        values = [_round(value / size) for value in found.values]
        traces.append(points.box(found, values, colour(found.version, versions), link))
    columns = ("agent version", "p5", "p25", "median", "p75", "p95", "unit", "calls")
    rows = [(f.version.title, *(_round(v / size) for v in f.values), unit, f.count) for f in shown]
    links = [points.calls_measured(found, link) for found in shown]
    drawn: dict[str, Any] = {
        "figure": checked(traces, _rows(unit or scale, len(shown))),
        "columns": columns,
        "rows": rows,
    }
    return Chart(id=key, title=title, metric=metric.id, links=links, **drawn)


def _unit(metric: Metric, found: Sequence[Percentiles]) -> tuple[str, float]:
    """What to write values in, and how much of the metric's own unit that is: a second and more in seconds."""
    longest = max((max(one.values) for one in found), default=0.0)
    return ("s", A_SECOND_MS) if metric.unit == "ms" and longest >= A_SECOND_MS else (metric.unit or "", 1.0)


def _round(value: float) -> float:
    return round(value, 2) if abs(value) < 100 else round(value)


def rate_row(found: VersionRate, titles: Mapping[str, str], who: str) -> tuple[Any, ...]:
    """A rate as the cells of RATE_COLUMNS."""
    name = titles.get(found.metric, found.metric)
    return (name, found.version.title, who, f"{found.rate.value:.0%}", between(found), found.rate.count)


def _rows(x_title: str, count: int, x_range: list[float] | None = None) -> dict[str, Any]:
    layout = layout_of(ROW * count, x_title=x_title, x_range=x_range)
    layout["yaxis"] |= {"type": "category", "autorange": "reversed"}
    return layout | {"showlegend": False}


def layout_of(
    drawn_px: int, names: int = 0, *, x_title: str = "", y_title: str = "", x_range: list[float] | None = None
) -> dict[str, Any]:
    """What all charts have in common.

    Args:
        drawn_px: how high the drawing itself is.
        names: how many a legend has, below each other on a phone.
    """
    axis = {"gridcolor": "var(--line)", "zerolinecolor": "var(--line)"}
    below = BELOW + LEGEND_ROW * names
    return {
        "height": ABOVE + drawn_px + below,
        "margin": {"l": 8, "r": 8, "t": ABOVE, "b": below},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": "var(--text)", "family": "system-ui", "size": 13},
        "legend": {"orientation": "h", "y": -BELOW / max(1, drawn_px), "yanchor": "top"},
        "xaxis": axis | {"title": _axis_title(x_title), "range": x_range},
        "yaxis": axis | {"title": _axis_title(y_title), "automargin": True},
        "template": "none",
        "hovermode": "closest",
    }


def _axis_title(text: str) -> dict[str, Any]:
    return {"text": text, "font": {"size": 13}, "standoff": 8}


def checked(traces: Sequence[Trace], layout: dict[str, Any]) -> dict[str, Any]:
    """The figure, once plotly has found it right; nothing where there is nothing to draw."""
    return dict(go.Figure(data=list(traces), layout=layout).to_plotly_json()) if traces else {}
