"""What asking a model cost, from a dated table (prices.toml). A model that is not in it has no cost, never zero."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from evalhub.settings import Settings

TABLE = Path(__file__).with_name("prices.toml")
PER = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Price:
    """US dollars per million tokens, since when this is what was published."""

    model: str
    input: float
    cached: float
    output: float
    as_of: date
    api: str | None = None

    def of(self, usage: Mapping[str, int]) -> float | None:
        """US dollars for these tokens; None where the server did not count them."""
        if "input_tokens" not in usage:
            return None
        cached = usage.get("cached_tokens", 0)
        fresh = usage["input_tokens"] - cached
        return (fresh * self.input + cached * self.cached + usage.get("output_tokens", 0) * self.output) / PER


def price_of(model: str, settings: Settings, *, api: str | None = None) -> Price | None:
    """The price of a model at OpenAI's own address; at any other it is not known."""
    if settings.judge_url and not settings.judge_url.startswith("https://api.openai.com/"):
        return None
    fitting = [price for price in _table() if _names(price, model) and price.api in (None, api)]
    return max(fitting, key=lambda price: (len(price.model), price.api is not None), default=None)


def _names(price: Price, model: str) -> bool:
    """Whether this is the model, or one of its dated snapshots ("gpt-5-mini-2025-08-07"); no other of its family."""
    return model == price.model or (model.startswith(f"{price.model}-") and model[len(price.model) + 1 :][:1].isdigit())


@cache
def _table() -> tuple[Price, ...]:
    content = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(Price(**row, as_of=content["as_of"]) for row in content["prices"])
