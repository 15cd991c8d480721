"""Coming in, settings and home in a real browser: by keyboard, on a phone, in the dark, for screen readers."""

import gzip

import httpx
import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from evalhub.services import Services
from evalhub.traces.inbox import parse_waiting
from tests.stack.conftest import NEEDS_BROWSER, SHIFT
from webui.pages import BUILT

pytestmark = NEEDS_BROWSER
PASSWORD = "a long enough password"
KEYS = "/p/demo/settings/keys"
PAGES = (
    *("/account", "/projects", "/p/demo/", "/p/demo/conversations", "/p/demo/dashboard", "/p/demo/label"),
    "/p/demo/compare",
    *(f"/p/demo/settings/{name}" for name in ("keys", "integrations", "members", "judge")),
    *(f"/p/demo/settings/{name}" for name in ("rules", "evaluation-rules", "project", "audit")),
)
MAX_SCRIPT_BYTES = 250_000


def test_the_way_in_by_keyboard(page: Page, link: str) -> None:
    page.goto(link)
    page.locator(":focus").press("Enter")  # once the button has the focus
    page.wait_for_url("**/account")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/demo/")
    expect(page.locator("#toasts")).to_contain_text("Saved.")
    page.get_by_role("button", name="Sign out").press("Enter")
    page.wait_for_url("**/sign-in")
    page.keyboard.type("admin@evalhub.local")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/demo/")


def test_a_key_is_made_used_and_revoked_without_a_mouse(admin: Page, address: str, services: Services) -> None:
    admin.goto(KEYS)
    admin.focus("[name=name]")
    admin.keyboard.type("returns-desk")
    admin.keyboard.press("Enter")
    token = admin.locator("#token").inner_text()
    expect(admin.get_by_text("Waiting for the call")).to_be_visible()
    sent = httpx.post(f"{address}/api/v1/conversations", json={"id": "first"}, headers={"x-api-key": token})
    parse_waiting(services)
    assert sent.status_code == 202
    expect(admin.locator("#observed")).to_contain_text("Received")
    revoke = admin.get_by_role("button", name="Revoke")
    revoke.press("Enter")
    expect(admin.get_by_role("dialog", name="Revoke returns-desk?")).to_be_visible()
    admin.keyboard.press("Escape")
    expect(revoke).to_be_focused()
    revoke.press("Enter")
    admin.keyboard.press("Tab")
    admin.keyboard.press("Enter")
    expect(admin.locator("#toasts")).to_contain_text("does not work any more")
    assert httpx.get(f"{address}/api/v1/conversations", headers={"x-api-key": token}).status_code == 401


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_for_everybody(admin: Page, theme: str) -> None:
    admin.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for path in PAGES:
        admin.goto(path)
        found = Axe().run(admin)["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"][:120]) for fault in found] == [], path
        assert admin.evaluate(SHIFT) < 0.05, path


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_that_is_not_there_is_for_everybody(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.route("**/nothing", lambda route: route.fulfill(response=route.fetch(), status=200))  # else it is logged
    page.goto("/nothing")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    assert Axe().run(page)["violations"] == []


def test_nothing_is_wider_than_a_phone(admin: Page) -> None:
    admin.set_viewport_size({"width": 390, "height": 800})
    for path in PAGES:
        admin.goto(path)
        admin.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert admin.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_pages_are_light_to_load(admin: Page) -> None:
    scripts: set[str] = set()
    admin.on("requestfinished", lambda got: scripts.add(got.url) if ".js" in got.url else None)
    for path in (path for path in PAGES if not path.endswith("dashboard")):
        admin.goto(path)
    files = [BUILT / script.split("/built/")[1].split("?")[0] for script in scripts]
    assert files
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < MAX_SCRIPT_BYTES


def test_the_theme_stays_as_chosen(admin: Page) -> None:
    admin.emulate_media(color_scheme="light")
    admin.goto("/p/demo/")
    admin.get_by_role("button", name="Light or dark").click()
    admin.goto(KEYS)
    assert admin.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_phones_navigation_opens_and_closes(admin: Page) -> None:
    admin.set_viewport_size({"width": 390, "height": 800})
    admin.goto("/p/demo/")
    menu = admin.get_by_role("button", name="Menu")
    menu.press("Enter")
    expect(admin.get_by_role("link", name="Conversations")).to_be_visible()
    admin.keyboard.press("Escape")
    expect(admin.get_by_role("link", name="Conversations")).to_be_hidden()
    expect(menu).to_be_focused()
