"""The sweep finds whatever got lost: it looks at rows, never at what was rung."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from evalhub.models import Conversation, Evaluation, InboxItem, Project
from evalhub.services import Services
from evalhub.sweep import look_at_young_tables, sweep
from evalhub.traces import receive
from evalhub.traces.inbox import parse_waiting

BODY = b'{"id": "call-1", "turns": [{"speaker": "agent", "text": "Hello"}]}'


class Rung(list[str]):
    """A doorbell that remembers."""

    def __call__(self, job: str, **_: Any) -> None:
        self.append(job)


@pytest.fixture
def rung(services: Services) -> Rung:
    return Rung()


def swept(services: Services, rung: Rung) -> Rung:
    rung.clear()
    sweep(Services(**{**services.__dict__, "ring": rung}))
    return rung


def long_ago(services: Services, table: type, column: str) -> None:
    with services.work() as session:
        session.execute(update(table).values({column: datetime.now(UTC) - timedelta(hours=1)}))


def test_a_body_nobody_was_told_of(services: Services, project: Project, rung: Rung) -> None:
    with services.work() as session:
        receive.receive_native(session, project.id, BODY)
    assert "parse_inbox" not in swept(services, rung)  # too young to be lost
    with services.work() as session:
        session.execute(text("update inbox set received_at = received_at - interval '10 s'"))
    assert "parse_inbox" in swept(services, rung)


def test_a_quiet_call_is_over_and_evaluated(services: Services, project: Project, rung: Rung) -> None:
    with services.work() as session:
        receive.receive_native(session, project.id, BODY)
    parse_waiting(services)
    assert "evaluate_text" not in swept(services, rung)
    long_ago(services, Conversation, "touched_at")
    assert "evaluate_text" in swept(services, rung)
    with services.sessions() as session:
        assert session.scalar(select(Conversation.end_reason)) == "quiet"


def test_how_long_is_quiet_each_project_says(services: Services, project: Project) -> None:
    """Both calls have said nothing for an hour."""
    with services.work() as session:
        patient = Project(slug="patient", name="Patient", quiet_period_s=7200)
        session.add(patient)
        session.flush()
        for one in (project, patient):
            receive.receive_native(session, one.id, BODY)
    parse_waiting(services)
    long_ago(services, Conversation, "touched_at")
    sweep(services)
    with services.sessions() as session:
        states = session.execute(select(Conversation.project_id, Conversation.state)).all()
    assert sorted(states) == [(project.id, "ended"), (patient.id, "open")]


def test_an_evaluation_whose_worker_died(services: Services, project: Project, rung: Rung) -> None:
    test_a_quiet_call_is_over_and_evaluated(services, project, rung)
    with services.work() as session:
        session.execute(update(Evaluation).values(status="running", lease_owner="dead"))
        session.execute(update(Evaluation).filter_by(evaluator="delivery").values(kind_of_work="audio"))
    long_ago(services, Evaluation, "created_at")
    long_ago(services, Evaluation, "lease_until")
    assert {"evaluate_text", "evaluate_audio", "judge"} <= set(swept(services, rung))


def test_a_long_queue_before_the_judge_hides_nobody_elses_work(
    services: Services, project: Project, rung: Rung
) -> None:
    with services.work() as session:
        kinds = ["judge"] * 600 + ["text"]
        session.add_all(Conversation(project_id=project.id, id=f"{i:03}", state="ended") for i in range(len(kinds)))
        session.flush()
        for index, kind in enumerate(kinds):
            row = Evaluation(evaluator="any", version="1", kind_of_work=kind)
            row.project_id, row.conversation_id = project.id, f"{index:03}"
            session.add(row)
    long_ago(services, Evaluation, "created_at")
    found = swept(services, rung)
    assert (found.count("judge"), found.count("evaluate_text")) == (1, 1)


def test_days_of_the_inbox_are_made_ahead(services: Services, project: Project, rung: Rung) -> None:
    swept(services, rung)
    with services.work() as session:
        receive.receive_native(session, project.id, BODY)
    with services.sessions() as session:
        today = f"inbox_{datetime.now(UTC):%Y%m%d}"
        assert session.scalar(text(f"select count(*) from {today}")) == 1  # noqa: S608  (a name of our own making)
        assert session.scalar(select(InboxItem.state)) == "waiting"


def test_a_table_that_grows_is_looked_at_before_plans_for_an_empty_one_hurt(
    services: Services, session: Session, project: Project
) -> None:
    many = text("insert into conversation (project_id, id) select :project, 'c' || n from generate_series(1, 200) as n")
    session.execute(many, {"project": project.id})
    session.commit()
    session.execute(text("select pg_stat_force_next_flush()"))
    session.commit()
    look_at_young_tables(session)
    assert session.scalar(text("select reltuples from pg_class where relname = 'conversation'")) == 200
