"""A person says what a call should have come to: checked, kept like anything received, and judged by."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from evalhub.evaluations.checking import check_due
from evalhub.models import Score
from evalhub.services import Services
from tests.db.http.conftest import As, Program

pytestmark = pytest.mark.db
PAGE = "/p/demo/conversations/call-1/expectations"
CALL = {
    "id": "call-1",
    "started_at": "2026-11-01T10:00:00Z",
    "ended_at": "2026-11-01T10:01:00Z",
    "tool_calls": [{"name": "find_order", "arguments": {"order_id": "A1", "where": {"any": True}}}],
}
Parse = Callable[[], int]


@pytest.fixture
def call(api: Program, parse: Parse) -> None:
    assert api("POST", "conversations", data=json.dumps(CALL)).status_code == 202
    parse()


def correct(services: Services) -> Score | None:
    with services.sessions() as session:
        check_due(services)
        return session.scalars(select(Score).filter_by(metric="function_calls.correct")).one_or_none()


def proposed(page: str) -> str:
    return page.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0].replace("&#34;", '"')


def test_what_was_called_is_proposed_and_holds_as_it_stands(
    signed_in: As, services: Services, parse: Parse, call: None
) -> None:
    lead = signed_in("lead")
    assert correct(services) is None
    assert "expectations" in lead.get("/p/demo/conversations/call-1").text
    text = proposed(lead.get(PAGE).text)
    assert lead.post(PAGE, data={"expectations": text}).status_code == 302
    parse()
    score = correct(services)
    assert score is not None
    assert score.verdict == "pass"


def test_a_correction_by_a_person_is_what_the_call_is_held_against(
    signed_in: As, services: Services, parse: Parse, call: None
) -> None:
    wanted = {"function_calls": {"calls": [{"name": "find_order", "arguments": {"order_id": "B2", "where": {}}}]}}
    signed_in("lead").post(PAGE, data={"expectations": json.dumps(wanted)})
    parse()
    score = correct(services)
    assert score is not None
    assert score.verdict == "fail"
    assert 'order_id: expected "B2", got "A1"' in (score.explanation or "")
    assert json.loads(proposed(signed_in("lead").get(PAGE).text)) == wanted


@pytest.mark.parametrize(("text", "status"), [("{broken", 400), ('{"function_cals": {}}', 422), ("[]", 422)])
def test_what_cannot_be_used_is_refused_and_stays_in_the_form(
    signed_in: As, call: None, text: str, status: int
) -> None:
    answer = signed_in("lead").post(PAGE, data={"expectations": text})
    assert answer.status_code == status
    assert proposed(answer.text) == text
    assert 'role="alert"' in answer.text
