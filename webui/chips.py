"""The filters of a list as words, each with the address of the list without it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from evalhub.reports.call import TIERS
from evalhub.traces.filters import Filters

NAMES = {
    "q": "words",
    "by": "checked by",
    "metric": "measured",
    "evaluator": "measured by",
    "judge": "judge version",
    "said": "the judge says",
    "people": "people say",
}


@dataclass(frozen=True)
class Chip:
    """One filter: what it is about, what it asks for, and the filters that are left without it."""

    name: str
    value: str
    without: Mapping[str, str]


def chips(filters: Filters, titles: Mapping[str, str]) -> list[Chip]:
    """Every filter that is set. `titles`: of metrics and criteria by id."""
    told = titles | TIERS
    short = {"from": _day(filters.since), "to": _day(filters.until, is_end=True), "judge": (filters.judge or "")[:8]}
    return [
        Chip(NAMES.get(name, name), short.get(name) or told.get(value, value), filters.without(name))
        for name, value in filters.as_args().items()
    ]


def _day(moment: datetime | None, *, is_end: bool = False) -> str:
    """The day, and the time where it is not the day's edge; a list up to midnight ends with the day before."""
    if moment is None:
        return ""
    if moment.hour or moment.minute or moment.second:
        return f"{moment:%-d %b %Y %H:%M} UTC"
    return f"{moment - timedelta(days=is_end):%-d %b %Y}"
