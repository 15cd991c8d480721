"""The judge's page: how much is judged, and what the judges of late cost and how often they flip."""

from dataclasses import replace
from typing import Any

import pytest

from evalhub.errors import BadInput
from evalhub.evaluations.drawing import calls_left_today, cost_of_a_call
from evalhub.evaluations.limits import Limits, set_limits
from evalhub.models import Conversation, JudgeAnswer, JudgeVersion, Project
from evalhub.reports.judges import judges
from evalhub.services import Services
from tests.db.http.conftest import As

PATH = "/p/demo/settings/judge"


@pytest.fixture
def services(services: Services) -> Services:
    return replace(services, settings=replace(services.settings, judge_model="gpt-6-luna", judge_api_key="k"))


def limits(services: Services) -> Limits:
    with services.sessions() as session:
        return Limits.of(session.query(Project).filter_by(slug="demo").one())


def test_a_lead_sets_how_much_is_judged(services: Services, signed_in: As) -> None:
    form = {"daily_calls": "500", "daily_usd": "", "asked_again": "3"}
    assert signed_in("lead").post(PATH, data=form).status_code == 302
    assert limits(services) == Limits(daily_calls=500, daily_usd=None, asked_again=0.03)
    shown = signed_in("lead").get(PATH).text
    assert 'name="daily_calls" inputmode="numeric" value="500"' in shown


@pytest.mark.parametrize(
    "wrong", [{"asked_again": "101"}, {"daily_calls": "-1"}, {"daily_usd": "1e9"}, {"asked_again": "half"}]
)
def test_what_cannot_be_used_is_said_and_changes_nothing(
    services: Services, signed_in: As, wrong: dict[str, str]
) -> None:
    form = {"daily_calls": "", "daily_usd": "", "asked_again": "2"} | wrong
    answer = signed_in("lead").post(PATH, data=form)
    assert answer.status_code == 422
    assert "This number cannot be used" in answer.text
    assert f'value="{next(iter(wrong.values()))}"' in answer.text
    assert limits(services) == Limits()


def answer(call: str, run: int, verdicts: dict[str, str], **fields: Any) -> JudgeAnswer:
    usage = {"input_tokens": 1000, "cached_tokens": 250}
    shown = {"asked": "a", "content_hash": "h", "judge_version": "v1", "model": "m", "votes": [], "usage": usage}
    return JudgeAnswer(conversation_id=call, run=run, verdicts=verdicts, **(shown | fields))


def test_dollars_need_the_price_of_who_listens_too(services: Services, signed_in: As, project: Project) -> None:
    form = {"share": "100", "daily_calls": "", "daily_usd": "5", "asked_again": "2"}
    assert signed_in("lead").post(PATH, data=form).status_code == 302
    listening = replace(services, settings=replace(services.settings, listening_model="gpt-audio-mini"))
    with services.sessions() as session:
        own = session.get_one(Project, project.id)
        with pytest.raises(BadInput, match="gpt-audio-mini"):
            set_limits(own, Limits(daily_usd=5), listening.settings)
        prices = "[[prices]]\nmodels = ['gpt-audio-mini']\nfrom = 2026-01-01\nper_million = {input_audio_tokens = 10}"
        own.settings = own.settings | {"prices": prices}
        set_limits(own, Limits(daily_usd=5), listening.settings)


def test_what_reading_and_listening_cost_is_spent_from_one_budget(services: Services, project: Project) -> None:
    with services.work() as session:
        session.add_all(Conversation(project_id=project.id, id=one) for one in ("c1", "c2"))
        session.flush()
        read = [answer(call, 0, {"a": "pass"}, cost_usd=0.01) for call in ("c1", "c2")]
        heard = answer("c1", 0, {"b": "pass"}, asked="ears", judge_version="ears", cost_usd=0.07)
        for row in (*read, heard):
            row.project_id = project.id
            session.add(row)
    with services.work() as session:
        own = session.get_one(Project, project.id)
        set_limits(own, Limits(daily_calls=10), services.settings)
        assert calls_left_today(session, own, services.settings) == 8
        set_limits(own, Limits(daily_usd=0.46), services.settings)
        assert calls_left_today(session, own, services.settings) == 8
        assert cost_of_a_call(session, project.id) == pytest.approx(0.045)


def test_an_unknown_cost_is_the_mean_of_the_known_never_nothing(services: Services, project: Project) -> None:
    with services.work() as session:
        session.add_all(Conversation(project_id=project.id, id=one) for one in ("c1", "c2"))
        session.flush()
        for call, cost in (("c1", 0.10), ("c2", None)):
            row = answer(call, 0, {"a": "pass"}, cost_usd=cost)
            row.project_id = project.id
            session.add(row)
        own = session.get_one(Project, project.id)
        set_limits(own, Limits(daily_usd=0.55), services.settings)
        assert calls_left_today(session, own, services.settings) == 3
        assert cost_of_a_call(session, project.id) is None


def test_cost_cache_and_flips_are_shown(services: Services, project: Project, signed_in: As) -> None:
    definition = {"model": "m", "back_end": "chat", "votes": 1, "transcript_source": "said"}
    with services.work() as session:
        session.add_all(Conversation(project_id=project.id, id=one) for one in ("c1", "c2"))
        session.add(JudgeVersion(project_id=project.id, id="v1", rubric="own", rubric_version=1, definition=definition))
        session.flush()
        rows = [
            answer("c1", 0, {"a": "pass", "b": "fail"}, cost_usd=0.01),
            answer("c1", 1, {"a": "pass", "b": "pass"}, cost_usd=0.01),
            answer("c2", 0, {"a": "unsure", "b": "pass"}, cost_usd=0.03),
        ]
        for row in rows:
            row.project_id = project.id
        session.add_all(rows)
    with services.sessions() as session:
        [found] = judges(session, project.id)
    assert (found.calls, found.cached) == (2, 0.25)
    assert found.cost_per_call == pytest.approx(0.05 / 3)
    assert found.cost_per_verdict == pytest.approx(0.05 / 6)
    assert found.unsure is not None
    assert found.flips is not None
    assert (found.unsure.value, found.flips.value, found.flips.count, found.flips.effective) == (0.25, 0.5, 2, 1)
    assert "50.0 % of answers" in " ".join(signed_in("lead").get(PATH).text.split())


def test_where_a_model_is_connected_agreement_waits_for_calls_and_asks_for_no_model(signed_in: As) -> None:
    page = signed_in("lead").get("/p/demo/agreement").text
    assert "gpt-6-luna is connected and answers calls as they end" in page
    assert "Connect a model" not in page
