"""What asking a judge costs: each token once, list prices only where they hold, none where one is missing."""

from datetime import date

import pytest

from evalhub.costs import add_cost, cost_of_asking, is_priced, price_table

OWN = """[[prices]]
models = ["ears"]
from = 2026-01-01
per_unit = { input_text_tokens = 1, input_audio_tokens = 10, output_text_tokens = 100 }

[[prices]]
models = ["words"]
from = 2026-01-01
per_unit = { input_tokens = 1, cached_input_tokens = 0.5, cache_write_input_tokens = 2, output_tokens = 10 }

[[prices]]
models = ["words"]
from = 2026-06-01
per_unit = { input_tokens = 7 }"""
LATE, EARLY = date(2026, 11, 27), date(2026, 2, 1)
ELSEWHERE = "http://127.0.0.1:9/v1"


def cost(
    model: str, usage: dict[str, int], url: str | None = None, api: str = "chat", day: date = EARLY
) -> float | None:
    return cost_of_asking(price_table(OWN), model, usage, url=url, api=api, day=day)


def test_every_token_is_paid_once_at_the_price_of_its_kind_and_day() -> None:
    usage = {"input_tokens": 100, "cached_tokens": 60, "cache_write_tokens": 10, "output_tokens": 3}
    assert cost("words", usage) == pytest.approx(30 * 1 + 60 * 0.5 + 10 * 2 + 3 * 10)
    assert cost("words", {"input_tokens": 2, "output_tokens": 0}, day=LATE) == pytest.approx(14)


def test_sound_costs_more_than_words() -> None:
    assert cost("ears", {"input_tokens": 50, "audio_tokens": 40, "output_tokens": 2}) == pytest.approx(10 + 400 + 200)


@pytest.mark.parametrize(
    ("model", "usage"),
    [
        ("nobody", {"input_tokens": 1, "output_tokens": 1}),
        ("words", {"input_tokens": 5, "audio_tokens": 4, "output_tokens": 1}),
        ("ears", {"input_tokens": 5, "audio_tokens": 4, "cached_tokens": 2, "output_tokens": 1}),
        ("words", {"input_tokens": 5}),
        ("words", {}),
    ],
)
def test_what_is_not_counted_or_not_priced_has_no_cost(model: str, usage: dict[str, int]) -> None:
    assert cost(model, usage) is None


def test_decisions_ask_for_fresh_input_alone() -> None:
    usage = {"input_tokens": 1_000_000, "cached_tokens": 400_000, "output_tokens": 9}
    assert cost("gpt-6-luna", usage, api="decisions", day=LATE) == pytest.approx(0.06)
    assert cost("gpt-6-luna-2026-09-22", usage, day=LATE) == pytest.approx(0.06 + 0.004 + 9 * 0.5e-6)
    assert cost("gpt-6-sol", usage, api="decisions", day=LATE) is None


def test_at_another_server_only_a_projects_own_prices_hold() -> None:
    table = price_table(OWN)
    assert is_priced(table, "gpt-5-mini", url="https://api.openai.com/v1")
    assert not is_priced(table, "gpt-5-mini", url=ELSEWHERE)
    assert is_priced(table, "words", url=ELSEWHERE)


def test_what_a_model_hears_needs_a_price_of_its_own() -> None:
    """OpenAI's page of gpt-audio-mini gives prices of text alone."""
    table = price_table(OWN)
    assert [is_priced(table, model, url=None, hears=True) for model in ("gpt-audio", "gpt-audio-mini", "ears")] == [
        True, False, True
    ]  # fmt: skip
    sound = {"input_tokens": 1_000_000, "audio_tokens": 900_000, "output_tokens": 0}
    assert cost("gpt-4o-mini-audio-preview", sound) == pytest.approx(9 + 0.015)
    assert cost("gpt-audio-mini", sound) is None


def test_one_unknown_cost_makes_the_sum_unknown() -> None:
    details: dict[str, float | None] = {}
    sums = []
    for one in (1.0, 0.5, None, 2.0):
        add_cost(details, one)
        sums.append(details["cost_usd"])
    assert sums == [1.0, 1.5, None, None]
