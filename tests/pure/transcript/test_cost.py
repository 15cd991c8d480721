"""Costs: a sum where every meter has a price, none where one has not, at the price of the day."""

from datetime import date
from typing import Any

import pytest

from evalhub import plugins
from evalhub.costs import PriceTable, built_in, cost_of, parse_prices, price_table
from evalhub.errors import BadInput
from evalhub.models import Conversation, Usage
from evalhub.transcript.cost_per_minute import CostPerMinute
from tests.factories import make_conversation, make_turn
from tests.pure.traces.samples import SAMPLES
from tests.pure.transcript.helpers import evaluate, the_score

OWN = """
[[prices]]
models = ["mine", "yours"]
from = 2026-01-01
per_million = { input_tokens = 2.0 }
per_minute = { audio_seconds = 0.6 }
per_unit = { calls = 0.5 }

[[prices]]
models = ["mine"]
from = 2026-06-01
per_million = { input_tokens = 1.0 }
"""


def used(*rows: tuple[str | None, str, float], **overrides: Any) -> Conversation:
    usage = [Usage(id=str(n), model=m, meter=meter, quantity=q) for n, (m, meter, q) in enumerate(rows)]
    return make_conversation(usage=usage, **({"duration_ms": 120_000} | overrides))


def scored(conversation: Conversation) -> Any:
    return evaluate(CostPerMinute(), conversation, prices=price_table(OWN))


def test_usage_times_price_by_the_minute() -> None:
    conversation = used(("mine", "input_tokens", 1_000_000), ("yours", "audio_seconds", 30), ("mine", "calls", 2))
    score = the_score(scored(conversation), "cost_per_minute")
    assert score.value == pytest.approx((1.0 + 0.3 + 1.0) / 2)
    assert score.label == {"mine": pytest.approx(2.0), "yours": pytest.approx(0.3)}
    assert the_score(scored(conversation), "cost_usd").value == pytest.approx(2.3)


@pytest.mark.parametrize(("model", "meter"), [("mine", "output_tokens"), ("nobody", "input_tokens"), (None, "calls")])
def test_a_meter_without_a_price_makes_the_cost_unknown_never_zero(model: str | None, meter: str) -> None:
    score = the_score(scored(used(("mine", "input_tokens", 10), (model, meter, 1))), "cost_per_minute")
    assert score.value is None
    assert meter in (score.reason or "")
    assert (score.counts, score.label[model or "unknown model"]) == ({"meters": 2, "unpriced": 1}, None)


def test_what_a_platform_billed_is_the_cost_and_priced_no_second_time() -> None:
    call = used(("mine", "input_tokens", 1_000_000), ("mine", "cost_usd", 0.25), (None, "tokens", 940),
                ("vapi", "cost_usd", 0.5), ("yours", "calls", 1))  # fmt: skip
    score = the_score(scored(call), "cost_usd")
    assert score.value == pytest.approx(0.25 + 0.5 + 0.5)
    assert score.label == {"mine": 0.25, "vapi": 0.5, "yours": 0.5}


@pytest.mark.parametrize(
    ("body", "usd"),
    [
        ("vapi/end-of-call-report/vapi_end_of_call_report.json", 0.0312),
        ("retell/call-ended/retell_call_ended.json", 0.023),
    ],
)
def test_the_bill_of_a_platform_is_its_calls_cost(body: str, usd: float) -> None:
    path = SAMPLES / body
    [call] = plugins.formats()[body.partition("/")[0]].parse(path.read_bytes(), None).conversations
    assert the_score(scored(call), "cost_usd").value == pytest.approx(usd)


def test_what_was_not_used_needs_no_price() -> None:
    assert the_score(scored(used(("mine", "calls", 1), ("nobody", "calls", 0))), "cost_usd").value == 0.5


@pytest.mark.parametrize(
    ("day", "price"), [(date(2025, 12, 31), None), (date(2026, 5, 31), 2e-6), (date(2026, 6, 1), 1e-6)]
)
def test_a_price_holds_from_its_day_until_the_next(day: date, price: float | None) -> None:
    assert price_table(OWN).price("mine", "input_tokens", day) == price


def test_a_snapshot_and_a_provider_in_front_cost_what_the_model_does() -> None:
    table, day = price_table(OWN), date(2026, 7, 1)
    assert table.price("openai/mine-2026-03-01", "calls", day) == 0.5
    assert table.price("mine-2", "calls", day) is None


def test_own_prices_stand_before_the_built_in_ones() -> None:
    own = '[[prices]]\nmodels = ["gpt-5-mini"]\nfrom = 2020-01-01\nper_million = { input_tokens = 99 }'
    table, day = PriceTable(parse_prices(own), built_in()), date(2026, 11, 1)
    assert table.price("gpt-5-mini", "input_tokens", day) == pytest.approx(99e-6)
    assert table.price("gpt-5-mini", "output_tokens", day) == pytest.approx(2e-6)


def test_every_built_in_price_is_an_amount_of_a_meter_from_a_day_on() -> None:
    assert len(built_in()) > 50
    assert all(0 <= price.usd < 1 and price.start < date(2026, 12, 1) for price in built_in())


def test_without_a_length_only_the_whole_cost_is_known() -> None:
    outcome = scored(used(("mine", "calls", 1), duration_ms=None))
    assert the_score(outcome, "cost_usd").value == 0.5
    assert the_score(outcome, "cost_per_minute").reason == "not measurable: how long the call took is not known"
    timed = used(("mine", "calls", 1), duration_ms=None, turns=[make_turn(end_ms=30_000)])
    assert the_score(scored(timed), "cost_per_minute").value == 1.0


def test_without_usage_it_is_skipped() -> None:
    assert scored(make_conversation()).reason_code == "no_usage"


def test_a_sum_adds_what_one_meter_used_in_several_turns() -> None:
    cost = cost_of([("mine", "calls", 1), ("mine", "calls", 3)], price_table(OWN), date(2026, 7, 1))
    assert (cost.total, cost.by_model) == (2.0, {"mine": 2.0})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prices = 1", "[[prices]] entries"),
        ("[[prices]]\nmodels = []\nfrom = 2026-01-01\nper_unit = {a = 1}", "a list of names of models"),
        ("[[prices]]\nmodels = ['a']\nper_unit = {a = 1}", "a day such as 2026-01-01"),
        ("[[prices]]\nmodels = ['a']\nfrom = 2026-01-01", "no price"),
        ("[[prices]]\nmodels = ['a']\nfrom = 2026-01-01\nper_unit = {a = -1}", "dollars, 0 or more"),
        ("[[prices]]\nmodels = ['a']\nfrom = 2026-01-01\nper_milion = {a = 1}", "did you mean `per_million`?"),
        ("[[prices", "no TOML"),
    ],
)
def test_what_is_wrong_with_prices_is_said_with_its_place(text: str, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_prices(text)
    assert told in str(caught.value)
