"""What asking a model cost: its tokens as meters that do not overlap, at the prices of the day.

List prices hold at OpenAI's own address. What another server asks for a model of the same name nothing tells, unless a
project says so in its own prices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from evalhub.costs.prices import PriceTable
from evalhub.costs.sums import cost_of

DECISIONS = "decisions"
"""the one endpoint with prices of its own; its meters carry its name"""
AT_OPENAI = "https://api.openai.com/"
PROBE = {"input_tokens": 2, "output_tokens": 1}


def cost_of_asking(
    table: PriceTable,
    model: str,
    usage: Mapping[str, int],
    *,
    url: str | None,
    api: str | None = None,
    day: date | None = None,
) -> float | None:
    """US dollars; None where tokens were not counted, or a meter among them has no price.

    Args:
        usage: tokens as `evalhub.openai_client.replies.usage_of` names them.
        url: the server that was asked; None is OpenAI's.
        api: the endpoint.
        day: whose prices; None is today.
    """
    if "input_tokens" not in usage or "output_tokens" not in usage:
        return None
    prices = table if url is None or url.startswith(AT_OPENAI) else table.own
    start = f"{DECISIONS}_" if api == DECISIONS else ""
    used = [(model, start + meter, float(tokens)) for meter, tokens in meters_of(usage)]
    return cost_of(used, prices, day or datetime.now(UTC).date()).total


def is_priced(table: PriceTable, model: str, *, url: str | None, api: str | None = None, hears: bool = False) -> bool:
    """Whether a question put to this model would have a cost: in words, or in words and sound."""
    probe = PROBE | ({"audio_tokens": 1} if hears else {})
    return cost_of_asking(table, model, probe, url=url, api=api) is not None


def meters_of(usage: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Tokens by meter, each once: what was cached is no input again.

    Where sound was among the input, text and sound are apart; the answers are text. Of tokens that were cached beside
    sound nothing tells which kind they were: the input is then one number, which models that hear have no price for.
    """
    audio, cached = usage.get("audio_tokens", 0), usage.get("cached_tokens", 0)
    written = usage.get("cache_write_tokens", 0)
    rest = usage["input_tokens"] - cached - written
    yield from (("cached_input_tokens", cached), ("cache_write_input_tokens", written))
    if audio and not cached:
        yield from (("input_audio_tokens", audio), ("input_text_tokens", rest - audio))
    else:
        yield "input_tokens", rest
    yield "output_text_tokens" if audio else "output_tokens", usage["output_tokens"]


def add_cost(details: dict[str, Any], cost: float | None) -> None:
    """Add a cost to what an evaluation took (`cost_usd`); one that is not known leaves the sum unknown."""
    before = details.get("cost_usd", 0.0)
    details["cost_usd"] = None if before is None or cost is None else before + cost
