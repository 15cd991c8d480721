"""Every page with the samples in it: for screen readers, in the dark, on a phone, without a jump."""

from collections.abc import Callable

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.stack.conftest import NEEDS_BROWSER, SHIFT
from tests.stack.whole.steps import make_queue

pytestmark = [*NEEDS_BROWSER, pytest.mark.xdist_group("whole")]
PHONE = {"width": 390, "height": 800}
OPEN_ALL = """() => {
    for (const panel of document.querySelectorAll('[role=tabpanel]')) {
        panel.hidden = false;
        panel.dispatchEvent(new Event('shown'));
    }
    for (const fold of document.querySelectorAll('details')) fold.open = true;
}"""


def pages(lead: Page) -> list[str]:
    """The fixed pages, and one of each kind that the samples bring."""
    fixed = [
        "",
        "conversations",
        "upload",
        "dashboard?days=30",
        "dashboard/listen/pace?days=30",
        "agreement",
        "agreement/customer_service/brevity",
        "queues",
        "queues/new",
        "scorecards",
    ]
    fixed += [
        "label",
        "label/results",
        "judging",
        "scorecards/outbound/edit",
        "scorecards/new?copy=outbound",
        *(f"settings/{name}" for name in ("keys", "integrations", "members", "judge")),
        *(f"settings/{name}" for name in ("rules", "evaluation-rules", "project", "audit")),
    ]
    queue = make_queue(lead, calls=2)
    return [f"/p/demo/{path}" for path in fixed] + [
        queue,
        queue.replace("/queues/", "/label/"),
        *first_links(lead, "/p/demo/conversations?q=booking-0203", ".call-row"),
        *first_links(lead, "/p/demo/conversations?q=booking-0205", ".call-row"),
        *first_links(lead, "/p/demo/scorecards", ".queue-cards h2 a"),
    ]


def first_links(lead: Page, path: str, selector: str) -> list[str]:
    lead.goto(path)
    links = lead.locator(selector).evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return links[:1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_for_everybody(lead: Page, theme: str) -> None:
    lead.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for path in pages(lead):
        answer = lead.goto(path)
        assert answer
        assert answer.status == 200, path
        lead.wait_for_load_state("networkidle")
        found = Axe().run(lead)["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"][:160]) for fault in found] == [], path
        assert lead.evaluate(SHIFT) < 0.05, path


def test_nothing_is_wider_than_a_phone(lead: Page) -> None:
    lead.set_viewport_size(PHONE)
    for path in pages(lead):
        lead.goto(path)
        lead.wait_for_load_state("networkidle")
        lead.evaluate(OPEN_ALL)
        lead.wait_for_load_state("networkidle")
        assert lead.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path


def test_a_finger_on_a_chart_moves_the_page(window: Callable[..., Page], admin_state: dict[str, object]) -> None:
    page = window(storage_state=admin_state, has_touch=True, is_mobile=True)
    page.set_viewport_size(PHONE)
    page.goto("/p/demo/dashboard?days=30")
    page.wait_for_selector(".plot .points path")
    chart = page.locator(".plot").first
    chart.evaluate("chart => chart.scrollIntoView({block: 'center'})")
    before, box = page.evaluate("scrollY"), chart.bounding_box()
    assert box
    swipe_up(page, box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.4)
    page.wait_for_function("before => scrollY > before + 50", arg=before)


def swipe_up(page: Page, x: float, y: float) -> None:
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 12):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - 20 * step}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
