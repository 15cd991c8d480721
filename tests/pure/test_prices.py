"""What asking costs: the right price for a model and its snapshots, and none where none is known."""

from pathlib import Path

import pytest

from evalhub.prices import price_of
from evalhub.settings import Settings

AT_OPENAI = Settings(data_dir=Path("/nonexistent"))


@pytest.mark.parametrize(
    ("model", "api", "found"),
    [
        ("gpt-6-luna", "responses", ("gpt-6-luna", None)),
        ("gpt-6-luna", "decisions", ("gpt-6-luna", "decisions")),
        ("gpt-6-luna-2026-09-22", "chat", ("gpt-6-luna", None)),
        ("gpt-6-luna-mini", "chat", None),
        ("gpt-6", "chat", None),
        ("4o", "chat", None),
    ],
)
def test_a_model_and_its_snapshots_have_a_price(model: str, api: str, found: tuple[str, str | None] | None) -> None:
    price = price_of(model, AT_OPENAI, api=api)
    assert (price and (price.model, price.api)) == found


def test_cached_tokens_cost_less_and_uncounted_ones_nothing_known() -> None:
    price = price_of("gpt-6-luna", AT_OPENAI)
    assert price is not None
    usage = {"input_tokens": 1_000_000, "cached_tokens": 400_000, "output_tokens": 200_000}
    assert price.of(usage) == pytest.approx(0.6 * price.input + 0.4 * price.cached + 0.2 * price.output)
    assert price.of({}) is None


def test_elsewhere_the_same_name_has_no_price() -> None:
    elsewhere = Settings(data_dir=Path("/nonexistent"), judge_url="http://127.0.0.1:9/v1")
    assert price_of("gpt-6-luna", elsewhere) is None
