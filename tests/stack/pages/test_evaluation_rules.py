"""Evaluation rules in a real browser: one is tried and made by keyboard, and the page is for everybody."""

from datetime import UTC, datetime

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from evalhub.models import Project
from evalhub.services import Services
from evalhub.traces import assembly, lifecycle
from tests.factories import make_conversation
from tests.stack.conftest import NEEDS_BROWSER

pytestmark = NEEDS_BROWSER
PAGE = "/p/demo/settings/evaluation-rules"


@pytest.fixture
def calls(admin: Page, services: Services) -> None:
    """Ten calls of just now, six of them of sales."""
    made = [
        make_conversation(id=f"c{index}", agent_name="sales" if index < 6 else "desk", started_at=datetime.now(UTC))
        for index in range(10)
    ]
    with services.work() as session:
        project_id = session.scalars(select(Project.id)).one()
        assembly.merge(session, project_id, made)
        lifecycle.settle(session, project_id, {one.id: True for one in made})


def test_a_rule_is_tried_made_and_switched_off_without_a_mouse(admin: Page, calls: None) -> None:
    admin.goto(PAGE)
    admin.get_by_role("link", name="New rule").press("Enter")
    expect(admin.locator("#preview")).to_contain_text("10 calls match")
    admin.get_by_label("Name", exact=True).focus()
    admin.keyboard.type("Sales")
    admin.keyboard.press("Tab")
    admin.keyboard.type("sales")
    expect(admin.locator("#preview")).to_contain_text("6 calls match")
    admin.get_by_label("Per cent").fill("0")
    expect(admin.locator("#preview")).to_contain_text("At 0 %, 0 would be judged")
    admin.get_by_role("button", name="Dry run").press("Enter")
    tried = admin.locator("#dry-run")
    expect(tried).to_contain_text("Of the latest 10 calls, 0 would be evaluated")
    expect(tried.get_by_text("the agent is not sales")).to_have_count(4)
    admin.get_by_role("button", name="Save").press("Enter")
    expect(admin.locator("#toasts")).to_contain_text(
        "Sales is saved, as version 1. It holds for calls that end from now on"
    )
    admin.get_by_role("button", name="Switch Sales off").press("Enter")
    expect(admin.get_by_role("button", name="Switch Sales on")).to_be_visible()
    admin.get_by_role("button", name="Delete Sales").press("Enter")
    expect(admin.get_by_role("dialog", name="Delete Sales?")).to_be_visible()
    admin.keyboard.press("Tab")
    admin.keyboard.press("Enter")
    expect(admin.locator("#toasts")).to_contain_text("Sales is deleted")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_form_and_what_it_shows_are_for_everybody(admin: Page, calls: None, theme: str) -> None:
    admin.emulate_media(color_scheme=theme, reduced_motion="reduce")
    admin.goto(f"{PAGE}/new?agent=sales&verdict=fail")
    expect(admin.locator("#preview")).to_contain_text("This filter cannot be used in a rule")
    admin.get_by_label("verdict: fail").uncheck()
    admin.get_by_role("button", name="Dry run").click()
    expect(admin.locator("#dry-run table")).to_be_visible()
    admin.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    found = Axe().run(admin)["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"][:120]) for fault in found] == []
    admin.set_viewport_size({"width": 390, "height": 800})
    assert admin.evaluate("document.documentElement.scrollWidth") <= 390
