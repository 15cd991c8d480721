"""Rules and prices of a project: checked before they are kept, and what goes by them runs again."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from evalhub.evaluations.checking import check_due
from evalhub.models import Evaluation, Score
from evalhub.services import Services
from tests.db.http.conftest import As, Program

pytestmark = pytest.mark.db
RULES = "/p/demo/settings/rules"
CANCEL = """
[[rules]]
key = "cancel"
title = "Who asks to cancel is cancelled"
when_caller_says = ["cancel"]
must_call = [{name = "cancel_order"}]
"""
PRICE = '[[prices]]\nmodels = ["ours"]\nfrom = 2026-01-01\nper_unit = { calls = 0.5 }'
CALL = {
    "id": "call-1",
    "started_at": "2026-11-01T10:00:00Z",
    "ended_at": "2026-11-01T10:01:00Z",
    "turns": [{"speaker": "caller", "start_ms": 0, "end_ms": 900, "text": "Please cancel my order."}],
    "usage": [{"model": "ours", "meter": "calls", "quantity": 3}],
}


@pytest.fixture
def call(api: Program, parse: Callable[[], int]) -> None:
    assert api("POST", "conversations", data=json.dumps(CALL)).status_code == 202
    parse()


def scored(services: Services, metric: str) -> Score | None:
    with services.sessions() as session:
        check_due(services)
        return session.scalars(select(Score).filter_by(metric=metric)).one_or_none()


def test_a_rule_is_kept_and_calls_are_looked_at_again(signed_in: As, services: Services, call: None) -> None:
    assert scored(services, "business_rules.kept") is None
    lead = signed_in("lead")
    assert lead.post(RULES, data={"rules": CANCEL, "prices": ""}).status_code == 302
    score = scored(services, "business_rules.kept")
    assert score is not None
    assert score.verdict == "fail"
    assert "Who asks to cancel is cancelled" in lead.get(RULES).text
    page = lead.get("/p/demo/conversations/call-1").text
    assert "Business rules" in page
    assert "cancel_order was not called" in page


def test_a_price_gives_a_cost_to_what_had_none(signed_in: As, services: Services, call: None) -> None:
    score = scored(services, "cost_usd")
    assert score is not None
    assert score.value is None
    signed_in("lead").post(RULES, data={"rules": "", "prices": PRICE})
    score = scored(services, "cost_usd")
    assert score is not None
    assert score.value == 1.5


def test_only_what_goes_by_the_change_runs_again(signed_in: As, services: Services, call: None) -> None:
    scored(services, "cost_usd")
    signed_in("lead").post(RULES, data={"rules": "", "prices": PRICE})
    with services.sessions() as session:
        pending = set(session.scalars(select(Evaluation.evaluator).filter_by(status="pending", kind_of_work="text")))
    assert pending == {"cost_per_minute", "delegation"}


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"rules": CANCEL.replace("must_call", "must_cal")}, "did you mean `must_call`?"),
        ({"rules": "[[rules"}, "no TOML"),
        ({"prices": PRICE.replace("2026-01-01", "'soon'")}, "a day such as 2026-01-01"),
    ],
)
def test_a_wrong_text_is_refused_with_its_place_and_stays_in_the_form(
    signed_in: As, form: dict[str, str], told: str
) -> None:
    answer = signed_in("lead").post(RULES, data=form)
    assert answer.status_code == 422
    assert told.replace("'", "&#39;") in answer.text
    assert "[[" in answer.text.partition("<textarea")[2]
    assert "rules" not in signed_in("lead").get(RULES).text.partition('<textarea name="rules"')[2].partition("<")[0]
