"""One browser for every test of a process that asks for it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from webui.pages import BUILT

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
NEEDS_BROWSER = [
    pytest.mark.stack,
    pytest.mark.skipif(not CHROMIUM, reason="NO BROWSER: install chromium to run this test"),
    pytest.mark.skipif(not (BUILT / "manifest.json").exists(), reason="the front end is not built: make build"),
]
SHIFT = """() => new Promise(tell => {
    const sum = list => tell(list.getEntries().reduce((total, shift) => total + shift.value, 0));
    new PerformanceObserver(sum).observe({type: 'layout-shift', buffered: true});
    setTimeout(() => tell(0), 300);
})"""
"""how much of a page jumped while it was drawn"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()
