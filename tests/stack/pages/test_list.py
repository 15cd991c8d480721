"""The list of calls on a phone: the calls have the room, filters come when they are asked for."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from evalhub.models import Evaluation, Project, Score
from evalhub.services import Services
from evalhub.traces import assembly
from tests.factories import make_conversation
from tests.stack.conftest import NEEDS_BROWSER

pytestmark = NEEDS_BROWSER
LIST = "/p/demo/conversations"


@pytest.fixture
def calls(admin: Page, services: Services) -> Page:
    """Two calls of two agents, on a phone."""
    with services.work() as session:
        project_id = session.scalars(select(Project.id)).one()
        made = [make_conversation(id=name, agent_name=name) for name in ("desk", "sales")]
        assembly.merge(session, project_id, made)
    admin.set_viewport_size({"width": 390, "height": 800})
    return admin


def test_filters_fold_behind_a_button_that_counts_them(calls: Page) -> None:
    calls.goto(LIST)
    button = calls.get_by_role("button", name="Filters")
    first = calls.locator(".call-row").first.bounding_box()
    assert first
    assert first["y"] < 320
    expect(calls.get_by_label("Agent")).to_be_hidden()
    button.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    calls.get_by_label("Agent").select_option("sales")
    calls.wait_for_url("**agent=sales**")
    expect(calls.get_by_role("button", name="Filters (1)")).to_be_visible()
    expect(calls.locator(".call-row")).to_have_count(1)


def test_every_tab_of_a_call_is_within_reach_of_a_thumb(calls: Page) -> None:
    calls.goto(f"{LIST}/desk")
    for tab in calls.get_by_role("tab").all():
        box = tab.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_a_long_word_of_a_finding_stays_on_the_phone(calls: Page, services: Services) -> None:
    with services.work() as session:
        of_call = {"project_id": session.scalars(select(Project.id)).one(), "conversation_id": "desk"}
        who = of_call | {"evaluator": "recording_check", "version": "1"}
        session.add(Evaluation(**who, kind_of_work="audio", status="done"))
        session.flush()
        session.add(
            Score(**who, metric="recording_check.clean", verdict="fail", explanation=f"no sound: {'2cf24d' * 12}")
        )
    for path in ("/p/demo/", LIST, f"{LIST}/desk"):
        calls.goto(path)
        expect(calls.get_by_text("no sound: 2cf24d").first).to_be_visible()
        assert calls.evaluate("document.documentElement.scrollWidth") <= 390, path
