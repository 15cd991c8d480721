"""Late data on calls that were evaluated: what is planned anew, and what is outdated."""

import json

import pytest
from sqlalchemy import func, select

from evalhub.evaluations.checking import check_due
from evalhub.evaluations.rules import change_rule, switch_rule
from evalhub.evaluations.selections import apply_rule
from evalhub.models import Conversation, Evaluation, EvaluationRule, Project, Score, Turn
from evalhub.services import Services
from evalhub.traces import receive
from evalhub.traces.filters import Filters, ids
from evalhub.traces.formats import otlp
from evalhub.traces.formats.native_parts import END
from evalhub.traces.inbox import parse_waiting
from tests.db.evaluations.ruled import TEXTS, draft, ended, planned, rules
from tests.db.traces.sending import TRACE, keep, keyed, send, settle, span
from tests.factories import make_conversation, make_tool_call, make_turn

pytestmark = pytest.mark.db


def test_late_data_that_makes_a_call_match_plans_it_then(services: Services, project: Project) -> None:
    rules(services, project, draft(filters={"tag": "vip"}))
    ended(services, project, make_conversation())
    assert planned(services) == {}
    ended(services, project, make_conversation(tags=["vip"]))
    assert list(planned(services)) == [("call-1", "function_calls")]


def test_scores_of_what_is_no_longer_drawn_go_when_the_call_changes(services: Services, project: Project) -> None:
    [rule_id] = rules(services, project, draft())
    ended(services, project, make_conversation())
    with services.work() as session:
        row = session.scalars(select(Evaluation)).one()
        row.status = "done"
        score = Score(metric="m", evaluator=row.evaluator, version=row.version, value=1.0)
        score.project_id, score.conversation_id = project.id, "call-1"
        session.add(score)
        change_rule(session, session.get_one(EvaluationRule, (project.id, rule_id)), draft(share=0.0), by="test")
    ended(services, project, make_conversation())
    assert planned(services)["call-1", "function_calls"].status == "done"
    ended(services, project, make_conversation(turns=[make_turn(text="Something else")]))
    assert planned(services)["call-1", "function_calls"].reason_code == "sampled_out"
    with services.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Score)) == 0


def evaluated(services: Services, status: str = "done") -> None:
    """As if everything planned had been run, with a score each."""
    with services.work() as session:
        for row in session.scalars(select(Evaluation)):
            row.status = status
            score = Score(metric="m", evaluator=row.evaluator, version=row.version, value=1.0)
            score.project_id, score.conversation_id = row.project_id, row.conversation_id
            session.add(score)


def scored(services: Services) -> set[str]:
    with services.sessions() as session:
        return set(session.scalars(select(Score.evaluator)))


def off(services: Services, project: Project, rule_id: int) -> None:
    with services.work() as session:
        switch_rule(session, session.get_one(EvaluationRule, (project.id, rule_id)), on=False, by="test")


@pytest.mark.parametrize("why", ["the rule is off", "the call matches no more"])
def test_what_no_rule_asks_for_any_more_is_outdated_once_the_call_changes(
    services: Services, project: Project, why: str
) -> None:
    from evalhub.evaluations.planning import run_again

    [rule_id] = rules(services, project, draft(filters={"tag": "vip"}, evaluators=["function_calls", "tool_advice"]))
    tools = {"tool_calls": [make_tool_call()], "tags": ["vip"]}
    ended(services, project, make_conversation(**tools))
    evaluated(services)
    if why == "the rule is off":
        off(services, project, rule_id)
        ended(services, project, make_conversation(**tools))
        assert scored(services) == {"function_calls", "tool_advice"}
    later = {"tags": [] if why == "the call matches no more" else ["vip"], "turns": [make_turn(text="Something else")]}
    ended(services, project, make_conversation(**tools | later))
    rows = {name: (row.status, row.reason_code) for (_, name), row in planned(services).items()}
    assert rows == {"function_calls": ("skipped", "outdated"), "tool_advice": ("done", None)}
    assert scored(services) == {"tool_advice"}  # it reads calls, not turns
    with services.work() as session:
        run_again(session, project.id, TEXTS)
    assert planned(services)["call-1", "function_calls"].status == "skipped"


def test_what_is_outdated_is_evaluated_once_a_rule_asks_again(services: Services, project: Project) -> None:
    [rule_id] = rules(services, project, draft())
    ended(services, project, make_conversation())
    evaluated(services)
    off(services, project, rule_id)
    changed = make_conversation(turns=[make_turn(text="Something else")])
    ended(services, project, changed)
    with services.work() as session:
        rule = session.get_one(EvaluationRule, (project.id, rule_id))
        assert apply_rule(session, rule, ids(project.id, Filters())) == 1
    ended(services, project, make_conversation(turns=[make_turn(text="Once more")]))
    assert planned(services)["call-1", "function_calls"].status == "pending"


def test_what_is_run_by_hand_stays_until_the_call_changes(services: Services, project: Project) -> None:
    [rule_id] = rules(services, project, draft())
    off(services, project, rule_id)
    ended(services, project, make_conversation(turns=[make_turn()]))
    with services.work() as session:
        apply_rule(session, session.get_one(EvaluationRule, (project.id, rule_id)), ids(project.id, Filters()))
    check_due(services)
    before = planned(services)["call-1", "function_calls"]
    assert before.status != "pending"
    ended(services, project, make_conversation(turns=[make_turn()]))
    assert planned(services)["call-1", "function_calls"].status == before.status
    evaluated(services)
    ended(services, project, make_conversation(turns=[make_turn(text="Something else")]))
    assert planned(services)["call-1", "function_calls"].reason_code == "outdated"


def test_late_log_records_of_an_ended_call_run_again_what_reads_words(services: Services, project: Project) -> None:
    """The words of a model call come in a record of their own, once the call is over and evaluated."""
    send(services, project, span(0, **keyed("call-1"), **{"gen_ai.operation.name": "chat"}))
    with services.work() as session:
        receive.receive_part(session, project.id, "call-1", END, b"")
    parse_waiting(services)
    evaluated(services)
    words = {"kvlistValue": {"values": [{"key": "content", "value": {"stringValue": "Hello."}}]}}
    record = {"traceId": TRACE, "spanId": f"{1:016x}", "eventName": "gen_ai.user.message", "body": words}
    late = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()
    keep(services, project, late, otlp.LOGS)
    settle(services)
    with services.sessions() as session:
        assert session.scalars(select(Turn.text)).all() == ["Hello."]
        assert session.scalar(select(Conversation.state)) == "ended"
    status = {evaluator: row.status for (_, evaluator), row in planned(services).items()}
    assert (status["rubric_judge"], status["tool_advice"]) == ("pending", "done")
