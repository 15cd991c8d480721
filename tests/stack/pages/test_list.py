"""The list of calls on a phone: the calls have the room, filters come when they are asked for."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from evalhub.models import Project
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
