"""The dashboard's numbers: whose they are, and where they lead."""

import re
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from evalhub.models import Project
from evalhub.reports.measures import AgentVersion, spreads, versions_seen
from evalhub.reports.window import Window
from evalhub.services import Services
from tests.db.http.conftest import As
from tests.db.http.test_listening_pages import add_call, score

pytestmark = pytest.mark.db
WHOLE = {"evaluator": "turn_taking", "subject_type": "conversation", "subject_id": ""}
DESK, SALES = AgentVersion("desk", "7"), AgentVersion("sales", "7")


def add_silence(services: Services, project: Project, version: AgentVersion, ms: float) -> None:
    call = {"agent_name": version.agent, "agent_version": version.version}
    add_call(services, project, version.agent, [score("dead_air_ms.longest", ms, **WHOLE)], **call)


@pytest.fixture
def viewer(signed_in: As) -> FlaskClient:
    return signed_in("viewer")


def test_two_agents_that_number_alike_are_not_pooled(services: Services, project: Project, viewer: FlaskClient) -> None:
    add_silence(services, project, DESK, 500.0)
    add_silence(services, project, SALES, 11_000.0)
    with services.sessions() as session:
        window = Window.from_args(project.id, {})
        found = {one.version: one.values[2] for one in spreads(session, window, ["dead_air_ms.longest"])}
        assert versions_seen(session, window) == {DESK: 1, SALES: 1}
    assert found == {DESK: 500.0, SALES: 11_000.0}
    page = viewer.get("/p/demo/dashboard").text
    assert "2 agent versions" in " ".join(page.split())
    assert "agent=sales\\u0026" in page.replace("&amp;", "\\u0026")


def test_numbers_of_calls_without_a_version_open_those_calls_only(
    services: Services, project: Project, viewer: FlaskClient
) -> None:
    add_silence(services, project, AgentVersion("desk", ""), 500.0)
    page = viewer.get("/p/demo/dashboard").text.replace("&amp;", "&")
    link = next(found for found in re.findall(r'href="([^"]+)"', page) if "metric=dead_air_ms.longest" in found)
    assert "version=(none)" in unquote(link)
    assert "1 call" in viewer.get(link).text
    assert "0 calls" in viewer.get(link.replace("agent=desk", "agent=%28none%29")).text


def test_calls_without_an_agent_can_be_looked_at_alone(
    services: Services, project: Project, viewer: FlaskClient
) -> None:
    add_silence(services, project, AgentVersion("", "7"), 500.0)
    add_silence(services, project, SALES, 500.0)
    page = viewer.get("/p/demo/dashboard?agent=(none)").text
    assert "<option selected>(none)</option>" in page
    assert "1 agent version" in " ".join(page.split())


def test_the_export_says_agent_version_and_unit(services: Services, project: Project, viewer: FlaskClient) -> None:
    add_silence(services, project, SALES, 11_000.0)
    [row] = [line for line in viewer.get("/p/demo/dashboard/export.csv").text.splitlines() if "sales 7" in line]
    assert "11.0,11.0,11.0,11.0,11.0,s,1" in row


def test_an_empty_choice_leads_to_what_is_there(services: Services, project: Project, viewer: FlaskClient) -> None:
    add_silence(services, project, SALES, 11_000.0)
    page = viewer.get("/p/demo/dashboard?days=7&agent=nobody").text
    assert "No calls of nobody in these 7 days" in page
    assert "Show all agents" in page


def test_where_no_judge_answered_agreement_is_not_reckoned(
    services: Services, project: Project, viewer: FlaskClient
) -> None:
    add_silence(services, project, SALES, 11_000.0)
    asked: list[str] = []

    def note(*given: object) -> None:
        asked.append(str(given[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert viewer.get("/p/demo/dashboard").status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert asked
    assert not [statement for statement in asked if "jsonb_each_text" in statement]
