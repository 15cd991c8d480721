"""The cost of usage: a sum where every meter has a price, else none, with the meters that lack one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from evalhub.costs.prices import PriceTable

BILLED = "cost_usd"
"""the meter of what a platform billed for a model or a service, in US dollars"""

Used = tuple[str | None, str, float]
"""model, meter, quantity"""


@dataclass(frozen=True)
class Cost:
    """US dollars; `total` and a model's own sum are None where a meter has no price, never 0."""

    total: float | None
    by_meter: dict[tuple[str | None, str], float] = field(default_factory=dict)
    unpriced: list[tuple[str | None, str]] = field(default_factory=list)

    @property
    def by_model(self) -> dict[str, float | None]:
        sums: Counter[str | None] = Counter()
        for (model, _), usd in self.by_meter.items():
            sums[model] += usd  # type: ignore[assignment]
        without = {model for model, _ in self.unpriced}
        models = dict.fromkeys([*sums, *(model for model, _ in self.unpriced)])
        return {model or "unknown model": None if model in without else float(sums[model]) for model in models}


def cost_of(usage: Iterable[Used], table: PriceTable, day: date) -> Cost:
    """What was used, at the prices of a day. What was used 0 times costs nothing, priced or not.

    Where a platform billed for a model, its bill is the cost and the quantities behind it are not priced again; so are
    those of no named model, which on such a call are the platform's own.
    """
    quantities: Counter[tuple[str | None, str]] = Counter()
    for model, meter, quantity in usage:
        quantities[model, meter] += quantity  # type: ignore[assignment]
    billed = {model for model, meter in quantities if meter == BILLED}
    counted = {key: quantity for key, quantity in quantities.items() if quantity and not _is_billed(key, billed)}
    prices = {key: 1.0 if key[1] == BILLED else table.price(*key, day) for key in counted}
    by_meter = {key: quantities[key] * price for key, price in prices.items() if price is not None}
    unpriced = [key for key, price in prices.items() if price is None]
    return Cost(None if unpriced else sum(by_meter.values()), by_meter, unpriced)


def _is_billed(key: tuple[str | None, str], billed: set[str | None]) -> bool:
    """Whether a bill holds this quantity already."""
    model, meter = key
    return meter != BILLED and bool(billed) and (model is None or model in billed)
