"""What sound shows on pages: five moments to hear, what transcription loses, the marks on the timeline."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from evalhub import plugins
from evalhub.models import Evaluation, JudgeAnswer, Project, Score, Turn
from evalhub.reports.outliers import KINDS, outliers
from evalhub.reports.window import Window
from evalhub.rubrics.stored import install_rubrics
from evalhub.services import Services
from tests.db.http.conftest import As
from tests.factories import make_conversation

pytestmark = pytest.mark.db
NOW = datetime.now(UTC)
LISTEN = "/p/demo/dashboard/listen"


def add_call(services: Services, project: Project, name: str, scores: Iterable[Score], **overrides: Any) -> None:
    """An evaluated call of an hour ago with one turn, t1, and these scores."""
    scores = list(scores)
    with services.work() as session:
        call = {"started_at": NOW - timedelta(hours=1)} | overrides
        session.add(make_conversation(project_id=project.id, id=name, **call))
        session.flush()
        session.add(Turn(project_id=project.id, conversation_id=name, id="t1", speaker="agent", text=f"said in {name}"))
        for evaluator in {score.evaluator for score in scores}:
            version, kind = plugins.evaluators()[evaluator].version, plugins.evaluators()[evaluator].kind_of_work
            row = {"evaluator": evaluator, "version": version, "kind_of_work": kind, "status": "done"}
            session.add(Evaluation(project_id=project.id, conversation_id=name, **row))
        session.flush()
        for score in scores:
            score.project_id, score.conversation_id = project.id, name
            score.version = plugins.evaluators()[score.evaluator].version
            session.add(score)


def score(metric: str, value: float | None, evaluator: str = "delivery", **fields: Any) -> Score:
    of_turn = {"subject_type": "turn", "subject_id": "t1"} if evaluator in ("delivery", "turn_taking") else {}
    evidence = [{"start_ms": 61_500, "end_ms": 63_000, "channel": "agent"}]
    return Score(metric=metric, value=value, evaluator=evaluator, **({"evidence": evidence} | of_turn | fields))


def pace(value: float, *, away: float | None = None, target: list[float] | None = None, **fields: Any) -> Score:
    policy = {"target": target} if target else {}
    return score("pace", value, policy=policy, label={"away": away, "usual": None}, **fields)


def names(services: Services, project: Project, metric: str, **filters: Any) -> list[str]:
    with services.sessions() as session:
        found = outliers(session, Window.from_args(project.id, {}), metric, **filters)
        return [one.score.conversation_id for one in found]


def test_tone_is_far_out_by_its_band_or_by_its_own_usual_place(services: Services, project: Project) -> None:
    add_call(services, project, "inside", [pace(0.5, away=0.0, target=[0.2, 0.8])])
    add_call(services, project, "above", [pace(0.95, away=0.05, target=[0.2, 0.8])])
    add_call(services, project, "below", [pace(0.1, away=0.0, target=[0.4, 0.8])])
    add_call(services, project, "unlike-itself", [pace(0.7, away=-0.25, target=[0.2, 0.8])])
    add_call(services, project, "no-style", [pace(0.6, away=0.2)])
    add_call(services, project, "nothing-known", [pace(0.6)])
    assert names(services, project, "pace") == ["below", "unlike-itself", "no-style", "above"]


def test_no_more_than_five_and_of_one_version_where_that_is_asked(services: Services, project: Project) -> None:
    for number in range(7):
        version = {"agent_version": "2"} if number == 3 else {}
        waited = score("turn_latency_ms", 1000.0 * (number + 1), evaluator="turn_taking")
        add_call(services, project, f"call-{number}", [waited], **version)
    assert names(services, project, "turn_latency_ms") == ["call-6", "call-5", "call-4", "call-3", "call-2"]
    assert names(services, project, "turn_latency_ms", version="2") == ["call-3"]


def test_loudness_is_far_out_from_the_middle_of_the_window(services: Services, project: Project) -> None:
    whole = {"subject_type": "conversation", "subject_id": ""}
    for name, lufs in (("usual", -23.0), ("soft", -40.0), ("near", -24.0), ("loud", -12.0)):
        add_call(services, project, name, [score("loudness_lufs", lufs, **whole)])
    assert names(services, project, "loudness_lufs")[:2] == ["soft", "loud"]


def test_the_five_are_played_at_their_moment(services: Services, project: Project, signed_in: As) -> None:
    add_call(services, project, "a/b", [pace(0.95, away=0.4, explanation="pace 0.95 is above")])
    page = signed_in("viewer").get(f"{LISTEN}/pace").text
    assert 'data-from="61500"' in page
    assert 'data-to="63000"' in page
    assert "/p/demo/conversations/a/b/timeline.json" in page
    assert "/p/demo/conversations/a/b?t=61.5" in page
    assert "said in a/b" in page
    assert "not whether it is glad or angry" in page


@pytest.mark.parametrize("metric", KINDS)
def test_every_list_is_a_metric_that_is_measured_and_says_so_when_empty(signed_in: As, metric: str) -> None:
    assert metric in plugins.metrics()
    page = signed_in("viewer").get(f"{LISTEN}/{metric}")
    assert (page.status_code, "Nothing lies out" in page.text) == (200, True)


def test_there_is_no_list_of_what_is_no_metric(signed_in: As) -> None:
    assert signed_in("viewer").get(f"{LISTEN}/wer").status_code == 404


def test_the_dashboard_leads_to_the_five(services: Services, project: Project, signed_in: As) -> None:
    whole = {"subject_type": "conversation", "subject_id": ""}
    add_call(services, project, "call-1", [score("energy", 0.4, **whole), score("energy", 0.9)])
    page = signed_in("viewer").get("/p/demo/dashboard").text
    assert f"{LISTEN}/energy" in page
    assert "<td>0.4</td><td>0.4</td><td>0.4</td><td>0.4</td><td>0.4</td><td></td>" in page
    assert "not whether it is glad or angry" in page


def both(read: str | None, heard: str | None) -> list[Score]:
    heard_there = [{"start_ms": 5000, "end_ms": 6000, "turn_id": "t1", "heard": "flat and hurried"}]
    values = {"pass": 1.0, "fail": 0.0}
    return [
        score("criterion.brand_voice", values.get(read or ""), "rubric_judge", verdict=read, evidence=[]),
        score("criterion.brand_voice", values.get(heard or ""), "listening_judge", verdict=heard, evidence=heard_there),
    ]


@pytest.fixture
def viewer(signed_in: As) -> FlaskClient:
    return signed_in("viewer")


@pytest.mark.parametrize(
    ("read", "heard", "differ"),
    [("pass", "fail", True), ("fail", "pass", True), ("pass", "pass", False), ("pass", "unsure", False),
     ("na", "fail", False)],
)  # fmt: skip
def test_what_transcription_loses_is_shown_where_both_decided(
    services: Services, project: Project, viewer: FlaskClient, read: str, heard: str, differ: bool
) -> None:
    add_call(services, project, "call-1", both(read, heard))
    page = viewer.get("/p/demo/conversations/call-1").text
    assert ("What transcription loses" in page) is differ
    assert "heard: flat and hurried" in page


def test_readers_and_listeners_are_not_pooled_on_the_dashboard(
    services: Services, project: Project, viewer: FlaskClient
) -> None:
    with services.work() as session:
        install_rubrics(session, project.id)
    for number, heard in enumerate(("fail", "fail", "pass", "pass")):
        add_call(services, project, f"call-{number}", both("pass", heard))
    page = viewer.get("/p/demo/dashboard").text
    assert "<td>a judge that reads, version not known</td><td>100%</td>" in page
    assert "<td>a judge that listens, version not known</td><td>50%</td>" in page
    [figure] = re.findall(r'id="figure-criteria">(.*?)</script>', page, re.DOTALL)
    links = [url for trace in json.loads(figure)["data"] for url in trace["customdata"] if "listening" in url]
    calls = viewer.get(links[0]).text
    assert [number for number in range(4) if f"conversations/call-{number}" in calls] == [0, 1]


def asked(
    services: Services, project: Project, call: str, *costs: float | None, judge: str = "j1", model: str = "ears"
) -> None:
    with services.work() as session:
        for run, cost in enumerate(costs):
            row = JudgeAnswer(
                conversation_id=call, asked=judge, content_hash="h", run=run, judge_version=judge, model=model,
                votes=[], verdicts={}, usage={}, cost_usd=cost,
            )  # fmt: skip
            row.project_id = project.id
            session.add(row)


def test_a_call_says_what_its_verdicts_cost_and_when_nobody_knows(
    services: Services, project: Project, viewer: FlaskClient
) -> None:
    read, heard = both("pass", "fail")
    read.policy, heard.policy = {"judge_version": "j1", "rubric": "own"}, {"judge_version": "j2"}
    add_call(services, project, "call-1", [read, heard])
    asked(services, project, "call-1", 0.0031, 0.0029, model="reader")
    asked(services, project, "call-1", None, judge="j2")
    page = " ".join(viewer.get("/p/demo/conversations/call-1").text.split())
    assert "reader, asked 2 times: $0.0060." in page
    assert "ears, asked once: price not known." in page
    assert 'href="/p/demo/agreement/own/brand_voice"' in page
    assert 'href="/p/demo/agreement"' in page


def test_the_dashboard_says_what_judging_costs_a_day(services: Services, project: Project, viewer: FlaskClient) -> None:
    add_call(services, project, "call-1", both("pass", "fail"))
    assert "What does judging cost?" not in viewer.get("/p/demo/dashboard").text
    asked(services, project, "call-1", 0.02, 0.03, None, model="reader")
    page = viewer.get("/p/demo/dashboard").text
    assert "<td>reader</td><td>0.0500</td><td>3</td><td>1</td>" in page
    assert "1 askings of reader have no known price and are not in it." in page


def test_a_number_says_where_it_came_from(services: Services, project: Project, viewer: FlaskClient) -> None:
    fields = {"basis": "audio", "contract": "1", "policy": {"margin": 0.2}, "counts": {"n": 4}}
    add_call(services, project, "call-1", [score("pace", 0.5, **fields)])
    page = viewer.get("/p/demo/conversations/call-1").text
    for told in ("the sound itself", "contract 1", "margin 0.2", "n 4", "Delivery, version"):
        assert told in page


def test_the_timeline_marks_answers_overlaps_and_silence(
    services: Services, project: Project, viewer: FlaskClient
) -> None:
    whole = {"evaluator": "turn_taking", "subject_type": "conversation", "subject_id": ""}
    stretch = [{"start_ms": 4000, "end_ms": 6500}]
    add_call(
        services,
        project,
        "call-1",
        [
            score("turn_latency_ms", 1500.0, "turn_taking"),
            score("overlap_ms", 2500.0, evidence=stretch, **whole),
            score("dead_air_ms.total", 0.0, evidence=[], **whole),
        ],
    )
    drawn = viewer.get("/p/demo/conversations/call-1/timeline.json").json
    [answer] = drawn["answers"]
    assert (answer["turn_id"], answer["level"], answer["start_ms"]) == ("t1", "noticeable", 61_500)
    assert (drawn["overlaps"], drawn["dead_air"]) == ([[4000, 6500]], [])
    blind = viewer.get("/p/demo/conversations/call-1/timeline.json?blind").json
    assert (blind["answers"], blind["overlaps"], blind["dead_air"]) == ([], None, None)
