"""Integrations in a real browser: an endpoint made by keyboard, and a page for everybody however much of it is open."""

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.stack.conftest import NEEDS_BROWSER

pytestmark = NEEDS_BROWSER
PAGE = "/p/demo/settings/integrations"


def make(admin: Page, vendor: str, name: str) -> None:
    admin.goto(PAGE)
    admin.locator(f".endpoints summary:has-text('{vendor}')").press("Enter")
    admin.locator("details[open] [name=name]").focus()
    admin.keyboard.type(name)
    admin.keyboard.press("Enter")
    expect(admin.get_by_role("status").filter(has_text=name)).to_contain_text("it is not shown again")


def test_an_endpoint_is_made_and_deleted_without_a_mouse(admin: Page) -> None:
    make(admin, "Vapi", "returns-desk")
    secret = admin.locator("#secret").inner_text()
    admin.goto(PAGE)
    expect(admin.get_by_role("article", name="returns-desk")).to_contain_text("Last used never")
    expect(admin.locator("main")).not_to_contain_text(secret)
    admin.get_by_role("button", name="Delete").press("Enter")
    expect(admin.get_by_role("dialog", name="Delete returns-desk?")).to_be_visible()
    admin.keyboard.press("Tab")
    admin.keyboard.press("Enter")
    expect(admin.locator("#toasts")).to_contain_text("is turned away from now on")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_form_of_the_page_is_for_everybody(admin: Page, theme: str) -> None:
    for vendor in ("Vapi", "LiveKit"):
        make(admin, vendor, f"{vendor} {theme}")
    admin.emulate_media(color_scheme=theme, reduced_motion="reduce")
    admin.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    found = Axe().run(admin)["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"][:120]) for fault in found] == []
    admin.set_viewport_size({"width": 390, "height": 800})
    assert admin.evaluate("document.documentElement.scrollWidth") <= 390
