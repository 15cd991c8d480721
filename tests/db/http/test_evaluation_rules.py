"""The page of evaluation rules: made, tried, changed, switched, deleted; and what a call says of them."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from evalhub.evaluations.rules import rules_of
from evalhub.models import AuditEntry, Conversation, EvaluationRule, JudgeAnswer, Project
from evalhub.services import Services
from evalhub.traces import assembly, lifecycle
from tests.db.http.conftest import As, Program
from tests.factories import make_conversation

pytestmark = pytest.mark.db
HERE = "/p/demo/settings/evaluation-rules"
FORM = {"name": "Sales", "share": "20", "agent": "sales", "evaluators": ["judge", "delivery"], "rubric": ""}


def rule(services: Services, project: Project, name: str) -> EvaluationRule:
    with services.sessions() as session:
        return next(one for one in rules_of(session, project.id) if one.name == name)


def words(client: FlaskClient, path: str, **form: Any) -> str:
    """The page or part as a line of text with its tags."""
    answer = client.post(path, data=form) if form else client.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(answer.text.split())


@pytest.fixture
def lead(signed_in: As) -> FlaskClient:
    return signed_in("lead")


@pytest.fixture
def calls(services: Services, project: Project) -> None:
    """Ten calls of this minute, six of them of sales; one judged for two cents."""
    with services.work() as session:
        names = {f"c{index}": "sales" if index < 6 else "desk" for index in range(10)}
        assembly.merge(
            session, project.id, [make_conversation(id=one, agent_name=agent) for one, agent in names.items()]
        )
        lifecycle.settle(session, project.id, dict.fromkeys(names, True))
        session.execute(update(Conversation).values(started_at=Conversation.created_at))
        answer = JudgeAnswer(
            asked="a", content_hash="h", judge_version="v", model="m", votes=[], verdicts={}, usage={}, cost_usd=0.7
        )
        answer.project_id, answer.conversation_id = project.id, "c0"
        session.add(answer)


def test_a_rule_is_made_shown_and_noted(services: Services, project: Project, lead: FlaskClient) -> None:
    assert lead.post(HERE, data=FORM).status_code == 302
    made = rule(services, project, "Sales")
    assert (made.filters, made.share, made.evaluators) == ({"agent": "sales"}, 0.2, ["delivery", "judge"])
    assert (made.version, made.enabled, made.created_by) == (1, True, "lead@example.com")
    shown = words(lead, HERE)
    for part in ("Checks by code", "Judges", "Sales", "20 %", "0 calls match"):
        assert part in shown
    with services.sessions() as session:
        entry = session.scalars(select(AuditEntry).filter_by(action="rule.created")).one()
    assert (entry.actor, entry.subject, entry.details["share"]) == ("lead@example.com", "Sales", 0.2)


def test_a_rule_is_changed_switched_and_deleted(services: Services, project: Project, lead: FlaskClient) -> None:
    lead.post(HERE, data=FORM)
    at = f"{HERE}/{rule(services, project, 'Sales').id}"
    filled = words(lead, at)
    assert 'name="share" inputmode="decimal" required value="20"' in filled
    assert 'list="known-agent" maxlength="500" value="sales"' in filled
    lead.post(at, data=FORM | {"share": "50", "to": "2026-11-30"})
    lead.post(at, data=FORM | {"share": "50", "to": "2026-11-30", "name": "Sales calls"})
    changed = rule(services, project, "Sales calls")
    assert (changed.version, changed.share, changed.filters["to"]) == (2, 0.5, "2026-11-30")
    assert 'name="to" value="2026-11-30"' in words(lead, at)
    lead.post(f"{at}/switch", data={"on": "no"})
    assert not rule(services, project, "Sales calls").enabled
    lead.post(f"{at}/switch", data={"on": "yes"})
    assert rule(services, project, "Sales calls").enabled
    lead.post(f"{at}/delete")
    assert lead.get(at).status_code == 404
    with services.sessions() as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [one for one in actions if one.startswith("rule.")] == [
        "rule.created",
        "rule.changed",
        "rule.changed",
        "rule.switched_off",
        "rule.switched_on",
        "rule.deleted",
    ]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"share": "half"}, "This number cannot be used"),
        ({"share": ""}, "A rule needs a share"),
        ({"verdict": "fail"}, "a rule decides when a call ends"),
        ({"evaluators": []}, "evaluators: expected at least one"),
        ({"from": "soon"}, "This time cannot be read"),
        ({"name": "Judges"}, "There is a rule “Judges” already"),
    ],
)
def test_what_cannot_be_a_rule_is_said_and_stays_filled_in(
    services: Services, project: Project, lead: FlaskClient, wrong: dict[str, Any], told: str
) -> None:
    answer = lead.post(HERE, data=FORM | wrong)
    assert answer.status_code in (409, 422)
    assert told in " ".join(answer.text.split())
    assert 'maxlength="500" value="sales"' in answer.text
    with services.sessions() as session:
        assert len(rules_of(session, project.id)) == 2


def test_the_preview_counts_the_last_week_and_its_cost(lead: FlaskClient, calls: None) -> None:
    shown = words(lead, f"{HERE}/preview", **FORM | {"share": "100"})
    assert 'Of the last 7 days, <strong class="number">6</strong> calls match' in shown
    assert "At 100 %, <strong>6</strong> would be judged" in shown
    assert "No model is connected" in shown
    shown = words(lead, f"{HERE}/preview", share="100", evaluators="text")
    assert "At 100 %, <strong>10</strong> would be evaluated." in shown
    assert "costs nothing but time" in shown
    assert "This filter cannot be used in a rule." in words(lead, f"{HERE}/preview", **FORM | {"status": "failed"})


def test_a_connected_judge_makes_the_preview_say_what_a_day_costs(
    services: Services, project: Project, calls: None
) -> None:
    from dataclasses import replace

    from evalhub.evaluations.rule_drafts import Draft
    from evalhub.evaluations.selections import lately, preview

    wanted = Draft(name="", filters={"agent": "sales"}, share=1.0, evaluators=["judge"]).as_rule(project.id)
    with services.sessions() as session:
        own = session.get_one(Project, project.id)
        none = preview(session, own, wanted, lately(project.id), services.settings)
        both = replace(services.settings, judge_model="m", listening_model="hears")
        two = preview(session, own, wanted, lately(project.id), both)
    assert (none.judges, two.judges) == (0, 2)
    assert two.usd_a_day == pytest.approx(6 * 0.7 / 7)


def test_a_dry_run_is_shown_with_reasons(services: Services, project: Project, lead: FlaskClient, calls: None) -> None:
    shown = words(lead, f"{HERE}/dry-run", **FORM | {"share": "100"})
    assert "Of the latest 10 calls, 6 would be evaluated by delivery, listening judge, rubric judge." in shown
    assert shown.count("does not match: the agent is not sales") == 4
    none = words(lead, f"{HERE}/dry-run", **FORM | {"share": "0"})
    assert none.count("is not below 0") == 6
    assert "A rule needs a share" in words(lead, f"{HERE}/dry-run", name="x")


def test_a_call_says_which_rule_did_not_take_it(services: Services, project: Project, lead: FlaskClient) -> None:
    ids = {name: rule(services, project, name).id for name in ("Checks by code", "Judges")}
    lead.post(f"{HERE}/{ids['Judges']}/switch", data={"on": "no"})
    lead.post(
        f"{HERE}/{ids['Checks by code']}",
        data={"name": "Checks by code", "share": "0", "evaluators": ["text"], "agent": "desk"},
    )
    with services.work() as session:
        assembly.merge(session, project.id, [make_conversation(agent_name="desk"), make_conversation(id="call-2")])
        lifecycle.settle(session, project.id, {"call-1": True, "call-2": True})
    page = words(lead, "/p/demo/conversations/call-1")
    assert "the rule “Checks by code” takes 0 % of the calls that match, at random" in page
    assert "Asked for by the rule “Checks by code”, version 2." in page
    assert "Rule “Judges”: It is switched off." in page
    assert "No evaluation rule asks for it." in page
    page = words(lead, "/p/demo/conversations/call-2")
    assert "Rule “Checks by code”: It does not match: the agent is not desk." in page


def test_a_project_without_rules_says_so(services: Services, project: Project, lead: FlaskClient) -> None:
    for name in ("Checks by code", "Judges"):
        lead.post(f"{HERE}/{rule(services, project, name).id}/delete")
    with services.work() as session:
        assembly.merge(session, project.id, [make_conversation()])
        lifecycle.settle(session, project.id, {"call-1": True})
    assert "This project has no evaluation rules" in words(lead, "/p/demo/conversations/call-1")
    assert "Nothing is evaluated. Make a rule" in words(lead, HERE)
    assert "none: make one first" in words(lead, "/p/demo/judging")


def test_the_filter_of_a_list_becomes_the_filter_of_a_rule(lead: FlaskClient, calls: None) -> None:
    listed = lead.get("/p/demo/conversations?agent=sales&from=2026-11-01&to=2027-01-01").text
    address = listed.partition("Clear all</a>")[2].partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    shown = words(lead, address)
    assert 'list="known-agent" maxlength="500" value="sales"' in shown
    assert 'name="from" value="2026-11-01"' in shown
    assert 'name="to" value="2027-01-01"' in shown
    assert '<strong class="number">6</strong> calls match' in shown


def test_rules_of_another_project_are_not_there(services: Services, project: Project, signed_in: As) -> None:
    own = rule(services, project, "Judges").id
    stranger = signed_in("stranger")
    for path in ("", "/switch", "/delete"):
        assert stranger.post(f"/p/other/settings/evaluation-rules/{own}{path}", data=FORM).status_code == 404
    assert stranger.post("/p/other/judging", data={"rule": str(own)}).status_code == 422


def test_programs_make_replace_and_delete_rules(services: Services, project: Project, api: Program) -> None:
    body = {"name": "Sales", "filters": {"agent": "sales"}, "share": 0.2, "evaluators": ["judge"]}
    made = api("POST", "evaluation-rules", json=body)
    assert made.status_code == 201
    at = f"evaluation-rules/{made.json['id']}"
    assert api("GET", at).json == made.json
    assert (made.json["version"], made.json["enabled"], made.json["changed_by"][:8]) == (1, True, "key full")
    replaced = api("PUT", at, json=body | {"share": 1, "enabled": False}).json
    assert (replaced["version"], replaced["share"], replaced["enabled"]) == (2, 1.0, False)
    assert [one["name"] for one in api("GET", "evaluation-rules").json["items"]] == [
        "Checks by code",
        "Judges",
        "Sales",
    ]
    assert api("POST", "evaluation-rules", json=body).status_code == 409
    assert api("DELETE", at).status_code == 204
    assert api("GET", at).status_code == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([], "body"),
        ({}, "name"),
        ({"name": "A", "evaluators": "judge"}, "evaluators"),
        ({"name": "A", "evaluators": [["judge"]]}, "evaluators"),
        ({"name": "A", "evaluators": ["judge"], "share": True}, "share"),
        ({"name": "A", "evaluators": ["judge"], "share": 20}, "share"),
        ({"name": "A", "evaluators": ["judge"], "filters": {"agent": 7}}, "filters"),
        ({"name": "A", "evaluators": ["judge"], "filters": {"verdict": "fail"}}, "verdict"),
        ({"name": "A", "evaluators": ["judge"], "sampling": 0.5}, "sampling"),
    ],
)
def test_a_body_that_is_no_rule_is_refused_with_its_place(api: Program, body: Any, path: str) -> None:
    answer = api("POST", "evaluation-rules", json=body)
    assert answer.status_code == 422
    assert path in {error["path"] for error in answer.json["errors"]}


def test_a_foreign_key_sees_no_rule_of_ours(services: Services, project: Project, foreign: Program) -> None:
    assert foreign("GET", f"evaluation-rules/{rule(services, project, 'Judges').id}").status_code == 404
