"""Evaluation rules: what matches, what is drawn, what a version is, and what is planned when a call ends."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, text, update

from evalhub import plugins
from evalhub.errors import BadInput, Conflict
from evalhub.evaluations.drawing import drawn, is_drawn
from evalhub.evaluations.explaining import dry_run, unplanned
from evalhub.evaluations.matching import matched_rules
from evalhub.evaluations.rule_drafts import KNOWN_AT_THE_END, Draft
from evalhub.evaluations.rules import change_rule, create_rule, delete_rule, rules_of, switch_rule
from evalhub.models import AuditEntry, Conversation, Evaluation, EvaluationRule, Project, Rubric
from evalhub.services import Services
from evalhub.traces import assembly
from tests.db.evaluations.ruled import TEXTS, draft, ended, planned, rules
from tests.factories import make_conversation, make_recording, make_turn

pytestmark = pytest.mark.db


def test_a_project_starts_with_everything_on_every_call(services: Services, project: Project) -> None:
    ended(services, project, make_conversation())
    rows = planned(services)
    assert {evaluator for _, evaluator in rows} == set(plugins.evaluators())
    assert {row.status for row in rows.values()} == {"pending"}
    with services.sessions() as session:
        names = {rule.id: rule.name for rule in rules_of(session, project.id)}
    assert names[rows["call-1", "rubric_judge"].rule_id or 0] == "Judges"
    assert names[rows["call-1", "delivery"].rule_id or 0] == "Checks by code"


MEETS = {
    "q": "refund",
    "agent": "sales",
    "version": "7",
    "from": "2026-11-02",
    "to": "2026-11-02",
    "origin": "simulation",
    "channel": "phone",
    "architecture": "speech_to_speech",
    "tag": "vip",
    "audio": "yes",
}


def test_every_filter_of_a_rule_is_tried_below() -> None:
    assert set(MEETS) == set(KNOWN_AT_THE_END)


@pytest.fixture
def two_calls(services: Services, project: Project) -> None:
    """One that meets every filter of MEETS, and one that meets none."""
    one = make_conversation(
        id="meets",
        turns=[make_turn(text="I want a refund.")],
        agent_name="sales",
        agent_version="7",
        started_at=datetime(2026, 11, 2, 23, tzinfo=UTC),
        origin="simulation",
        channel="phone",
        architecture="speech_to_speech",
        tags=["vip", "new"],
    )
    other = make_conversation(id="not", started_at=datetime(2026, 11, 1, tzinfo=UTC), turns=[make_turn()])
    with services.work() as session:
        assembly.merge(session, project.id, [one, other])
        sound = make_recording(sha256="0" * 64)
        sound.project_id, sound.conversation_id = project.id, "meets"
        session.add(sound)


@pytest.mark.parametrize("name", [name for name in MEETS if name != "to"])
def test_each_filter_takes_what_meets_it(services: Services, project: Project, two_calls: None, name: str) -> None:
    [rule] = rules(services, project, draft(filters={name: MEETS[name]}))
    assert matching(services, project, rule, ["meets", "not"]) == {"meets"}


def test_until_a_day_takes_that_day_too(services: Services, project: Project, two_calls: None) -> None:
    [rule] = rules(services, project, draft(filters={"to": "2026-11-02"}))
    assert matching(services, project, rule, ["meets", "not"]) == {"meets", "not"}
    [rule] = rules(services, project, draft(filters={"to": "2026-11-01"}))
    assert matching(services, project, rule, ["meets", "not"]) == {"not"}


def test_all_filters_of_a_rule_have_to_be_met(services: Services, project: Project, two_calls: None) -> None:
    [rule] = rules(services, project, draft(filters=MEETS))
    assert matching(services, project, rule, ["meets", "not"]) == {"meets"}
    [rule] = rules(services, project, draft(filters=MEETS | {"audio": "no"}))
    assert matching(services, project, rule, ["meets", "not"]) == set()


def matching(services: Services, project: Project, rule_id: int, ids: list[str]) -> set[str]:
    with services.sessions() as session:
        rule = session.get_one(EvaluationRule, (project.id, rule_id))
        return {call for call, found in matched_rules(session, project.id, [rule], ids).items() if found}


def test_only_what_matches_has_rows_and_they_name_rule_and_version(services: Services, project: Project) -> None:
    [rule] = rules(services, project, draft(filters={"agent": "sales"}))
    ended(services, project, make_conversation(id="a", agent_name="sales"), make_conversation(id="b"))
    rows = planned(services)
    assert list(rows) == [("a", "function_calls")]
    assert (rows["a", "function_calls"].rule_id, rows["a", "function_calls"].rule_version) == (rule, 1)


def test_the_rule_that_draws_most_counts(services: Services, project: Project) -> None:
    few, all_of_them = rules(
        services, project, draft(name="Few", share=0.1), draft(name="Sales", filters={"agent": "sales"})
    )
    calls = [make_conversation(id=f"c{index}", agent_name="sales" if index % 2 else "desk") for index in range(60)]
    ended(services, project, *calls)
    rows = {call: row for (call, _), row in planned(services).items()}
    assert {rows[f"c{index}"].rule_id for index in range(1, 60, 2)} == {all_of_them}
    assert {rows[f"c{index}"].rule_id for index in range(0, 60, 2)} == {few}
    assert all(
        (row.status == "pending") == (row.rule_id == all_of_them or is_drawn(call, 0.1)) for call, row in rows.items()
    )


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.5, 1.0])
def test_the_database_draws_the_same_calls_and_the_right_share(
    services: Services, project: Project, share: float
) -> None:
    names = [f"call-{index} ü/{index * 7919}" for index in range(3000)]
    with services.work() as session:
        session.add_all(Conversation(project_id=project.id, id=name, state="ended") for name in names)
    with services.sessions() as session:
        found = set(session.scalars(select(Conversation.id).where(drawn(share))))
    assert found == {name for name in names if is_drawn(name, share)}
    assert abs(len(found) / len(names) - share) <= 3 * (share * (1 - share) / len(names)) ** 0.5


def test_what_is_not_drawn_says_so_and_is_not_run_when_rules_and_prices_change(
    services: Services, project: Project
) -> None:
    from evalhub.evaluations.planning import run_again

    rules(services, project, draft(share=0.0))
    ended(services, project, make_conversation())
    with services.work() as session:
        run_again(session, project.id, TEXTS)
    row = planned(services)["call-1", "function_calls"]
    assert (row.status, row.reason_code) == ("skipped", "sampled_out")
    assert row.reason == "not drawn: the rule “Sales” takes 0 % of the calls that match, at random"


def test_a_rule_may_name_the_scorecard_its_judges_answer(services: Services, project: Project) -> None:
    with services.work() as session:
        session.add(Rubric(project_id=project.id, key="outbound", title="Outbound", description=""))
    rules(services, project, draft(evaluators=["judge"], rubric="outbound"), others=True)
    ended(services, project, make_conversation())
    with services.sessions() as session:
        configs = list(session.scalars(select(Evaluation.config).filter_by(evaluator="rubric_judge")))
    assert sorted(configs, key=str) == [{"rubric": "outbound"}, {}]


@pytest.mark.parametrize(
    ("change", "version"),
    [
        ({"name": "Sales calls"}, 1),
        ({}, 1),
        ({"evaluators": [*TEXTS, *TEXTS]}, 1),
        ({"share": 0.5}, 2),
        ({"filters": {"agent": "sales"}}, 2),
        ({"evaluators": ["text"]}, 2),
    ],
)
def test_a_version_counts_changes_of_meaning_only(
    services: Services, project: Project, change: dict[str, Any], version: int
) -> None:
    [rule_id] = rules(services, project, draft())
    with services.work() as session:
        rule = session.get_one(EvaluationRule, (project.id, rule_id))
        change_rule(session, rule, draft(**change), by="lead@example.com")
        switch_rule(session, rule, on=False, by="lead@example.com")
    with services.sessions() as session:
        rule = session.get_one(EvaluationRule, (project.id, rule_id))
        assert (rule.version, rule.changed_by, rule.enabled) == (version, "lead@example.com", False)
        told = session.scalars(select(AuditEntry).filter_by(action="rule.changed")).one()
        assert (told.actor, told.details["version"]) == ("lead@example.com", version)


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"filters": {"verdict": "fail"}}, "verdict"),
        ({"filters": {"labeled": "no"}}, "labeled"),
        ({"filters": {"color": "red"}}, "color"),
        ({"filters": {"from": "soon"}}, "from"),
        ({"evaluators": []}, "evaluators"),
        ({"evaluators": ["mind_reader"]}, "evaluators"),
        ({"rubric": "nobody's"}, "rubric"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_with_its_place(
    services: Services, project: Project, wrong: dict[str, Any], path: str
) -> None:
    with services.sessions() as session, pytest.raises(BadInput) as refused:
        create_rule(session, project.id, draft(**wrong), by="test")
    assert path in {problem.path for problem in refused.value.problems}


def test_two_rules_have_two_names(services: Services, project: Project) -> None:
    first, _ = rules(services, project, draft(name="A"), draft(name="B"))
    with services.sessions() as session, pytest.raises(Conflict):
        create_rule(session, project.id, draft(name="A"), by="test")
    with services.sessions() as session, pytest.raises(Conflict):
        change_rule(session, session.get_one(EvaluationRule, (project.id, first)), draft(name="B"), by="test")


@pytest.mark.parametrize("end", ["off", "deleted"])
def test_what_waits_because_of_a_rule_stops_with_it(services: Services, project: Project, end: str) -> None:
    first, _ = rules(services, project, draft(name="A"), draft(name="B", evaluators=["tool_calls"]))
    ended(services, project, make_conversation())
    with services.work() as session:
        rule = session.get_one(EvaluationRule, (project.id, first))
        if end == "off":
            switch_rule(session, rule, on=False, by="test")
        else:
            delete_rule(session, rule, by="test")
    rows = planned(services)
    assert (rows["call-1", "function_calls"].status, rows["call-1", "function_calls"].reason_code) == (
        "skipped",
        "rule_off",
    )
    assert rows["call-1", "tool_calls"].status == "pending"


def test_a_dry_run_tells_each_call_and_writes_nothing(services: Services, project: Project, two_calls: None) -> None:
    with services.work() as session:
        session.execute(update(Conversation).values(state="ended"))
    rule = draft(filters={"agent": "sales", "audio": "yes"}, share=0.5).as_rule(project.id)
    with services.work() as session:
        session.execute(text("set transaction read only"))
        trials = {trial.call.id: trial for trial in dry_run(session, project.id, rule)}
    assert trials["not"].refusals == ["the agent is not sales", "it has no recording"]
    assert not trials["not"].is_drawn
    assert trials["meets"].refusals == []
    assert trials["meets"].is_drawn == is_drawn("meets", 0.5)


def why(services: Services, project: Project) -> dict[str, Iterable[tuple[str, str]]]:
    with services.sessions() as session:
        call = session.get_one(Conversation, (project.id, "call-1"))
        rows = session.scalars(select(Evaluation)).all()
        return {
            name: one.because
            for one in unplanned(session, call, rows, rules_of(session, project.id))
            for name in one.evaluators
        }


def test_why_there_is_no_score_is_told_rule_by_rule(services: Services, project: Project) -> None:
    rules(
        services,
        project,
        draft(name="Sales", filters={"agent": "sales", "q": "refund"}),
        draft(name="Off", evaluators=["judge"]),
        draft(name="All", evaluators=["tool_calls"]),
    )
    with services.work() as session:
        switch_rule(session, rules_of(session, project.id)[1], on=False, by="test")
    ended(services, project, make_conversation())
    told = why(services, project)
    assert list(told["function_calls"]) == [
        ("Sales", "It does not match: the agent is not sales and nobody says “refund”.")
    ]
    assert list(told["rubric_judge"]) == [("Off", "It is switched off.")]
    assert list(told["delivery"]) == []
    assert "tool_calls" not in told


def test_a_rule_that_came_later_says_so(services: Services, project: Project) -> None:
    rules(services, project)
    ended(services, project, make_conversation())
    rules(services, project, draft())
    [(name, said)] = why(services, project)["function_calls"]
    assert name == "Sales"
    assert "made, switched on or changed since" in said


def test_a_draft_read_from_a_rule_means_the_same(services: Services, project: Project) -> None:
    wanted = draft(filters={"q": "a"}, share=0.3)
    assert Draft.of(wanted.as_rule(project.id)) == replace(wanted)
