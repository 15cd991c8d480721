"""Figures as JSON for plotly.js, in the product's own colours and words. The one door to plotly.

Colours are written as CSS variables; the page puts in the theme's values. Every point carries in `customdata` the
address of the calls behind it. A rate over fewer than ten calls is drawn pale.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import cycle
from typing import Any

import plotly.graph_objects as go

from evalhub.evaluators import Metric
from evalhub.reports.judges import Asked
from evalhub.reports.measures import Percentiles, VersionRate

Link = Callable[..., str]
"""address of the conversations list with these filters"""
VERSION_COLOURS = 6
PALE = 0.35
ROW = 34
POINT = 6
RATE_RANGE = [-3.0, 103.0]
READING = ("circle-open", "square-open", "triangle-up-open", "pentagon-open")
LISTENING = ("diamond-open", "star-open", "cross-open", "hexagram-open")
RATE_COLUMNS = ("what", "version", "who", "pass", "between", "calls")
PEOPLE = "people"


@dataclass(frozen=True)
class Linked:
    """A cell of a table, or a line beside a chart, that leads somewhere; in exports its text."""

    text: str
    url: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True, eq=False)
class Judge:
    """One judge version as a chart shows it."""

    name: str
    listens: bool
    checked: Mapping[str, Linked]
    """per metric how far it agrees with people"""
    worth: Linked
    """the same of all of them, in a line"""

    def checked_on(self, metric: str) -> Linked:
        return self.checked[metric]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart of a dashboard: its question in plain words, the figure, and the same numbers as rows."""

    id: str
    title: str
    figure: dict[str, Any] = field(repr=False)
    columns: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    note: str = ""
    metric: str = ""
    """what it shows, where it shows one metric"""
    worth: Sequence[Linked] = ()
    """what its numbers are worth: per judge, how far it agrees with people"""

    @property
    def is_empty(self) -> bool:
        return not self.rows


def colour(version: str, versions: Sequence[str]) -> str:
    """A version keeps its colour in every chart of a page."""
    return f"var(--version-{versions.index(version) % VERSION_COLOURS + 1})"


def criteria_chart(
    key: str,
    title: str,
    people: Sequence[VersionRate],
    judged: Sequence[VersionRate],
    *,
    judges: Mapping[tuple[str, str], Judge],
    titles: Mapping[str, str],
    versions: Sequence[str],
    link: Link,
) -> Chart:
    """Rates per criterion: what people said as filled points with their range, each judge version as open ones.

    `judges`: by evaluator and judge version, every one that `judged` has.
    """
    by_whom: dict[Judge | None, Sequence[VersionRate]] = {None: people}
    by_whom |= {one: [f for f in judged if (f.evaluator, f.judge) == key] for key, one in judges.items()}
    symbols = _symbols(judges.values())
    height = max(ROW // 2, POINT * len(by_whom)) * len(titles) * max(1, len(versions)) + 110
    figure = go.Figure(layout=_layout(x_title="calls that pass, %", x_range=RATE_RANGE, height=height))
    for version in versions:
        shade = colour(version, versions)
        for who, rates in by_whom.items():
            figure.add_trace(_rates(rates, version, titles, shade, link, symbol=symbols[who], who=_who(who), judge=who))
    figure.update_layout(scattermode="group", scattergap=0.3)
    figure.update_yaxes(categoryorder="array", categoryarray=[*titles.values()][::-1], automargin=True)
    rows = [
        (*_rate_row(found, titles, _who(who)), _worth(found, who)) for who, rates in by_whom.items() for found in rates
    ]
    columns = (*RATE_COLUMNS, "agreement with people")
    return Chart(
        id=key,
        title=title,
        figure=_json(figure),
        columns=columns,
        rows=rows,
        worth=[one.worth for one in judges.values()],
    )


def _symbols(judges: Iterable[Judge]) -> dict[Judge | None, str]:
    reading, listening = cycle(READING), cycle(LISTENING)
    return {None: "circle"} | {one: next(listening if one.listens else reading) for one in judges}


def _who(judge: Judge | None) -> str:
    return judge.name if judge else PEOPLE


def _worth(found: VersionRate, judge: Judge | None) -> Linked | str:
    return judge.checked_on(found.metric) if judge else ""


def rate_chart(
    key: str, title: str, rates: Sequence[VersionRate], *, metric: Metric, versions: Sequence[str], link: Link
) -> Chart:
    """The rate that code found, a row per version, with its range."""
    shown = [version for version in versions if any(found.version == version for found in rates)]
    figure = go.Figure(layout=_layout(x_title="calls that pass, %", x_range=RATE_RANGE, height=ROW * len(shown) + 70))
    for version in shown:
        own = [found for found in rates if found.version == version]
        names = {metric.id: version or "no version"}
        figure.add_trace(_rates(own, version, names, colour(version, versions), link, symbol="circle", who="code"))
    figure.update_layout(showlegend=False)
    figure.update_yaxes(type="category", autorange="reversed")
    rows = [_rate_row(found, {metric.id: metric.title}, "code") for found in rates]
    return Chart(id=key, title=title, figure=_json(figure), columns=RATE_COLUMNS, rows=rows)


def daily_chart(
    key: str, title: str, days: Sequence[Percentiles], *, metric: Metric, versions: Sequence[str], link: Link
) -> Chart:
    """Median (line) and 95th percentile (dashes) per day and version."""
    figure = go.Figure(layout=_layout(y_title=metric.unit or "", height=300))
    for version in versions:
        of_version = [found for found in days if found.version == version]
        for name, index, dash in (("half of the answers", 0, "solid"), ("19 of 20", 2, "dash")):
            figure.add_trace(_line(of_version, version, name, index, dash, colour(version, versions), metric, link))
    figure.update_xaxes(type="date", tickformat="%-d %b")
    figure.update_yaxes(rangemode="tozero")
    rows = [(str(f.day), f.version, *(round(value) for value in f.values), f.count) for f in days]
    columns = ("day", "version", "p50", "p90", "p95", "p99", "turns")
    note = "Line: half of the answers came sooner. Dashes: 19 of 20 did."
    return Chart(id=key, title=title, figure=_json(figure), columns=columns, rows=rows, note=note, metric=metric.id)


def spread_chart(
    key: str, title: str, spreads: Sequence[Percentiles], *, metric: Metric, versions: Sequence[str], link: Link
) -> Chart:
    """Half of the calls as a box, nine of ten as whiskers, per version."""
    figure = go.Figure(layout=_layout(y_title=metric.unit or "", height=240))
    for found in spreads:
        figure.add_trace(_box(found, colour(found.version, versions), link(version=found.version, metric=metric.id)))
    figure.update_layout(showlegend=False)
    figure.update_xaxes(type="category")
    rows = [(f.version, *(round(value, 2) for value in f.values), f.count) for f in spreads]
    columns = ("version", "p5", "p25", "median", "p75", "p95", "calls")
    return Chart(id=key, title=title, figure=_json(figure), columns=columns, rows=rows, metric=metric.id)


def cost_chart(key: str, title: str, days: Sequence[tuple[date, Asked]]) -> Chart:
    """US dollars a day, the models on top of each other. What has no known price is told, and no bar."""
    figure = go.Figure(layout=_layout(y_title="US dollars", height=240) | {"barmode": "stack"})
    models = sorted({asked.model for _, asked in days})
    for index, model in enumerate(models):
        own = [(str(day), asked) for day, asked in days if asked.model == model and asked.unpriced < asked.askings]
        figure.add_trace(
            go.Bar(
                name=model,
                x=[day for day, _ in own],
                y=[asked.usd for _, asked in own],
                marker={"color": f"var(--version-{index % VERSION_COLOURS + 1})"},
                text=[f"${asked.usd:.4f}, asked {asked.askings} times" for _, asked in own],
                textposition="none",
                hovertemplate="%{x}: %{text}<extra>%{fullData.name}</extra>",
            )
        )
    figure.update_xaxes(type="date", tickformat="%-d %b")
    unpriced = {model: sum(asked.unpriced for _, asked in days if asked.model == model) for model in models}
    told = [
        f"{count} askings of {model} have no known price and are not in it."
        for model, count in unpriced.items()
        if count
    ]
    rows = [(str(day), asked.model, f"{asked.usd:.4f}", asked.askings, asked.unpriced) for day, asked in days]
    columns = ("day", "model", "US dollars", "askings", "of unknown price")
    return Chart(id=key, title=title, figure=_json(figure), columns=columns, rows=rows, note=" ".join(told))


def _rates(
    rates: Sequence[VersionRate],
    version: str,
    titles: Mapping[str, str],
    shade: str,
    link: Link,
    *,
    symbol: str,
    who: str,
    judge: Judge | None = None,
) -> go.Scatter:
    shown = [found for found in rates if found.version == version and found.metric in titles]
    return go.Scatter(
        name=f"{version or 'no version'} · {who}",
        mode="markers",
        orientation="h",
        x=[100 * found.rate.value for found in shown],
        y=[titles[found.metric] for found in shown],
        error_x=_range(shown, shade),
        marker={"symbol": symbol, "size": 11, "color": shade, "opacity": [_opacity(found) for found in shown]},
        customdata=[_calls(found, link) for found in shown],
        text=[_hover(found, judge) for found in shown],
        hovertemplate="%{y}: %{text}<extra>%{fullData.name}</extra>",
    )


def _hover(found: VersionRate, judge: Judge | None) -> str:
    told = f"{found.rate.value:.0%} of {found.rate.count} calls, {between(found)}"
    return f"{told}<br>{judge.checked_on(found.metric)}" if judge else told


def _calls(found: VersionRate, link: Link) -> str:
    """The calls behind a rate: those that failed, where any did, else all of them."""
    failed = {"verdict": "fail"} if found.rate.value < 1 else {}
    by = {"evaluator": found.evaluator, "judge": found.judge} if found.evaluator else {"by": PEOPLE}
    return link(version=found.version, metric=found.metric, **failed, **by)


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


def _line(
    shown: Sequence[Percentiles], version: str, name: str, index: int, dash: str, shade: str, metric: Metric, link: Link
) -> go.Scatter:
    return go.Scatter(
        name=version or "no version",
        showlegend=dash == "solid",
        meta=name,
        mode="lines+markers",
        x=[str(found.day) for found in shown],
        y=[found.values[index] for found in shown],
        line={"color": shade, "dash": dash},
        marker={"size": 7},
        customdata=[link(version=version, day=str(found.day), metric=metric.id) for found in shown],
        text=[f"{found.count} turns" for found in shown],
        hovertemplate="%{x}: %{y:.0f} " + (metric.unit or "") + ", %{text}<extra>%{fullData.name}, %{meta}</extra>",
    )


def _box(found: Percentiles, shade: str, url: str) -> go.Box:
    low, q1, median, q3, high = ([value] for value in found.values)
    return go.Box(
        name=f"{found.version or 'no version'} ({found.count})",
        x=[f"{found.version or 'no version'}<br>{found.count} calls"],
        lowerfence=low,
        q1=q1,
        median=median,
        q3=q3,
        upperfence=high,
        marker={"color": shade},
        customdata=[url],
    )


def between(found: VersionRate) -> str:
    """The range in words."""
    return f"between {100 * found.rate.low:.0f} and {100 * found.rate.high:.0f} %"


def _rate_row(found: VersionRate, titles: Mapping[str, str], who: str) -> tuple[Any, ...]:
    name = titles.get(found.metric, found.metric)
    return (name, found.version, who, f"{found.rate.value:.0%}", between(found), found.rate.count)


def _layout(
    x_title: str = "", y_title: str = "", x_range: list[float] | None = None, height: int = 260
) -> dict[str, Any]:
    axis = {"gridcolor": "var(--line)", "zerolinecolor": "var(--line)"}
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 40},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": "var(--text)", "family": "system-ui", "size": 13},
        "legend": {"orientation": "h", "y": -0.2},
        "xaxis": axis | {"title": {"text": x_title}, "range": x_range},
        "yaxis": axis | {"title": {"text": y_title}, "automargin": True},
        "template": "none",
        "hovermode": "closest",
    }


def _json(figure: go.Figure) -> dict[str, Any]:
    return dict(figure.to_plotly_json())
