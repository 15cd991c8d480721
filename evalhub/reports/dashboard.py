"""The dashboard: one small chart per question, from the scores and labels of a window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.reports import figures, measures
from evalhub.reports.call import VALENCE
from evalhub.reports.figures import Chart, Link
from evalhub.reports.judges import asked_by_day
from evalhub.reports.people import people_rates
from evalhub.reports.window import Window
from evalhub.reports.worth import AgreementLink, judges_of

DELIVERY = ("expressiveness", "pace", "energy", "loudness_lufs")
QUIET = ("dead_air_ms.longest",)
LATENCY = "turn_latency_ms"


@dataclass(frozen=True)
class Section:
    """Charts that answer one question."""

    id: str
    question: str
    charts: list[Chart]
    note: str = ""


def dashboard(
    session: Session, window: Window, criteria: Mapping[str, str], link: Link, agreement: AgreementLink
) -> list[Section]:
    """Every section of the page.

    Args:
        criteria: titles of the rubric's criteria by key.
        link: address of the calls behind a number.
        agreement: address of what says how far a judge agrees with people, on one question or on all.
    """
    versions = [version for version, _ in measures.versions_seen(session, window)]
    seen = (session, window)
    return [
        Section("right", "Is it right?", [_criteria(*seen, criteria, versions, link, agreement)]),
        Section("tools", "Do the tools work?", [_rate(*seen, "function_calls.correct", versions, link)]),
        Section("quick", "Is it quick?", [_latency(*seen, versions, link), *_spreads(*seen, QUIET, versions, link)]),
        Section("sound", "How does it sound?", _spreads(*seen, DELIVERY, versions, link), note=VALENCE),
        Section("trust", "Can the recordings be trusted?", [_rate(*seen, "recording_check.clean", versions, link)]),
        *_judging(*seen),
    ]


def _criteria(
    session: Session,
    window: Window,
    criteria: Mapping[str, str],
    versions: Sequence[str],
    link: Link,
    agreement: AgreementLink,
) -> Chart:
    judged = measures.verdict_rates(session, window, "criterion.")
    people = [measures.VersionRate(f"criterion.{f.metric}", f.version, f.rate) for f in people_rates(session, window)]
    titles = {f"criterion.{key}": title for key, title in criteria.items()}
    shown = {found.metric for found in (*judged, *people)}
    titles = {metric: title for metric, title in titles.items() if metric in shown}
    judges = judges_of(session, window.project_id, judged, agreement)
    return figures.criteria_chart(
        "criteria",
        "Calls that pass, per criterion",
        people,
        judged,
        judges=judges,
        titles=titles,
        versions=versions,
        link=link,
    )


def _judging(session: Session, window: Window) -> list[Section]:
    """Left out where no judge was asked."""
    days = asked_by_day(session, window)
    chart = figures.cost_chart("judging", "US dollars a day, by model", days)
    return [Section("judging", "What does judging cost?", [chart])] if days else []


def _rate(session: Session, window: Window, metric_id: str, versions: Sequence[str], link: Link) -> Chart:
    metric = plugins.metrics()[metric_id]
    rates = measures.verdict_rates(session, window, (metric_id,))
    key = metric_id.replace(".", "-")
    return figures.rate_chart(key, metric.title, rates, metric=metric, versions=versions, link=link)


def _latency(session: Session, window: Window, versions: Sequence[str], link: Link) -> Chart:
    metric = plugins.metrics()[LATENCY]
    days = measures.daily_percentiles(session, window, LATENCY)
    return figures.daily_chart("latency", metric.title, days, metric=metric, versions=versions, link=link)


def _spreads(
    session: Session, window: Window, metrics: Sequence[str], versions: Sequence[str], link: Link
) -> list[Chart]:
    known = plugins.metrics()
    found = measures.spreads(session, window, metrics)
    return [
        figures.spread_chart(
            metric.replace(".", "-"),
            known[metric].title,
            [spread for spread in found if spread.metric == metric],
            metric=known[metric],
            versions=versions,
            link=link,
        )
        for metric in metrics
        if metric in known
    ]
