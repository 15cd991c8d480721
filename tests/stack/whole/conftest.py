"""One started platform for the tests of this folder, and browser windows that complain about any error they saw."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.stack.started import Started, sample_platform

Window = Callable[[], Page]


@pytest.fixture(scope="session")
def platform() -> Iterator[Started]:
    with sample_platform() as started:
        yield started


@pytest.fixture(scope="session")
def admin_state(platform: Started, browser: Browser) -> dict[str, object]:
    """The cookies of the first admin."""
    context = browser.new_context(base_url=platform.address)
    page = context.new_page()
    page.goto(platform.link)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    state = dict(context.storage_state())
    context.close()
    return state


@pytest.fixture
def window(browser: Browser, platform: Started) -> Iterator[Callable[..., Page]]:
    """Opens windows, each with cookies of its own. A console error or refused script in any of them fails the test."""
    errors: list[str] = []
    contexts = []

    def open_window(**options: object) -> Page:
        context = browser.new_context(base_url=platform.address, viewport={"width": 1280, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        page.on("console", lambda line: errors.append(f"{page.url}: {line.text}") if line.type == "error" else None)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def lead(window: Callable[..., Page], admin_state: dict[str, object]) -> Page:
    """A window of somebody who may do everything."""
    return window(storage_state=admin_state)
