"""Applying a rule to stored calls: what it would come to is said before, only what was chosen waits afterwards."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from evalhub.evaluations.rules import rules_of
from evalhub.evaluations.selections import apply_rule, preview
from evalhub.models import Conversation, Evaluation, EvaluationRule, JudgeAnswer, Project
from evalhub.rubrics.stored import install_rubrics, rubric_of
from evalhub.services import Services
from evalhub.traces.filters import Filters, ids
from evalhub.transcript.rubric_judge import RubricJudge
from tests.db.http.conftest import As

HERE = "/p/demo/judging"


@pytest.fixture
def services(services: Services) -> Services:
    return replace(services, settings=replace(services.settings, judge_model="gpt-6-luna", judge_api_key="k"))


@pytest.fixture
def lead(services: Services, project: Project, signed_in: As) -> FlaskClient:
    """Ten ended calls of two agents, one that is open; three of them were judged."""
    with services.work() as session:
        install_rubrics(session, project.id)
        for index in range(10):
            agent = "returns" if index < 6 else "sales"
            session.add(Conversation(project_id=project.id, id=f"c{index}", state="ended", agent_name=agent))
        session.add(Conversation(project_id=project.id, id="open", state="open", agent_name="returns"))
        session.flush()
        judge = {"evaluator": "rubric_judge", "version": RubricJudge.version, "kind_of_work": "judge"}
        for index, status in ((0, "done"), (1, "failed"), (2, "running")):
            row = Evaluation(**judge, status=status, attempt=3)
            row.project_id, row.conversation_id = project.id, f"c{index}"
            session.add(row)
    return signed_in("lead")


def judges(session: Session, project: Project) -> EvaluationRule:
    return next(rule for rule in rules_of(session, project.id) if rule.name == "Judges")


def statuses(services: Services) -> dict[str, tuple[str, int]]:
    with services.sessions() as session:
        judged = session.scalars(select(Evaluation).filter_by(evaluator="rubric_judge"))
        return {row.conversation_id: (row.status, row.attempt) for row in judged}


def test_what_it_comes_to_is_said_before(services: Services, project: Project, lead: FlaskClient) -> None:
    shown = " ".join(lead.post(f"{HERE}/preview", data={"agent": "returns"}).text.split())
    assert '<strong class="number">6</strong> of 6 calls that match' in shown
    assert "Nothing tells yet what a call costs" in shown
    assert statuses(services) == {"c0": ("done", 3), "c1": ("failed", 3), "c2": ("running", 3)}


def test_share_budget_and_cost_are_reckoned_with(services: Services, project: Project, lead: FlaskClient) -> None:
    with services.work() as session:
        session.execute(update(Project).filter_by(id=project.id).values(settings={"judge": {"daily_calls": 5}}))
        answer = JudgeAnswer(
            asked="a", content_hash="h", judge_version="v", model="m", votes=[], verdicts={}, usage={}, cost_usd=0.02
        )
        answer.project_id, answer.conversation_id = project.id, "c0"
        session.add(answer)
    with services.sessions() as session:
        rule, everything = judges(session, project), ids(project.id, Filters())
        found = preview(session, session.get_one(Project, project.id), rule, everything, services.settings)
    assert (found.matching, found.drawn, found.taken, found.cost_usd) == (10, 10, 4, pytest.approx(0.08))


def test_only_what_was_chosen_waits(services: Services, project: Project, lead: FlaskClient) -> None:
    answer = lead.post(HERE, data={"agent": "returns"})
    assert answer.status_code == 302
    expected = {f"c{index}": ("pending", 0) for index in (0, 1, 3, 4, 5)} | {"c2": ("running", 3)}
    assert statuses(services) == expected
    assert "6 calls wait to be evaluated by Judges now." in lead.get(answer.location).text


def test_twice_is_once(services: Services, project: Project, lead: FlaskClient) -> None:
    with services.work() as session:
        assert apply_rule(session, judges(session, project), ids(project.id, Filters())) == 10
    with services.work() as session:
        assert apply_rule(session, judges(session, project), ids(project.id, Filters())) == 0


def test_a_filter_that_cannot_be_read_starts_nothing(services: Services, lead: FlaskClient) -> None:
    before = statuses(services)
    assert lead.post(HERE, data={"from": "yesterday-ish"}).status_code == 422
    assert statuses(services) == before


def test_the_scorecard_that_judges_answer_is_chosen(services: Services, project: Project, lead: FlaskClient) -> None:
    form = {"daily_calls": "", "daily_usd": "", "asked_again": "2"}
    assert lead.post("/p/demo/settings/judge", data=form | {"rubric": "outbound"}).status_code == 302
    assert lead.post("/p/demo/settings/judge", data=form | {"rubric": "nobody's"}).status_code == 422
    with services.sessions() as session:
        assert rubric_of(session.get_one(Project, project.id)) == "outbound"
