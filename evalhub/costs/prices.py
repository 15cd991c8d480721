"""What usage costs: dated price tables, one TOML file each, and a project's own prices before them.

A `[[prices]]` entry has `models`, `from` (the first day it holds; a later entry of the same model takes over), and the
US dollars of each meter: `per_million` units (tokens, characters), `per_minute` (of `..._seconds`) or `per_unit`.
Adding a file adds its prices. Meters do not overlap: cached tokens are not counted as input again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from evalhub.errors import Problem, describe
from evalhub.expectations import is_number, unknown_fields
from evalhub.written import read_toml

FOLDER = Path(__file__).parent
UNITS = {"per_unit": 1.0, "per_million": 1e-6, "per_minute": 1 / 60}
SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True)
class Price:
    """US dollars for one unit of a meter of a model, from a day on."""

    model: str
    meter: str
    start: date
    usd: float


class PriceTable:
    """Prices by model and meter. A project's own win over list prices."""

    def __init__(self, own: Iterable[Price] = (), listed: Iterable[Price] = ()) -> None:
        self._own = _by_meter(own)
        self._prices = _by_meter(listed) | self._own

    @cached_property
    def own(self) -> PriceTable:
        """A project's own prices alone: for servers where list prices do not hold."""
        return PriceTable(price for prices in self._own.values() for price in prices)

    def price(self, model: str | None, meter: str, day: date) -> float | None:
        """US dollars of one unit on a day; None where no price is known. A dated snapshot costs what its model does."""
        for name in _names(model):
            held = [price for price in self._prices.get((name, meter), []) if price.start <= day]
            if held:
                return max(held, key=lambda price: price.start).usd
        return None


def _by_meter(prices: Iterable[Price]) -> dict[tuple[str, str], list[Price]]:
    found: dict[tuple[str, str], list[Price]] = {}
    for price in prices:
        found.setdefault((price.model, price.meter), []).append(price)
    return found


@cache
def built_in() -> tuple[Price, ...]:
    """The prices of every file in this folder."""
    found = (parse_prices(path.read_text(encoding="utf-8"), path.name) for path in sorted(FOLDER.glob("*.toml")))
    return tuple(price for prices in found for price in prices)


@lru_cache(maxsize=64)
def price_table(own: str = "") -> PriceTable:
    """The built-in prices, and before them those of a TOML text. Raises BadInput where that is wrong."""
    return PriceTable(parse_prices(own), built_in())


def parse_prices(text: str, name: str = "The prices") -> tuple[Price, ...]:
    """The prices of a TOML text.

    Raises:
        BadInput: it is no TOML, or an entry is wrong; names every fault with its place.
    """
    content = read_toml(text, name, _problems)
    return tuple(price for entry in content.get("prices", []) for price in _of_entry(entry))


def _of_entry(entry: dict[str, Any]) -> Iterator[Price]:
    for unit, factor in UNITS.items():
        for meter, usd in entry.get(unit, {}).items():
            yield from (Price(model, meter, entry["from"], usd * factor) for model in entry["models"])


def _names(model: str | None) -> Iterator[str]:
    """A model as it is called, without its provider, without the date of its snapshot."""
    if model:
        plain = model.rpartition("/")[2]
        yield from dict.fromkeys((model, plain, SNAPSHOT.sub("", plain)))


def _problems(content: dict[str, Any]) -> Iterator[Problem]:
    yield from unknown_fields(content, ("prices",), "")
    entries = content.get("prices", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        yield Problem("prices", "[[prices]] entries", describe(entries))
        return
    for index, entry in enumerate(entries):
        yield from _entry(entry, f"prices[{index}]")


def _entry(entry: dict[str, Any], path: str) -> Iterator[Problem]:
    yield from unknown_fields(entry, ("models", "from", *UNITS), path)
    models = entry.get("models")
    if not isinstance(models, list) or not models or not all(isinstance(name, str) and name for name in models):
        yield Problem(f"{path}.models", "a list of names of models", describe(models))
    if type(entry.get("from")) is not date:
        yield Problem(f"{path}.from", "a day such as 2026-01-01", describe(entry.get("from")))
    if not any(unit in entry for unit in UNITS):
        yield Problem(path, " or ".join(UNITS), "no price")
    for unit in entry.keys() & UNITS.keys():
        yield from _amounts(entry[unit], f"{path}.{unit}")


def _amounts(value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path, "dollars by meter, such as { input_tokens = 0.25 }", describe(value))
        return
    for meter, usd in value.items():
        if not is_number(usd) or not 0 <= usd < 1e9:
            yield Problem(f"{path}.{meter}", "dollars, 0 or more", describe(usd))
