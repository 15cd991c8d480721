"""Home: the first call is waited for live, the next step is offered, a living project tells its week."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from evalhub.models import Conversation, Evaluation, Project, Rubric, Score
from evalhub.services import Services
from tests.db.http.conftest import As, Cast, Program
from tests.factories import make_conversation

pytestmark = pytest.mark.db
HOME = "/p/demo/"
KEYS = "/p/demo/settings/keys"
TURNS = [{"speaker": "agent", "start_ms": 0, "end_ms": 900, "text": "Hello"}]


def poll(page: str) -> str | None:
    """The address that the page asks every two seconds, if it waits."""
    found = re.search(r'hx-get="([^"]+)" hx-trigger="every 2s"', page)
    return found and found[1].replace("&amp;", "&")


def test_the_first_call_shows_up_by_itself(signed_in: As, api: Program, parse: Callable[[], int]) -> None:
    lead = signed_in("lead")
    page = lead.get(HOME).text
    assert "Waiting for your first call" in page
    assert lead.get(poll(page)).status_code == 204
    api("POST", "conversations", json={"id": "first", "turns": TURNS})
    parse()
    arrived = lead.get(poll(page)).text
    assert "1 turn, no sound yet, 0 tool calls" in arrived
    assert "/p/demo/conversations/first" in arrived
    assert lead.get(poll(arrived)).status_code == 204


def test_what_is_missing_comes_with_the_line_that_adds_it(
    signed_in: As, api: Program, parse: Callable[[], int]
) -> None:
    api("POST", "conversations", json={"id": "a/b", "turns": TURNS})
    parse()
    page = signed_in("lead").get(HOME).text
    assert "Missing: sound" in page
    assert "/api/v1/conversations/a%2Fb/recordings/stereo" in page
    assert "Missing: what it cost" in page
    assert "Missing: turns" not in page


def test_after_a_minute_nothing_is_waited_for(signed_in: As, services: Services, project: Project) -> None:
    with services.work() as session:
        session.add(make_conversation(project_id=project.id))
        session.flush()
        session.execute(update(Conversation).values(created_at=datetime.now(UTC) - timedelta(minutes=2)))
    page = signed_in("lead").get(HOME).text
    assert "Received 2 minutes ago" in page
    assert poll(page) is None


def test_a_new_key_waits_for_what_is_sent_with_it(signed_in: As, api: Program, parse: Callable[[], int]) -> None:
    api("POST", "conversations", json={"id": "before"})
    parse()
    admin = signed_in("admin")
    page = admin.post(KEYS, data={"name": "desk", "scope": "ingest"}).text
    assert "Waiting for the call" in page
    assert admin.get(poll(page)).status_code == 204
    api("POST", "conversations", json={"id": "after"})
    parse()
    assert "/p/demo/conversations/after" in admin.get(poll(page)).text


def add_calls(session: Session, project_id: int, *days_ago: int, fails: int = 0) -> None:
    """Calls of six minutes; the first ones failed a check."""
    for number, days in enumerate(days_ago):
        started = datetime.now(UTC) - timedelta(days=days, hours=1)
        call = make_conversation(project_id=project_id, id=f"c{number}", started_at=started, duration_ms=360_000)
        session.add(call)
        session.flush()
        if number < fails:
            of_call = {"project_id": project_id, "conversation_id": call.id, "evaluator": "calls", "version": "1"}
            session.add(Evaluation(**of_call, kind_of_work="text", status="done"))
            session.flush()
            session.add(Score(**of_call, metric="right", verdict="fail", explanation=f"Wrong order in {call.id}."))


def test_a_living_project_tells_its_week(signed_in: As, services: Services, project: Project) -> None:
    with services.work() as session:
        add_calls(session, project.id, 0, 1, 2, 8, fails=1)
    page = " ".join(signed_in("viewer").get(HOME).text.split())
    for words in (
        "<strong>3 calls</strong>",
        "<strong>1 of 3</strong> failed",
        "Nobody has listened",
        "18",
        "6 the week",
    ):
        assert words in page
    assert "Wrong order in c0." in page


@pytest.mark.parametrize(("tile", "calls"), [("Calls", ["c0", "c1", "c2"]), ("Calls that failed a check", ["c0"])])
def test_a_number_of_the_week_opens_its_calls(
    signed_in: As, services: Services, project: Project, tile: str, calls: list[str]
) -> None:
    with services.work() as session:
        add_calls(session, project.id, 0, 1, 2, 8, fails=1)
    viewer = signed_in("viewer")
    [address] = re.findall(rf'href="([^"]+)"><span class="muted">{tile}</span>', viewer.get(HOME).text)
    listed = viewer.get(address.replace("&amp;", "&")).text
    assert sorted(re.findall(r'class="call-row" href="[^"]+/(c\d)"', listed)) == calls


def test_a_quiet_week_says_so(signed_in: As, services: Services, project: Project) -> None:
    with services.work() as session:
        add_calls(session, project.id, 8, 9)
    assert "No calls in the last seven days" in signed_in("viewer").get(HOME).text


def test_labelers_go_straight_to_their_work(signed_in: As) -> None:
    assert signed_in("labeler").get(HOME).location == "/p/demo/label"


def test_one_project_is_entered_at_once_and_several_are_listed(signed_in: As) -> None:
    assert signed_in("viewer").get("/").location == HOME
    owner = signed_in("owner")
    assert owner.get("/").location == "/projects"
    page = owner.get("/projects").text
    assert "/p/demo/" in page
    assert "/p/other/" in page


def test_an_owner_makes_a_project_with_every_scorecard(signed_in: As, session: Session) -> None:
    owner = signed_in("owner")
    made = owner.post("/projects", data={"name": "Support line", "slug": "Support-Line"})
    assert made.location == "/p/support-line/"
    assert owner.get(made.location).status_code == 200
    rubrics = select(func.count()).select_from(Rubric).join(Project).where(Project.slug == "support-line")
    assert session.scalar(rubrics) >= 2


@pytest.mark.parametrize(("slug", "said"), [("demo", "already"), ("a b", "a-z, 0-9 and -"), ("-", "a-z"), ("", "a-z")])
def test_a_project_that_cannot_be_made_is_asked_for_again(signed_in: As, slug: str, said: str) -> None:
    answer = signed_in("owner").post("/projects", data={"name": "Support", "slug": slug})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Support"' in answer.text


def test_others_make_no_projects(signed_in: As, session: Session, cast: Cast) -> None:
    assert signed_in("admin").post("/projects", data={"name": "X", "slug": "x"}).status_code == 403
    assert session.scalar(select(Project).filter_by(slug="x")) is None


def test_somebody_without_a_project_is_told_whom_to_ask(signed_in: As, services: Services) -> None:
    with services.work() as session:
        session.execute(update(Project).values(name="Hidden"))
    nobody: FlaskClient = signed_in("stranger")
    assert "Hidden" not in nobody.get(HOME).text
