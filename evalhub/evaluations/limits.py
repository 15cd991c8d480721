"""How much of a project is judged at most: a budget a day, and how many are judged twice. Rules say which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from evalhub.costs import PriceTable, is_priced, price_table
from evalhub.errors import BadInput, Problem
from evalhub.models import Project
from evalhub.settings import Settings

ASKED_AGAIN = 0.02


@dataclass(frozen=True, kw_only=True)
class Limits:
    """A project's settings under "judge"."""

    daily_calls: int | None = None
    daily_usd: float | None = None
    asked_again: float = ASKED_AGAIN
    """of those judged, how many (0 to 1) are judged twice to see which answers flip"""

    @classmethod
    def of(cls, project: Project) -> Limits:
        return cls(**(project.settings.get("judge") or {}))

    @classmethod
    def from_form(cls, form: Mapping[str, str]) -> Limits:
        """As people fill them in: percents, and budgets that may stay empty.

        Raises:
            BadInput: a field is no number, or out of its range.
        """
        calls = number(form, "daily_calls", 1_000_000_000)
        return cls(
            daily_calls=None if calls is None else int(calls),
            daily_usd=number(form, "daily_usd", 1_000_000),
            asked_again=(number(form, "asked_again", 100) or 0.0) / 100,
        )


def set_limits(project: Project, limits: Limits, settings: Settings) -> None:
    """Use these limits from now on.

    Raises:
        BadInput: a budget in dollars for a model whose price is not known.
    """
    unpriced = without_price(settings, price_table(project.settings.get("prices", "")))
    if limits.daily_usd is not None and unpriced:
        problem = Problem("daily_usd", "nothing, and calls a day instead", f"dollars for {unpriced[0]!r}")
        raise BadInput(
            "No price is known for this model, so dollars cannot be kept to. Rules and prices takes one.", [problem]
        )
    project.settings = project.settings | {"judge": asdict(limits)}


def without_price(settings: Settings, prices: PriceTable) -> list[str]:
    """The models that judge here and whose questions would have no known cost: who reads, and who listens."""
    heard_at = settings.listening_url or settings.judge_url
    asked = [(settings.judge_model or "no model", settings.judge_url, False)]
    asked += [(settings.listening_model, heard_at, True)] if settings.listening_model else []
    return [model for model, url, hears in asked if not is_priced(prices, model, url=url, hears=hears)]


def number(form: Mapping[str, str], name: str, most: float) -> float | None:
    """A field of a form as a number, with a point or a comma; None where it is empty.

    Raises:
        BadInput: it is none, or out of range.
    """
    text = form.get(name, "").strip().replace(",", ".")
    if not text:
        return None
    if text.replace(".", "", 1).isdecimal() and len(text) < 16 and float(text) <= most:
        return float(text)
    raise BadInput(
        "This number cannot be used.", [Problem(name, f"a number from 0 to {most:g}, or nothing", repr(text))]
    )
