"""The main job in a real browser on what `make up` starts: a fault is heard, people label, the dashboard tells."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.stack.conftest import NEEDS_BROWSER
from tests.stack.started import Started
from tests.stack.whole.steps import make_queue

pytestmark = [*NEEDS_BROWSER, pytest.mark.xdist_group("whole")]
PASSWORD = "a long enough password"


def test_a_planted_fault_is_found_heard_and_explained(lead: Page) -> None:
    lead.goto("/p/demo/")
    lead.get_by_role("link", name="Calls that failed a check").click()
    expect(lead.get_by_role("link", name="verdict fail")).to_be_visible()
    lead.get_by_role("link", name=re.compile("^from ")).click()  # the week's calls, then those before, too
    lead.fill("[type=search]", "returns-0101")
    lead.keyboard.press("Enter")
    lead.locator(".call-row").first.click()
    expect(lead.locator(".finding").first).to_be_visible()
    lead.wait_for_selector(".lanes canvas")
    lead.keyboard.press("Space")
    expect(lead.locator(".player-time")).not_to_have_text("0:00")
    lead.keyboard.press("Space")
    lead.get_by_role("tab", name="Tools").click()
    expect(lead.locator("#panel-tools")).to_contain_text("order")
    lead.get_by_role("tab", name="Spans").click()
    expect(lead.locator("#panel-spans")).not_to_contain_text("Loading")


def test_the_start_tells_what_was_measured_in_words(platform: Started) -> None:
    told = platform.said
    assert "Longest dead air" in told
    [row] = [line for line in told.splitlines() if line.strip().startswith("returns-0103")]
    assert "11.2 s" in row
    assert "turn_latency_ms" not in told


def test_from_a_queue_to_the_dashboard(lead: Page, window: Callable[..., Page]) -> None:
    queue = make_queue(lead, calls=2)
    labeler = invited(lead, window(), "ana@example.com")
    labeler.goto(queue.replace("/queues/", "/label/"))
    for _ in range(2):
        fill_in(labeler)
    expect(labeler.get_by_text("is done")).to_be_visible()
    assert labeler.request.get("/p/demo/dashboard").status == 403
    lead.goto(queue)
    expect(lead.locator(".figures")).to_contain_text("2 of 2")
    lead.goto("/p/demo/dashboard")
    people = lead.locator(".dash-section").first
    expect(people).to_contain_text("people")
    assert open_a_point(lead) > 0


def invited(lead: Page, page: Page, email: str) -> Page:
    """Somebody who got a link from the lead, followed it and set a password."""
    lead.goto("/p/demo/settings/members")
    lead.get_by_label("Email").fill(email)
    lead.get_by_role("button", name="Make a link").click()
    page.goto(lead.locator("#link").inner_text())
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/label**")
    return page


def fill_in(labeler: Page) -> None:
    """Every question of the scorecard answered by keyboard, and on to the next call."""
    labeler.wait_for_selector(".lanes canvas")
    slot = labeler.input_value("#scorecard [name=slot]")
    for _ in range(labeler.locator("#scorecard [data-criterion]").count()):
        labeler.keyboard.press("p")
        labeler.keyboard.press("Tab")
    labeler.keyboard.press("Control+Enter")
    labeler.wait_for_function("slot => document.querySelector('#scorecard [name=slot]')?.value !== slot", arg=slot)


def open_a_point(lead: Page) -> int:
    """Clicks the first point of the first chart; returns how many calls are listed then."""
    point = lead.locator(".plot .points path, .plot .point path").first
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box
    lead.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    lead.wait_for_url("**/conversations?**")
    return lead.locator(".call-row").count()
