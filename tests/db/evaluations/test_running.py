"""Evaluations: planned once, run by lease, left with a status and a reason, run again only when content changes."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import select, update

from evalhub import plugins
from evalhub.evaluations import checking
from evalhub.evaluations.checking import check_due
from evalhub.evaluations.judging import judge_due
from evalhub.evaluators import Context, Evaluator
from evalhub.models import Conversation, Evaluation, Project, Score
from evalhub.services import Services
from evalhub.traces import inbox, receive
from evalhub.traces.formats.native_parts import EVENTS

CALL = {
    "id": "call-1",
    "started_at": "2026-11-01T10:00:00Z",
    "ended_at": "2026-11-01T10:00:20Z",
    "turns": [
        {"id": "t1", "speaker": "caller", "start_ms": 0, "end_ms": 2000, "text": "It's A one two three four five."},
        {"id": "t2", "speaker": "agent", "start_ms": 2800, "end_ms": 5000, "text": "Thanks."},
    ],
    "tool_calls": [{"id": "c1", "name": "find_order", "arguments": {"order_id": "A12345"}, "turn_id": "t2"}],
    "expectations": {"function_calls": {"calls": [{"name": "find_order", "arguments": {"order_id": "A12345"}}]}},
}
CHECKS = [name for name, kind in plugins.evaluators().items() if kind.kind_of_work != "judge"]
"""by code; those of sound find none here"""


@pytest.fixture
def call(services: Services, project: Project) -> Project:
    """A parsed, ended call in the project."""
    with services.work() as session:
        receive.receive_native(session, project.id, orjson.dumps(CALL))
    inbox.parse_waiting(services)
    return project


def run_all(services: Services) -> None:
    check_due(services)
    judge_due(services)


def evaluations(services: Services) -> dict[str, Evaluation]:
    with services.sessions() as session:
        return {row.evaluator: row for row in session.scalars(select(Evaluation))}


def verdict(services: Services, metric: str) -> str | None:
    with services.sessions() as session:
        return session.scalar(select(Score.verdict).filter_by(metric=metric))


def test_every_evaluator_has_a_row_with_an_outcome(services: Services, call: Project) -> None:
    run_all(services)
    rows = evaluations(services)
    assert rows["function_calls"].status == "done"
    assert (rows["rubric_judge"].status, rows["rubric_judge"].reason_code) == ("blocked", "judge_not_connected")
    assert rows["rubric_judge"].reason.startswith("judge not connected")
    assert (rows["delivery"].status, rows["delivery"].reason_code) == ("skipped", "no_audio")
    assert all(row.status == "done" or row.reason for row in rows.values())
    assert verdict(services, "function_calls.correct") == "pass"


def test_twice_is_once(services: Services, call: Project) -> None:
    assert check_due(services) == len(CHECKS)
    assert check_due(services) == 0


def test_late_data_runs_again_what_reads_it(services: Services, call: Project) -> None:
    run_all(services)
    late = {"tool_calls": [{"id": "c1", "name": "find_order", "arguments": {"order_id": "A12346"}}]}
    with services.work() as session:
        receive.receive_part(session, call.id, "call-1", EVENTS, orjson.dumps(late))
    inbox.parse_waiting(services)
    pending = {name for name, row in evaluations(services).items() if row.status == "pending"}
    assert "function_calls" in pending
    assert "delivery" not in pending
    check_due(services)
    assert verdict(services, "function_calls.correct") == "fail"


def test_what_a_dead_worker_held_is_handed_out_again(services: Services, call: Project) -> None:
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    with services.work() as session:
        session.execute(update(Evaluation).values(status="running", lease_owner="dead", lease_until=hour_ago))
    assert check_due(services) == len(CHECKS)
    assert evaluations(services)["function_calls"].status == "done"


def test_what_somebody_holds_is_left_alone(services: Services, call: Project) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    with services.work() as session:
        session.execute(update(Evaluation).values(status="running", lease_owner="alive", lease_until=soon))
    assert check_due(services) == 0


def test_an_evaluation_that_never_finishes_is_given_up_on(services: Services, call: Project) -> None:
    with services.work() as session:
        session.execute(update(Evaluation).values(attempt=6))
    check_due(services)
    row = evaluations(services)["function_calls"]
    assert (row.status, row.reason_code) == ("failed", "gave_up")


def several(services: Services, project: Project) -> None:
    with services.work() as session:
        for number in (1, 2, 3):
            receive.receive_native(session, project.id, orjson.dumps(CALL | {"id": f"call-{number}"}))
    inbox.parse_waiting(services)


def states(services: Services, evaluator: str) -> dict[str, tuple[str, str | None]]:
    with services.sessions() as session:
        rows = session.scalars(select(Evaluation).filter_by(evaluator=evaluator))
        return {row.conversation_id: (row.status, row.reason_code) for row in rows}


def break_off(_: Score) -> None:
    raise ValueError("broken")


def write_nul(score: Score) -> None:
    score.explanation = "a\x00b"


@pytest.mark.parametrize(("harm", "reason_code"), [(break_off, "crashed"), (write_nul, "unwritable")])
def test_what_goes_wrong_on_one_of_many_calls_fails_there_alone(
    services: Services,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[Score], None],
    reason_code: str,
) -> None:
    several(services, project)
    kind = plugins.evaluators()["function_calls"]
    whole = kind.evaluate

    def harmed(self: Evaluator, conversation: Conversation, context: Context) -> Iterable[Score]:
        for score in whole(self, conversation, context):
            if conversation.id == "call-2":
                harm(score)
            yield score

    monkeypatch.setattr(kind, "evaluate", harmed)
    assert check_due(services) == 3 * len(CHECKS)
    found = states(services, "function_calls")
    assert found == {"call-1": ("done", None), "call-2": ("failed", reason_code), "call-3": ("done", None)}


def test_a_long_queue_gives_others_their_turn(
    services: Services, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    several(services, project)
    rung: list[str] = []
    monkeypatch.setattr(checking, "AT_ONCE", len(CHECKS))
    monkeypatch.setattr(checking, "TURN_S", -1.0)
    assert check_due(replace(services, ring=lambda job, **_: rung.append(job))) == len(CHECKS)
    assert rung == ["evaluate_text"]
    assert check_due(services) == len(CHECKS)
