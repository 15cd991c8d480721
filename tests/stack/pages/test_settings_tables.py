"""Tables under Settings in a real browser: all of a row is seen, on a wide screen and on a phone."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from evalhub.accounts.keys import make_key
from evalhub.accounts.people import set_role
from evalhub.models import Conversation, JudgeAnswer, JudgeVersion, Project, User
from evalhub.services import Services
from tests.stack.conftest import NEEDS_BROWSER

pytestmark = NEEDS_BROWSER
PHONE = {"width": 390, "height": 800}
HIDDEN = """() => [...document.querySelectorAll('.table-scroll')]
    .filter(box => box.scrollWidth > box.clientWidth).map(box => box.ariaLabel)"""
"""names of the tables of which a part is seen only by scrolling sideways"""


@pytest.fixture
def services(services: Services) -> Services:
    """With a model, so that its judges are shown."""
    return replace(services, settings=replace(services.settings, judge_model="gpt-6-luna", judge_api_key="k"))


@pytest.fixture
def rows(admin: Page, services: Services) -> None:
    """A key, a member and a judge with all that is told of each."""
    listens = {"model": "gpt-audio-mini-2026-10-06", "back_end": "listening", "max_turns": 40, "max_seconds": 300}
    reads = {"model": "gpt-6-luna-2026-11-01", "back_end": "responses", "votes": 3, "transcript_source": "model_input"}
    with services.work() as session:
        project_id = session.scalars(select(Project.id)).one()
        member = User(email="somebody.with.a.long.name@a-company.example", name="Somebody With A Long Name")
        call = Conversation(project_id=project_id, id="c1")
        session.add_all([member, call])
        session.flush()
        set_role(session, project_id, member.id, "labeler")
        make_key(session, project_id, name="returns-desk, production", scope="ingest", days=30, by=member.email)
        for name, definition in (("a" * 64, reads), ("b" * 64, listens)):
            of = {"project_id": project_id, "judge_version": name}
            add_judge(session, of, definition | {"votes": 3, "transcript_source": "model_input"})


def add_judge(session, of, definition):  # type: ignore[no-untyped-def]
    """A judge that was asked the same twice and changed its mind."""
    version = {"rubric": "customer_service", "rubric_version": 1, "definition": definition}
    session.add(JudgeVersion(project_id=of["project_id"], id=of["judge_version"], **version))
    session.flush()
    usage = {"input_tokens": 1000, "cached_tokens": 250}
    told = {"asked": of["judge_version"], "content_hash": "h", "model": "m", "votes": [], "usage": usage}
    for run, said in enumerate(("pass", "fail")):
        answer = {"run": run, "verdicts": {"policy": said, "brevity": "pass"}, "cost_usd": 0.0123}
        session.add(JudgeAnswer(conversation_id="c1", **of, **told, **answer))


@pytest.mark.parametrize("path", ["judge", "keys", "members", "audit"])
@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE])
def test_no_part_of_a_row_hides_at_the_side(admin: Page, rows: None, path: str, size: dict[str, int]) -> None:
    admin.set_viewport_size(size)  # type: ignore[arg-type]
    admin.goto(f"/p/demo/settings/{path}")
    expect(admin.locator(".table-scroll tbody tr").first).to_be_visible()
    assert admin.evaluate(HIDDEN) == []
