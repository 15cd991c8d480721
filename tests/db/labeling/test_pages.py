"""The pages: a day of labeling without any script, what each role sees, what nobody loses."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from evalhub.accounts.people import set_role
from evalhub.models import Criterion, Evaluation, Label, LabelValue, Project, Queue, Score, User
from evalhub.services import Services
from tests.db.labeling.making import FAILED
from webui import create_app
from webui.access import SignedIn

MakeQueue = Callable[..., Queue]
Browser = Callable[[User], FlaskClient]
PASSED = {"choice.policy": "pass", "choice.tone": "2"}
LABEL = "/p/demo/label"


@pytest.fixture
def browser(services: Services, project: Project, people: list[User]) -> Browser:
    """Opens a browser for Ana (labeler), Ben (labeler) or Cho (lead)."""
    with services.work() as session:
        for person, role in zip(people, ("labeler", "labeler", "lead"), strict=True):
            set_role(session, project.id, person.id, role)
    app = create_app(services)
    app.config["WTF_CSRF_METHODS"] = set()

    def open_for(person: User) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = SignedIn(person).get_id()
        return client

    return open_for


@pytest.fixture
def services(services: Services) -> Services:
    """With a key to sign sessions."""
    return replace(services, settings=replace(services.settings, secret_key="not a secret, a test" * 2))


def held(page: str) -> dict[str, str]:
    """The slot and token of the desk."""
    return {name: re.search(rf'name="{name}" value="([^"]+)"', page).group(1) for name in ("slot", "token")}


@pytest.mark.parametrize(
    ("modality", "told"), [("transcript", None), ("audio", "needs ears"), ("both", "read and listen")]
)
def test_the_desk_says_which_questions_need_ears(
    queue_of: MakeQueue,
    browser: Browser,
    people: list[User],
    services: Services,
    modality: str,
    told: str | None,
) -> None:
    queue_of(1)
    with services.work() as session:
        session.execute(update(Criterion).where(Criterion.key == "tone").values(modality=modality))
    desk = browser(people[0]).get(LABEL, follow_redirects=True).text
    assert [words for words in ("needs ears", "read and listen") if words in desk] == ([told] if told else [])


def test_a_labeler_goes_from_call_to_call_to_the_end(
    queue_of: MakeQueue, browser: Browser, people: list[User], services: Services
) -> None:
    queue_of(2)
    ana = browser(people[0])
    for expected in ("scorecard 1 of 2", "scorecard 2 of 2"):
        desk = ana.get(LABEL, follow_redirects=True)
        assert expected in desk.text
        ana.post(f"{desk.request.path}/submit", data=held(desk.text) | PASSED)
    assert "Everything in Care, 2 calls is done" in ana.get(desk.request.path).text
    with services.sessions() as session:
        assert len(session.scalars(select(Label)).all()) == 2


def test_an_incomplete_scorecard_comes_back_as_it_was(
    queue_of: MakeQueue, browser: Browser, people: list[User]
) -> None:
    queue_of(1)
    ana = browser(people[0])
    desk = ana.get(LABEL, follow_redirects=True)
    sent = held(desk.text) | {"choice.policy": "fail", "comment.policy": "no proof asked"}
    refused = ana.post(f"{desk.request.path}/submit", data=sent)
    assert refused.status_code == 422
    for words in ("evidence for a fail", "no proof asked", ">Tone</a>: one of 1, 2, 3"):
        assert words in refused.text
    assert "no proof asked" in ana.get(desk.request.path).text


def test_a_fail_names_its_turn_without_script(
    queue_of: MakeQueue, browser: Browser, people: list[User], services: Services
) -> None:
    queue_of(1)
    ana = browser(people[0])
    desk = ana.get(LABEL, follow_redirects=True)
    answers = {"choice.policy": "fail", "turns.policy": "t1", "choice.tone": "1"}
    assert ana.post(f"{desk.request.path}/submit", data=held(desk.text) | answers).status_code == 303
    with services.sessions() as session:
        evidence = session.scalars(select(LabelValue.evidence).filter_by(criterion="policy", subject_id="")).one()
    assert evidence == FAILED["policy"]["evidence"]


def test_whoever_comes_too_late_keeps_a_draft(
    queue_of: MakeQueue, browser: Browser, people: list[User], services: Services
) -> None:
    queue_of(1)
    ana, ben = browser(people[0]), browser(people[1])
    desk = ana.get(LABEL, follow_redirects=True)
    with services.work() as session:
        session.execute(text("update slot set lease_until = now() - interval '1 minute'"))
    ben.get(desk.request.path)
    late = ana.post(f"{desk.request.path}/submit", data=held(desk.text) | PASSED)
    assert (late.status_code, "Your answers are saved as a draft" in late.text) == (409, True)
    assert ana.post(f"{LABEL}/heartbeat", data=held(desk.text)).status_code == 409
    with services.sessions() as session:
        payload = session.scalars(text("select payload from draft")).one()
    assert payload["answers"]["tone"]["choice"] == "2"


def test_labelers_are_blind_to_judges(
    queue_of: MakeQueue, browser: Browser, people: list[User], services: Services, project: Project
) -> None:
    queue_of(1)
    with services.work() as session:
        of_call = {"project_id": project.id, "conversation_id": "call-00000", "evaluator": "judge", "version": "1"}
        session.add(Evaluation(**of_call, kind_of_work="judge", status="done"))
        session.flush()
        moment = [{"start_ms": 5, "turn_id": "t1"}]
        session.add(Score(**of_call, metric="policy", verdict="fail", explanation="judge's words", evidence=moment))
    ana = browser(people[0])
    desk = ana.get(LABEL, follow_redirects=True)
    timeline = ana.get(f"{LABEL}/timeline/{held(desk.text)['slot']}")
    assert "judge's words" not in desk.text + timeline.text
    assert timeline.json["moments"] == []
    assert browser(people[1]).get(timeline.request.path).status_code == 404


@pytest.mark.parametrize(
    ("path", "labeler", "lead"),
    [("label", 302, 302), ("label/results", 200, 200), ("queues", 403, 200), ("queues/new", 403, 200),
     ("scorecards", 403, 200), ("scorecards/care", 403, 200), ("scorecards/nope", 403, 404)],
)  # fmt: skip
def test_labelers_see_only_their_own_pages(
    queue_of: MakeQueue, browser: Browser, people: list[User], path: str, labeler: int, lead: int
) -> None:
    queue_of(1)
    seen = [browser(person).get(f"/p/demo/{path}").status_code for person in (people[0], people[2])]
    assert seen == [labeler, lead]


def test_a_lead_makes_a_queue_by_three_answers_and_closes_it(
    queue_of: MakeQueue, browser: Browser, people: list[User]
) -> None:
    queue_of(3)
    cho = browser(people[2])
    asked = {"rubric": "care", "calls": "2", "name": "Second", "overlap": "50"}
    preview = cho.post("/p/demo/queues/preview", data=asked).text
    assert ">2</strong> of 3 calls that match" in preview
    assert "9 min</strong> of listening" in preview
    made = cho.post("/p/demo/queues", data=asked, follow_redirects=True)
    assert "0 of 3" in made.text
    closed = cho.post(f"{made.request.path}/close", follow_redirects=True)
    assert ">closed</span>" in closed.text
    assert cho.get(f"{made.request.path}/labels.csv").text.startswith("conversation_id,labeler,")


def test_a_queue_of_nothing_says_what_to_mend(queue_of: MakeQueue, browser: Browser, people: list[User]) -> None:
    queue_of(1)
    cho = browser(people[2])
    none = cho.post("/p/demo/queues", data={"rubric": "care", "calls": "5", "agent": "nobody"})
    assert (none.status_code, "No call matches this filter" in none.text) == (422, True)
    assert "from 1 to 10,000" in cho.post("/p/demo/queues", data={"rubric": "care", "calls": "0"}).text


def test_a_queue_of_calls_picked_by_an_answer_keeps_how_they_were_picked(browser: Browser, people: list[User]) -> None:
    picked = {"evaluator": "rubric_judge", "judge": "abc", "said": "pass", "people": "fail"}
    form = browser(people[2]).get("/p/demo/queues/new", query_string=picked).text
    for name, value in picked.items():
        assert f'name="{name}" value="{value}" checked' in form
