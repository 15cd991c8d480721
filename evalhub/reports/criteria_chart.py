"""How often calls pass each question of the scorecards, by people and by each judge version."""

from collections.abc import Mapping, Sequence
from typing import Any

from evalhub.reports import points
from evalhub.reports.figures import (
    BELOW,
    BETWEEN,
    PART,
    PASSED,
    RATE_COLUMNS,
    RATE_RANGE,
    Chart,
    checked,
    layout_of,
    rate_row,
)
from evalhub.reports.judged import Judge, Linked, symbols
from evalhub.reports.measures import AgentVersion, VersionRate
from evalhub.reports.points import PEOPLE, Link, Versions, colour

COLUMNS = (*RATE_COLUMNS[:-1], "agreement with people", RATE_COLUMNS[-1])
Told = tuple[VersionRate, Judge | None]
MOST_ROWS = 6
"""that a criterion has in the drawing, one for each agent version and who answered: more are no picture any more"""


def criteria_chart(
    key: str,
    title: str,
    people: Sequence[VersionRate],
    judged: Sequence[VersionRate],
    *,
    judges: Mapping[tuple[str, str], Judge],
    titles: Mapping[str, str],
    versions: Versions,
    link: Link,
) -> Chart:
    """Rates per criterion: what people said as filled points with their range, each judge version as open ones.

    `judges`: by evaluator and judge version, every one that `judged` has.
    """
    by_whom: dict[Judge | None, Sequence[VersionRate]] = {None: people}
    by_whom |= {one: [f for f in judged if (f.evaluator, f.judge) == key] for key, one in judges.items()}
    told = [(found, who) for who, rates in by_whom.items() for found in rates if found.metric in titles]
    marks, traces = symbols(judges.values()), []
    every, newest = _newest(told, versions)
    for version in newest:
        for who, rates in by_whom.items():
            if own := [found for found in rates if found.version == version and found.metric in titles]:
                names, shade = [titles[found.metric] for found in own], colour(version, versions)
                traces.append(points.rates(own, names, shade, link, symbol=marks[who], who=_who(who), judge=who))
    return Chart(
        id=key,
        title=title,
        note=f"The {len(newest)} newest of {every} agent versions; all are under Details."
        if len(newest) < every
        else "",
        figure=checked(traces, _layout(titles, len(traces))),
        columns=COLUMNS,
        rows=[_row(found, titles, who) for found, who in told],
        links=[points.calls_of(found, link, _who(who)) for found, who in told],
        worth=[one.worth for one in judges.values()],
    )


def _newest(told: Sequence[Told], versions: Versions) -> tuple[int, list[AgentVersion]]:
    """How many versions there are rates of, and the newest of them that MOST_ROWS has room for, two at least."""
    rated = {found.version for found, _ in told}
    shown = [version for version in versions if version in rated]
    return len(shown), shown[-max(2, MOST_ROWS // max(1, len({who for _, who in told}))) :]


def _layout(titles: Mapping[str, str], parts: int) -> dict[str, Any]:
    """Of a drawing with `parts` rows per criterion, each with a name in the legend."""
    drawn = len(titles) * (PART * parts + BETWEEN)
    layout = layout_of(drawn, parts, x_title=PASSED, x_range=RATE_RANGE)
    layout |= _above(layout, drawn)
    layout["yaxis"] |= {"categoryorder": "array", "categoryarray": [*titles.values()][::-1]}
    return layout | {"scattermode": "group", "scattergap": 0.3}


def _above(layout: dict[str, Any], drawn: int) -> dict[str, Any]:
    """The scale and the legend before a drawing that is higher than a window: who reads on knows what is what."""
    margin = layout["margin"] | {"t": layout["margin"]["b"], "b": layout["margin"]["t"]}
    legend = layout["legend"] | {"y": 1 + BELOW / max(1, drawn), "yanchor": "bottom"}
    return {"margin": margin, "legend": legend, "xaxis": layout["xaxis"] | {"side": "top"}}


def _row(found: VersionRate, titles: Mapping[str, str], judge: Judge | None) -> tuple[Any, ...]:
    *told, calls = rate_row(found, titles, _who(judge))
    worth: Linked | str = judge.checked_on(found.metric) if judge else ""
    return (*told, worth, calls)


def _who(judge: Judge | None) -> str:
    return judge.name if judge else PEOPLE
