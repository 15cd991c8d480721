"""Two versions held against each other: what is called better, what is left open, which calls are behind a number."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from evalhub import plugins
from evalhub.models import Conversation, Evaluation, Project, Score
from evalhub.reports.comparison import comparison
from evalhub.reports.window import Window
from evalhub.services import Services
from tests.db.http.conftest import As
from tests.db.http.test_listening_pages import NOW

pytestmark = pytest.mark.db
PAGE = "/p/demo/compare"


def add(
    services: Services,
    project: Project,
    version: str | None,
    passes: int,
    calls: int,
    agent: str | None = "desk",
    **more: float,
) -> None:
    """So many calls of a version, of which the first `passes` passed; `more`: milliseconds of its answers."""
    ids = [f"{version}-{number:03}" for number in range(calls)]
    of_call = {"project_id": project.id, "agent_name": agent, "agent_version": version, "state": "ended"}
    kinds = {name: plugins.evaluators()[name] for name in ("function_calls", "turn_taking")}
    with services.work() as session:
        session.execute(insert(Conversation), [of_call | {"id": call, "started_at": NOW} for call in ids])
        for name, kind in kinds.items():
            who = {"project_id": project.id, "evaluator": name, "version": kind.version}
            ran = {"kind_of_work": kind.kind_of_work, "status": "done"}
            session.execute(insert(Evaluation), [who | ran | {"conversation_id": call} for call in ids])
        for index, call in enumerate(ids):
            of = {"project_id": project.id, "conversation_id": call}
            right = index < passes
            verdict = {"verdict": "pass" if right else "fail", "value": float(right)}
            session.add(_score("function_calls", "function_calls.correct", of, **verdict))
            if more:
                session.add(_score("turn_taking", "turn_latency_ms.p50", of, value=more["ms"] + index % 7 * 20))


def _score(evaluator: str, metric: str, of: dict[str, object], **fields: object) -> Score:
    version = plugins.evaluators()[evaluator].version
    return Score(evaluator=evaluator, version=version, metric=metric, subject_type="conversation", **of, **fields)


@pytest.fixture
def viewer(signed_in: As) -> FlaskClient:
    return signed_in("viewer")


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_what_is_better_and_what_is_worse_is_said_in_a_sentence(
    services: Services, project: Project, viewer: FlaskClient
) -> None:
    add(services, project, "v1", 30, 60, ms=800)
    add(services, project, "v2", 55, 60, ms=1200)
    page = viewer.get(PAGE).text
    assert "v2 is better than v1 at 1 of 2 questions, and worse at 1." in plain(page)
    assert "+42 points" in plain(page)
    assert "+0.40 s" in plain(page)
    turned = plain(viewer.get(f"{PAGE}?agent=desk&first=v2&second=v1").text)
    assert "v1 is better than v2 at 1 of 2 questions, and worse at 1." in turned


def test_a_number_opens_its_calls(services: Services, project: Project, viewer: FlaskClient) -> None:
    add(services, project, "v1", 6, 12)
    add(services, project, None, 6, 13)
    page = viewer.get(f"{PAGE}?agent=desk&first=v1&second=(none)").text.replace("&amp;", "&")
    first, second = re.findall(r'href="([^"]+metric=function_calls.correct[^"]*)"', page)
    assert "12 calls" in plain(viewer.get(first).text)
    assert "13 calls" in plain(viewer.get(second).text)


def test_calls_that_name_no_agent_are_compared_as_well(
    services: Services, project: Project, viewer: FlaskClient
) -> None:
    add(services, project, "v1", 30, 60, agent=None)
    add(services, project, "v2", 55, 60, agent="")
    page = viewer.get(PAGE).text
    assert "<option selected>(none)</option>" in page
    assert "v2 is better than v1 at 1 of 1 questions" in plain(page)
    first = re.findall(r'href="([^"]+metric=function_calls.correct[^"]*)"', page)[0].replace("&amp;", "&")
    assert "60 calls" in plain(viewer.get(first).text)


def test_calls_that_name_neither_agent_nor_version_say_what_to_send(
    services: Services, project: Project, viewer: FlaskClient
) -> None:
    add(services, project, None, 1, 2, agent=None)
    add(services, project, "v1", 1, 2)
    page = plain(viewer.get(f"{PAGE}?agent=(none)").text)
    assert "These calls name no agent, and no two versions Send agent.name and agent.version" in page
    assert "desk has one version" in plain(viewer.get(PAGE).text)


def test_few_calls_tell_nothing_however_far_apart(services: Services, project: Project, viewer: FlaskClient) -> None:
    add(services, project, "v1", 0, 9)
    add(services, project, "v2", 60, 60)
    page = plain(viewer.get(PAGE).text)
    assert "There are too few calls to tell v2 and v1 apart." in page
    assert "too few calls" in page


def test_the_same_rate_is_no_difference(services: Services, project: Project, viewer: FlaskClient) -> None:
    add(services, project, "v1", 20, 40)
    add(services, project, "v2", 22, 40)
    assert "These calls do not tell v2 and v1 apart on any question; 1 was compared." in plain(viewer.get(PAGE).text)


def test_a_judges_versions_are_no_one_series(services: Services, project: Project) -> None:
    add(services, project, "v1", 30, 60)
    add(services, project, "v2", 55, 60)
    with services.work() as session:
        for row in session.scalars(select(Score).where(Score.conversation_id.startswith("v2"))):
            row.policy = {"judge_version": "another"}
    with services.sessions() as session:
        assert comparison(session, Window.from_args(project.id, {"agent": "desk"}), "v1", "v2") == []


@pytest.mark.parametrize("versions", [[], ["v1"]])
def test_without_two_versions_it_says_what_is_missing(
    services: Services, project: Project, viewer: FlaskClient, versions: list[str]
) -> None:
    for version in versions:
        add(services, project, version, 1, 2)
    wanted = "desk has one version in these 30 days" if versions else "No calls yet"
    assert wanted in plain(viewer.get(PAGE).text)
