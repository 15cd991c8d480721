"""Repeated runs of a scenario on the dashboard: how reliable each agent version is."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from evalhub.models import Project
from evalhub.reports.measures import AgentVersion
from evalhub.reports.repeated import repeats_by_version
from evalhub.reports.window import Window
from evalhub.services import Services
from tests.db.http.conftest import As
from tests.db.http.test_listening_pages import add_call, score

pytestmark = pytest.mark.db
CORRECT = "function_calls.correct"


def run(services: Services, project: Project, name: str, result: float | None, **call: Any) -> None:
    """A run of the scenario `refund`, where nothing else is named."""
    graded = [] if result is None else [score(CORRECT, result, "function_calls", verdict="pass" if result else "fail")]
    call = {"meta": {"scenario": "refund"}, "agent_name": "desk", "agent_version": "7"} | call
    add_call(services, project, name, graded, **call)


@pytest.fixture
def runs(services: Services, project: Project) -> None:
    """`refund`: 3 of 4 right, one ended by the simulator, one not graded. `move`: both right. `once` ran once."""
    for index, result in enumerate((1.0, 1.0, 1.0, 0.0, None)):
        run(services, project, f"refund-{index}", result)
    run(services, project, "refund-broken", 0.0, outcome={"reason": "simulator_error"})
    for index in range(2):
        run(services, project, f"move-{index}", 1.0, meta={"scenario": "move"})
    run(services, project, "once", 1.0, meta={"scenario": "once"})
    run(services, project, "other-version", 0.0, agent_version="8")
    run(services, project, "no-scenario", 1.0, meta=None)


def test_pass_hat_k_by_scenario_and_version(services: Services, project: Project, runs: None) -> None:
    with services.sessions() as session:
        [found] = repeats_by_version(session, Window.from_args(project.id, {}))
    assert found.version == AgentVersion("desk", "7")
    refund, move = found.scenarios
    assert (refund.scenario, refund.runs.passed, refund.runs.runs) == ("refund", 3, 4)
    assert refund.runs.excluded == {"not graded": 1, "simulator_error": 1}
    assert refund.shown == [3 / 4, 3 / 6, 0.0, None]  # C(3, k) / C(4, k)
    assert (move.scenario, move.shown) == ("move", [1.0, 1.0, None, None])
    assert found.means == [(0.875, 2), (0.75, 2), (0.0, 1), None]


def test_the_dashboard_tells_it_and_opens_the_runs(signed_in: As, runs: None) -> None:
    viewer: FlaskClient = signed_in("viewer")
    page = viewer.get("/p/demo/dashboard").text
    told = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "pass^1 88 % (2 scenarios) , pass^2 75 % (2 scenarios) , pass^4 0 % (1 scenario)" in told
    assert "refund 3 of 4 75 % 50 % 0 % - 1 not graded, 1 simulator error" in told
    [address] = re.findall(r'href="([^"]+scenario=refund[^"]*)"', page)
    assert viewer.get(address.replace("&amp;", "&")).text.count('class="call-row"') == 6


def test_without_repeated_runs_nothing_is_said(signed_in: As) -> None:
    assert "Does it come out right every time?" not in signed_in("viewer").get("/p/demo/dashboard").text
