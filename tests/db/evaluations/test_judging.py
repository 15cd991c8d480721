"""Judge work by the batch: no verdict lost, none doubled, none invented, whatever the server and other workers do."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from evalhub.evaluations.drawing import calls_left_today, number_of
from evalhub.evaluations.judging import judge_due
from evalhub.evaluations.planning import AGAIN
from evalhub.models import Conversation, Evaluation, JudgeAnswer, JudgeVersion, Project, Score, Turn
from evalhub.services import Services
from tests.db.evaluations.judged import called, count, replan, rows, scorecard
from tests.stack.judge_server import Answer, serving

Respond = Callable[[str], Answer | None]


class Server:
    """Answers a pass to everything but the calls `otherwise` says something else of; counts what it was asked."""

    def __init__(self, otherwise: Callable[[str, dict[str, Any]], Answer | None] = lambda _call, _body: None) -> None:
        self.otherwise = otherwise
        self.asked: Counter[str] = Counter()

    def __call__(self, _: str, body: dict[str, Any]) -> Answer:
        call = called(body)
        self.asked[call] += 1
        return self.otherwise(call, body) or scorecard(body)


@contextmanager
def connected(services: Services, server: Server) -> Iterator[Services]:
    with serving(server) as url:
        judge = {"judge_url": url, "judge_model": "m", "judge_concurrency": 8}
        yield replace(services, settings=replace(services.settings, **judge))


def again(services: Services) -> None:
    with services.work() as session:
        session.execute(update(Evaluation).values(AGAIN))


def test_every_call_is_judged_once(services: Services, calls: Any) -> None:
    ids = calls(50)
    with connected(services, server := Server()) as judging:
        assert judge_due(judging) == 50
        assert judge_due(judging) == 0
    assert server.asked == dict.fromkeys(ids, 1)
    assert {row.status for row in rows(services).values()} == {"done"}
    assert count(services, Score, metric="criterion.brevity", verdict="pass") == 50
    assert count(services, JudgeAnswer) == 50
    assert count(services, JudgeVersion) == 1


def test_judged_again_costs_nothing(services: Services, calls: Any) -> None:
    calls(10)
    with connected(services, server := Server()) as judging:
        judge_due(judging)
        again(services)
        assert judge_due(judging) == 10
    assert server.asked.total() == 10
    assert all(row.details["from_memory"] and "usage" not in row.details for row in rows(services).values())
    assert count(services, Score, metric="criterion.brevity", verdict="pass") == 10


def test_what_was_said_anew_is_asked_anew(services: Services, project: Project, calls: Any) -> None:
    ids = calls(3)
    with connected(services, server := Server()) as judging:
        judge_due(judging)
        with services.work() as session:
            session.add(Turn(project_id=project.id, conversation_id="call-1", id="t1", speaker="caller", text="Hi"))
        replan(services, project, ids)
        judge_due(judging)
    assert server.asked == {"call-0": 1, "call-1": 2, "call-2": 1}


def test_one_calls_failure_is_its_own(services: Services, calls: Any) -> None:
    calls(20)
    trouble: dict[str, Callable[[dict[str, Any]], Answer]] = {
        "call-3": lambda _: (500, {"error": {"message": "oops"}}, {}),
        "call-5": lambda _: (400, {"error": {"message": "no"}}, {}),
        "call-7": lambda _: (200, b"<html>", {}),
        "call-9": lambda body: scorecard(body, quote="never said"),
    }
    with connected(services, Server(lambda call, body: trouble[call](body) if call in trouble else None)) as judging:
        judge_due(judging)
    found = rows(services)
    assert (found["call-3"].status, found["call-3"].reason_code, found["call-3"].attempt) == (
        "pending",
        "server_error",
        1,
    )
    assert (found["call-5"].status, found["call-5"].reason_code) == ("failed", "no_answer")
    assert (found["call-7"].status, found["call-7"].reason_code) == ("failed", "no_answer")
    assert Counter(row.status for row in found.values()) == {"done": 17, "failed": 2, "pending": 1}
    assert count(services, Score, metric="criterion.brevity", verdict="pass") == 16
    assert count(services, Score, metric="criterion.brevity", verdict="unsure") == 1


def test_a_rate_limit_makes_the_others_wait_and_uses_no_attempt_up(services: Services, calls: Any) -> None:
    calls(40)
    limited = (429, {"error": {"message": "slow down"}}, {"Retry-After": "60"})
    with connected(services, server := Server(lambda _call, _body: limited)) as judging:
        judge_due(judging)
    assert server.asked.total() < 20
    found = rows(services).values()
    assert {(row.status, row.reason_code, row.attempt) for row in found} == {("pending", "rate_limited", 0)}
    assert all(row.not_before > datetime.now(UTC) + timedelta(seconds=30) for row in found)


def test_who_lost_its_lease_writes_no_outcome_but_keeps_what_was_paid_for(services: Services, calls: Any) -> None:
    calls(1)

    def stolen(_call: str, _body: dict[str, Any]) -> None:
        with services.work() as session:
            session.execute(update(Evaluation).values(lease_owner="another"))

    with connected(services, Server(stolen)) as judging:
        judge_due(judging)
    assert (rows(services)["call-0"].status, count(services, Score)) == ("running", 0)
    assert count(services, JudgeAnswer) == 1


def test_a_call_that_is_deleted_meanwhile_takes_nothing_along(services: Services, calls: Any) -> None:
    calls(5)

    def deleted(call: str, _body: dict[str, Any]) -> None:
        if call == "call-2":
            with services.work() as session:
                session.execute(delete(Conversation).filter_by(id=call))

    with connected(services, Server(deleted)) as judging:
        judge_due(judging)
    assert {name: row.status for name, row in rows(services).items()} == dict.fromkeys(
        ("call-0", "call-1", "call-3", "call-4"), "done"
    )
    assert count(services, JudgeAnswer) == 4


def test_what_no_row_can_hold_fails_alone(services: Services, calls: Any) -> None:
    calls(6)
    nul = "\x00"
    with connected(
        services, Server(lambda call, body: scorecard(body, quote=nul) if call == "call-4" else None)
    ) as judging:
        judge_due(judging)
    found = rows(services)
    assert {row.status for name, row in found.items() if name != "call-4"} == {"done"}
    assert found["call-4"].status in ("done", "failed")
    assert count(services, Score, conversation_id="call-4", verdict="pass") == 0


def test_a_share_is_drawn_by_the_hash_of_the_id(services: Services, calls: Any) -> None:
    ids = calls(200, share=0.25)
    with connected(services, server := Server()) as judging:
        judge_due(judging)
    assert set(server.asked) == {one for one in ids if number_of(one) < 0.25}
    assert 30 < len(server.asked) < 70
    left_out = next(row for name, row in rows(services).items() if name not in server.asked)
    assert (left_out.status, left_out.reason_code) == ("skipped", "sampled_out")
    assert left_out.reason == "not drawn: the rule “Judges” takes 25 % of the calls that match, at random"
    assert all(row.details["inclusion_prob"] == 0.25 for row in rows(services).values())


def test_a_days_budget_is_drawn_from_all_not_given_to_the_first(services: Services, calls: Any) -> None:
    ids = calls(400, daily_calls=40)
    with connected(services, server := Server()) as judging:
        judge_due(judging)
    assert 20 <= len(server.asked) <= 40
    order = [ids.index(one) for one in server.asked]
    assert max(order) > 300
    left_out = [row for row in rows(services).values() if row.status == "skipped"]
    assert {row.reason_code for row in left_out} == {"over_budget"}
    assert "today's 40 calls are judged" in left_out[0].reason
    assert all(0 <= row.details["inclusion_prob"] < 0.3 for row in rows(services).values())


def test_a_budget_in_dollars_needs_a_price(services: Services, calls: Any) -> None:
    calls(30, daily_usd=0.1)
    with connected(services, server := Server()) as judging:
        judge_due(judging)
    assert server.asked.total() == 0
    assert all("nothing tells what m costs" in (row.reason or "") for row in rows(services).values())


def test_useless_answers_are_spent_too(services: Services, project: Project, calls: Any) -> None:
    """Three calls, each asked twice for JSON that never comes: six answers of 1000 tokens at a cent a hundred."""
    calls(3, daily_usd=1.0)
    own = "[[prices]]\nmodels = ['m']\nfrom = 2026-01-01\nper_unit = {input_tokens = 0.0001, output_tokens = 0}"
    with services.work() as session:
        found = session.get_one(Project, project.id)
        found.settings = found.settings | {"prices": own}
    usage = {"prompt_tokens": 1000, "completion_tokens": 1}
    useless = {
        "model": "m",
        "usage": usage,
        "choices": [{"finish_reason": "stop", "message": {"content": "All good!"}}],
    }
    with connected(services, Server(lambda _call, _body: (200, useless, {}))) as judging:
        judge_due(judging)
        with services.sessions() as session:
            left = calls_left_today(session, session.get_one(Project, project.id), judging.settings)
    assert {row.reason_code for row in rows(services).values()} == {"unusable_answer"}
    assert left == pytest.approx((1.0 - 0.6) / 0.01, abs=1)


def test_a_drawn_share_is_judged_twice_and_its_flips_are_kept(services: Services, calls: Any) -> None:
    ids = calls(40, asked_again=0.5)
    drawn = {one for one in ids if number_of(f"again:{one}") < 0.5}
    with connected(services, server := Server()) as judging:
        judge_due(judging)
    assert server.asked == {one: 2 if one in drawn else 1 for one in ids}
    assert count(services, JudgeAnswer, run=1) == len(drawn)
