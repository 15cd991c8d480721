"""A call with thousands of tool calls: its page stands at once, the rest of its transcript follows."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from evalhub.models import Project
from evalhub.services import Services
from evalhub.traces import assembly
from tests.factories import make_conversation, make_tool_call, make_turn
from tests.stack.conftest import NEEDS_BROWSER

pytestmark = NEEDS_BROWSER
TOOLS, TURNS = 3000, 200


@pytest.fixture
def long_call(admin: Page, services: Services) -> str:
    """The address of its page."""
    tools = [make_tool_call(id=f"c{n}", name=f"look_{n}", start_ms=n * 500, end_ms=n * 500 + 90) for n in range(TOOLS)]
    turns = [make_turn(id=f"t{n}", start_ms=n * 7500, end_ms=n * 7500 + 900) for n in range(TURNS)]
    with services.work() as session:
        project_id = session.scalars(select(Project.id)).one()
        assembly.merge(session, project_id, [make_conversation(id="long", turns=turns, tool_calls=tools)])
    return "/p/demo/conversations/long"


def test_a_long_call_is_all_there_in_the_end(admin: Page, long_call: str) -> None:
    answer = admin.goto(long_call)
    assert answer
    assert len(answer.body()) < 200_000
    expect(admin.locator("[data-line]")).to_have_count(TOOLS + TURNS, timeout=20_000)
    expect(admin.locator("[data-line]").last).to_contain_text(f"look_{TOOLS - 1}")
    admin.get_by_role("tab", name="Tools").click()
    panel = admin.locator("#panel-tools")
    expect(panel.locator("details")).to_have_count(100)
    panel.get_by_role("button", name=re.compile("Show more")).click()
    expect(panel.locator("details")).to_have_count(200)
    expect(panel).to_contain_text("look_199")
