"""Cost per minute: what a conversation used, at the prices of its day. Definition: docs/metrics.md#cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from evalhub.costs import Cost, PriceTable, cost_of, price_table
from evalhub.errors import Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.models import Conversation, Score

PAGE = "docs/metrics.md#cost"
CONTRACT = "1"


@dataclass(frozen=True, kw_only=True)
class CostPerMinute(Evaluator):
    """US dollars a minute of the call, and of the whole call: usage by meter times a dated price table.

    None, with the meters that lack a price named, where any meter has none; never 0. `label` holds the cost by model.
    What judging the call cost is no part of it.
    """

    name = "cost_per_minute"
    version = "1"
    kind_of_work = "text"
    reads = frozenset({"facts", "turns", "usage"})
    metrics = (
        Metric("cost_per_minute", "Cost per minute", "USD/min", "lower", PAGE),
        Metric("cost_usd", "Cost of the call", "USD", "lower", PAGE),
    )

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:
        """Both numbers, at the prices of the day on which the call began."""
        if not conversation.usage:
            raise Skipped("no_usage", "the conversation brings no usage: what it used is not known")
        table: PriceTable = context.prices or price_table()
        day = (conversation.started_at or datetime.now(UTC)).date()
        cost = cost_of([(row.model, row.meter, row.quantity) for row in conversation.usage], table, day)
        minutes = _length_ms(conversation) / 60_000
        per_minute = cost.total / minutes if cost.total is not None and minutes else None
        no_time = None if minutes else "not measurable: how long the call took is not known"
        yield _score("cost_per_minute", per_minute, "USD/min", cost, day, no_time)
        yield _score("cost_usd", cost.total, "USD", cost, day, None)


def _length_ms(conversation: Conversation) -> int:
    """How long the call took; up to the end of its last turn where it does not say when it ended; 0 if unknown."""
    return conversation.duration_ms or max((turn.end_ms or 0 for turn in conversation.turns), default=0)


def _score(metric: str, value: float | None, unit: str, cost: Cost, day: date, no_time: str | None) -> Score:
    return Score(
        metric=metric,
        value=value,
        unit=unit,
        explanation=_by_meter(cost) if value is not None else None,
        contract=CONTRACT,
        policy={"prices_of": day.isoformat()},
        counts={"meters": len(cost.by_meter) + len(cost.unpriced), "unpriced": len(cost.unpriced)},
        label=cost.by_model,
        reason=_unpriced(cost) or no_time,
    )


def _by_meter(cost: Cost) -> str:
    costliest = sorted(cost.by_meter.items(), key=lambda item: -item[1])
    return ", ".join(f"{model or ''} {meter.replace('_', ' ')} ${usd:.4f}".strip() for (model, meter), usd in costliest)


def _unpriced(cost: Cost) -> str | None:
    if not cost.unpriced:
        return None
    return "not measurable: no price for " + ", ".join(
        f"{meter} of {model or 'an unnamed model'}" for model, meter in cost.unpriced
    )
