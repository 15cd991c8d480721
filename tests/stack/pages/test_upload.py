"""A recording is uploaded by hand: how much is sent is told, it can be stopped, what went wrong is said at the form."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from evalhub.bundled import bundled
from tests.stack.conftest import NEEDS_BROWSER

pytestmark = NEEDS_BROWSER
UPLOAD = "/p/demo/upload"


@pytest.fixture
def form(admin: Page) -> Page:
    """The form, by keyboard at its button."""
    admin.goto(UPLOAD)
    return admin


def recording() -> Path:
    return next((bundled("sample_traces") / "native").rglob("*.flac"))


def send(page: Page, file: str | Path | dict[str, object]) -> None:
    page.set_input_files("[name=file]", file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload").press("Enter")


def test_an_upload_ends_at_its_call(form: Page) -> None:
    send(form, recording())
    form.wait_for_url(lambda url: not url.endswith("/upload"))
    expect(form.get_by_role("heading", level=1)).to_contain_text(recording().stem[:5])


def test_an_upload_on_its_way_says_how_much_is_sent_and_can_be_stopped(form: Page) -> None:
    waiting: list[Route] = []
    form.route(f"**{UPLOAD}", lambda route: waiting.append(route))  # noqa: PLW0108  (playwright marks what it is given)
    send(form, {"name": "call.wav", "mimeType": "audio/wav", "buffer": b"RIFF" * 300_000})
    expect(form.get_by_role("progressbar", name="Sent")).to_be_visible()
    expect(form.get_by_role("status").filter(has_text="Sending")).to_be_visible()
    cancel = form.get_by_role("button", name="Cancel")
    expect(cancel).to_be_focused()
    cancel.press("Enter")
    expect(form.get_by_role("progressbar")).to_be_hidden()
    button = form.get_by_role("button", name="Upload")
    expect(button).to_be_enabled()
    expect(button).to_be_focused()
    assert form.input_value("[name=sides]") == "stereo:caller,agent"


def test_a_file_that_would_be_refused_is_not_sent(form: Page) -> None:
    sent: list[Route] = []
    form.route(f"**{UPLOAD}", lambda route: sent.append(route))  # noqa: PLW0108
    assert form.get_attribute("[data-upload]", "data-most") == str(4 << 30)
    form.evaluate("document.querySelector('[data-upload]').dataset.most = 1e6")
    send(form, {"name": "call.wav", "mimeType": "audio/wav", "buffer": b"RIFF" * 300_000})
    expect(form.get_by_role("alert")).to_have_text(
        "This file has 1.2 MB; 1.0 MB are the most a recording may have. Send it compressed, as FLAC or Opus."
    )
    expect(form.get_by_role("button", name="Upload")).to_be_enabled()
    assert sent == []


def test_a_file_that_a_proxy_finds_too_large_is_told_in_our_words(form: Page) -> None:
    unheard = form.context.new_page()
    unheard.goto(UPLOAD)
    unheard.route(f"**{UPLOAD}", lambda route: route.fulfill(status=413, body="<h1>413 Request Entity Too Large</h1>"))
    send(unheard, recording())
    expect(unheard.get_by_role("alert")).to_contain_text("takes no file this large. Send it compressed")
    expect(unheard.get_by_role("button", name="Upload")).to_be_focused()


def test_what_is_refused_is_said_beside_the_form_which_stays_filled_in(form: Page) -> None:
    unheard = form.context.new_page()  # a browser logs refusals as errors
    unheard.goto(UPLOAD)
    unheard.fill("[name=agent]", "desk")
    unheard.evaluate("document.querySelector('option').value = 'nobody'")
    send(unheard, recording())
    expect(unheard.get_by_role("alert")).to_have_text("Say who is on which channel.")
    assert unheard.input_value("[name=agent]") == "desk"
    expect(unheard.get_by_role("button", name="Upload")).to_be_focused()
