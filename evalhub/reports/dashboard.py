"""The dashboard: one small chart per question, from the scores and labels of a window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.reports import figures, measures
from evalhub.reports.call import VALENCE
from evalhub.reports.cost_chart import Days, cost_chart
from evalhub.reports.criteria_chart import criteria_chart
from evalhub.reports.figures import Chart
from evalhub.reports.judged import Judge
from evalhub.reports.judges import asked_by_day
from evalhub.reports.measures import Percentiles, VersionRate
from evalhub.reports.people import people_rates
from evalhub.reports.points import Link, Versions
from evalhub.reports.window import Window
from evalhub.reports.worth import AgreementLink, judges_of

DELIVERY = ("expressiveness", "pace", "energy", "loudness_lufs")
SCALES = {"expressiveness": "0 even to 1 lively", "pace": "0 slow to 1 fast", "energy": "0 calm to 1 strong"}
"""what the ends of a metric without a unit mean"""
QUIET = ("dead_air_ms.longest",)
LATENCY = "turn_latency_ms"
CALLS_RIGHT, RECORDING = "function_calls.correct", "recording_check.clean"
CRITERIA = "criterion."


@dataclass(frozen=True)
class Section:
    """Charts that answer one question."""

    id: str
    question: str
    charts: list[Chart]
    note: str = ""


def dashboard(
    session: Session,
    window: Window,
    criteria: Mapping[str, str],
    versions: Versions,
    link: Link,
    agreement: AgreementLink,
) -> list[Section]:
    """Every section of the page.

    Args:
        criteria: titles of the rubric's criteria by key.
        versions: of the window.
        link: address of the calls behind a number.
        agreement: address of what says how far a judge agrees with people, on one question or on all.
    """
    rates = measures.verdict_rates(session, window, CRITERIA, (CALLS_RIGHT, RECORDING))
    spreads = measures.spreads(session, window, (*QUIET, *DELIVERY))
    people, days = people_rates(session, window), measures.daily_percentiles(session, window, LATENCY)
    judges = judges_of(session, window.project_id, [one for one in rates if _is_judged(one)], agreement)
    quick = [_latency(days, versions, link), *_spreads(spreads, QUIET, versions, link)]
    return [
        Section("right", "Is it right?", [_criteria(people, rates, judges, criteria, versions, link)]),
        Section("tools", "Do the tools work?", [_rate(rates, CALLS_RIGHT, versions, link)]),
        Section("quick", "Is it quick?", quick),
        Section("sound", "How does it sound?", _spreads(spreads, DELIVERY, versions, link), note=VALENCE),
        Section("trust", "Can the recordings be trusted?", [_rate(rates, RECORDING, versions, link)]),
        *_judging(asked_by_day(session, window)),
    ]


def _is_judged(found: VersionRate) -> bool:
    return found.metric.startswith(CRITERIA)


def _criteria(
    said: Sequence[VersionRate],
    rates: Sequence[VersionRate],
    judges: Mapping[tuple[str, str], Judge],
    criteria: Mapping[str, str],
    versions: Versions,
    link: Link,
) -> Chart:
    judged = [found for found in rates if _is_judged(found)]
    people = [VersionRate(f"{CRITERIA}{found.metric}", found.version, found.rate) for found in said]
    titles = {f"{CRITERIA}{key}": title for key, title in criteria.items()}
    shown = {found.metric for found in (*judged, *people)}
    titles = {metric: title for metric, title in titles.items() if metric in shown}
    return criteria_chart(
        "criteria",
        "Calls that pass, per criterion",
        people,
        judged,
        judges=judges,
        titles=titles,
        versions=versions,
        link=link,
    )


def _judging(days: Days) -> list[Section]:
    """Left out where no judge was asked."""
    charts = [cost_chart("judging", "US dollars a day, by model", days)] if days else []
    return [Section("judging", "What does judging cost?", charts)] if charts else []


def _rate(rates: Sequence[VersionRate], metric_id: str, versions: Versions, link: Link) -> Chart:
    metric = plugins.metrics()[metric_id]
    own = [found for found in rates if found.metric == metric_id]
    key = metric_id.replace(".", "-")
    return figures.rate_chart(key, metric.title, own, metric=metric, versions=versions, link=link)


def _latency(days: Sequence[Percentiles], versions: Versions, link: Link) -> Chart:
    metric = plugins.metrics()[LATENCY]
    return figures.daily_chart("latency", metric.title, days, metric=metric, versions=versions, link=link)


def _spreads(found: Sequence[Percentiles], metrics: Sequence[str], versions: Versions, link: Link) -> list[Chart]:
    known = plugins.metrics()
    return [
        figures.spread_chart(
            metric.replace(".", "-"),
            known[metric].title,
            [spread for spread in found if spread.metric == metric],
            metric=known[metric],
            scale=SCALES.get(metric, ""),
            versions=versions,
            link=link,
        )
        for metric in metrics
        if metric in known
    ]
