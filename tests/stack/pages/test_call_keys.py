"""A call is walked through without a mouse, its id is copied, and the way back leads to the list as it was."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from evalhub.models import Project, StageTiming
from evalhub.services import Services
from evalhub.traces import assembly
from tests.factories import make_conversation, make_turn
from tests.stack.conftest import NEEDS_BROWSER

pytestmark = NEEDS_BROWSER
LIST = "/p/demo/conversations"


@pytest.fixture
def call(admin: Page, services: Services) -> Page:
    """A call of three turns, of which the reply says where its time went."""
    speakers = [("t0", "agent", 0), ("t1", "caller", 4000), ("t2", "agent", 8000)]
    turns = [make_turn(id=name, speaker=who, start_ms=at, end_ms=at + 900) for name, who, at in speakers]
    stages = [StageTiming(id="s1", turn_id="t2", stage="llm_first_token", ms=2100.0)]
    with services.work() as session:
        project_id = session.scalars(select(Project.id)).one()
        made = make_conversation(id="walk", agent_name="desk", turns=turns, stage_timings=stages, duration_ms=9000)
        assembly.merge(session, project_id, [made])
    admin.goto(f"{LIST}?agent=desk")
    admin.locator(".call-row").press("Enter")
    expect(admin.locator(".lanes-field")).to_be_visible()
    return admin


def test_keys_go_from_turn_to_turn_and_open_where_the_time_went(call: Page) -> None:
    now = call.locator(".said.now")
    call.keyboard.press("n")
    expect(now).to_have_attribute("data-start", "4000")
    expect(now.get_by_role("button")).to_be_focused()
    call.keyboard.press("n")
    expect(now).to_have_attribute("data-start", "8000")
    call.keyboard.press("p")
    expect(now).to_have_attribute("data-start", "4000")
    call.keyboard.press("w")
    expect(call.locator("details.waterfall")).to_have_attribute("open", "")
    expect(call.locator("details.waterfall summary")).to_be_focused()


def test_the_keys_of_a_page_are_listed_and_rest_while_they_are(call: Page) -> None:
    call.keyboard.press("?")
    keys = call.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    call.keyboard.press("n")
    expect(call.locator(".said.now")).to_have_count(0)
    call.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_the_way_back_leads_to_the_list_as_it_was(call: Page) -> None:
    expect(call).to_have_title(re.compile("^walk · desk"))
    call.locator("main").get_by_role("link", name="Conversations").press("Enter")
    call.wait_for_url(f"**{LIST}?agent=desk")
    call.keyboard.press("/")
    expect(call.get_by_role("searchbox")).to_be_focused()


def test_the_id_of_a_call_is_copied(call: Page) -> None:
    call.context.grant_permissions(["clipboard-read", "clipboard-write"])
    call.get_by_role("button", name="Copy the id of this call").press("Enter")
    expect(call.locator("#toasts")).to_contain_text("Copied.")
    assert call.evaluate("navigator.clipboard.readText()") == "walk"
