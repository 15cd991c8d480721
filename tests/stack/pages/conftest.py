"""A server of its own and a browser that complains at the end about any error it saw, refused scripts included."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from evalhub.accounts.projects import create_project, first_admin_link
from evalhub.services import Services
from tests.serving import app_of, serving


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    """Where the server of this test listens."""
    with serving(app_of(services)) as found:
        yield found


@pytest.fixture
def link(services: Services) -> str:
    """The first admin's way into a project with the scorecards of the library."""
    with services.work() as session:
        create_project(session, slug="demo", name="Demo", by="a test")
        return f"/link/{first_admin_link(session)}"


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A browser window, in nobody's name yet."""
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    yield opened
    context.close()
    assert errors == []


@pytest.fixture
def admin(page: Page, link: str) -> Page:
    """The window of the first admin."""
    page.goto(link)
    page.locator(":focus").press("Enter")  # once the button has the focus
    page.wait_for_url("**/account")
    return page
