"""Rules applied to stored calls, and which workers the work goes to."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select, update

from evalhub import plugins
from evalhub.evaluations.drawing import draws, is_drawn
from evalhub.evaluations.selections import apply_rule
from evalhub.models import Evaluation, EvaluationRule, Project
from evalhub.services import Services
from evalhub.traces.filters import Filters, ids
from tests.db.evaluations.ruled import draft, ended, planned, rules
from tests.factories import make_conversation, make_recording

pytestmark = pytest.mark.db
SOUND = {name for name, kind in plugins.evaluators().items() if kind.kind_of_work == "audio"}


def test_checks_of_sound_go_with_those_of_words_until_there_is_sound(services: Services, project: Project) -> None:
    def workers() -> set[str]:
        return {row.kind_of_work for (_, evaluator), row in planned(services).items() if evaluator in SOUND}

    ended(services, project, make_conversation())
    assert workers() == {"text"}
    ended(services, project, make_conversation(recordings=[make_recording(sha256="aa")]))
    assert workers() == {"audio"}


def test_a_rule_on_stored_calls_sends_only_those_with_sound_to_who_hears(services: Services, project: Project) -> None:
    ended(services, project, make_conversation(), make_conversation(id="heard", recordings=[make_recording()]))
    [rule_id] = rules(services, project, draft(evaluators=["audio"]))
    with services.work() as session:
        session.execute(delete(Evaluation))
        apply_rule(session, session.get_one(EvaluationRule, (project.id, rule_id)), ids(project.id, Filters()))
    found = {(call, row.kind_of_work) for (call, _), row in planned(services).items()}
    assert found == {("call-1", "text"), ("heard", "audio")}


def test_a_rule_is_applied_to_stored_calls_that_match_and_are_drawn(services: Services, project: Project) -> None:
    rules(services, project)
    calls = [make_conversation(id=f"c{index}", agent_name="sales" if index < 40 else "desk") for index in range(50)]
    ended(services, project, *calls)
    [rule_id] = rules(services, project, draft(filters={"agent": "sales"}, share=0.5, evaluators=["text"]))
    with services.work() as session:
        rule = session.get_one(EvaluationRule, (project.id, rule_id))
        count = apply_rule(session, rule, ids(project.id, Filters()))
    rows = planned(services)
    expected = {f"c{index}" for index in range(40) if is_drawn(f"c{index}", 0.5)}
    assert {call for (call, _), row in rows.items() if row.status == "pending"} == expected
    assert count == len(expected)
    assert {call for (call, _), row in rows.items() if row.reason_code == "sampled_out"} == {
        f"c{index}" for index in range(40)
    } - expected
    assert {(row.rule_id, row.rule_version) for row in rows.values()} == {(rule_id, 1)}


def test_applying_a_rule_wakes_everybody_it_asks(services: Services, project: Project) -> None:
    [rule_id] = rules(services, project, draft(evaluators=["text", "judge"]))
    ended(services, project, make_conversation())
    rung: list[str] = []
    with replace(services, ring=lambda job, **_: rung.append(job)).work() as session:
        apply_rule(session, session.get_one(EvaluationRule, (project.id, rule_id)), ids(project.id, Filters()))
    assert sorted(rung) == ["evaluate_text", "judge"]


def test_a_days_budget_is_held_against_the_calls_that_match_not_against_all(
    services: Services, project: Project
) -> None:
    [rule_id] = rules(services, project, draft(filters={"agent": "sales"}, evaluators=["rubric_judge"]))
    lately = datetime.now(UTC)
    calls = [
        make_conversation(id=f"c{index}", agent_name="desk" if index % 10 else "sales", started_at=lately)
        for index in range(700)
    ]
    ended(services, project, *calls)
    with services.work() as session:
        session.execute(update(Project).values(settings={"judge": {"daily_calls": 20}}))
        one = session.scalars(select(Evaluation).filter_by(conversation_id="c0")).one()
        one.status = "running"
        session.flush()
        draw = draws(session, [one], services.settings)[project.id]
    assert one.rule_id == rule_id
    assert 20 / (70 + 70 / 7) <= draw.chance(one) <= 20 / 70
