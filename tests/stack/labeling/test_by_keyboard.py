"""A call is labeled, undone and labeled again without touching the mouse, in a real browser on a real server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from evalhub.accounts.people import set_password, set_role
from evalhub.analysis import analyse
from evalhub.bundled import bundled
from evalhub.models import Draft, Label, LabelValue, Project, Recording, Skip, User
from evalhub.services import Services
from evalhub.traces import inbox, receive
from tests.db.labeling.making import add_rubric, make_queue, make_user
from tests.serving import app_of, serving
from tests.stack.conftest import NEEDS_BROWSER

PASSWORD = "a long enough password"
pytestmark = NEEDS_BROWSER


@pytest.fixture
def ana(services: Services, project: Project) -> User:
    with services.work() as session:
        person = make_user(name="Ana")
        session.add(person)
        session.flush()
        set_password(person, PASSWORD)
        set_role(session, project.id, person.id, "labeler")
    return person


@pytest.fixture
def two_calls(services: Services, project: Project) -> None:
    """Two sample calls with their sound, in a queue."""
    for name in ("dead-air", "monotone"):
        folder = bundled("sample_traces") / "native" / name
        body = (folder / f"{name}.json").read_bytes()
        with services.work() as session:
            receive.receive_native(session, project.id, body)
        for said in json.loads(body)["recordings"]:
            analyse(services, project.id, store(services, project.id, body, folder / said["path"], said))
    while inbox.parse_waiting(services):
        pass
    with services.work() as session:
        add_rubric(session, project.id, applies_to="conversation")
        make_queue(session, project.id, calls=2)


def store(services: Services, project_id: int, body: bytes, path: Path, said: dict[str, str]) -> str:
    recording = Recording(
        project_id=project_id,
        conversation_id=json.loads(body)["id"],
        track=said["track"],
        channels=said.get("channels"),
    )
    with services.work() as session:
        return receive.receive_recording(services, session, recording, [path.read_bytes()])[0]


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    """A server of its own."""
    with serving(app_of(services)) as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str, ana: User) -> Iterator[Page]:
    """Signed in, and complaining at the end about any error that the browser saw."""
    context = browser.new_context(base_url=address)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    opened.goto("/sign-in")
    sign_in(opened, ana)
    opened.wait_for_url("**/label**")
    yield opened
    context.close()
    assert errors == []


def sign_in(page: Page, person: User) -> None:
    page.fill("[name=email]", person.email)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")


@pytest.fixture
def unheard(two_calls: None, page: Page) -> Page:
    """A desk in another tab, where refusals are no complaint: a browser logs them as errors."""
    tab = page.context.new_page()
    tab.goto("/p/demo/label")
    tab.wait_for_selector(".lanes canvas")
    return tab


def next_call(page: Page, *keys: str) -> None:
    """Presses keys, of which the last brings another call or the end; waits until that is there."""
    slot = page.input_value("#scorecard [name=slot]")
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_function("slot => document.querySelector('#scorecard [name=slot]')?.value !== slot", arg=slot)
    page.wait_for_selector(".lanes canvas, .desk-note")


def test_a_day_without_a_mouse(two_calls: None, page: Page, services: Services) -> None:
    page.wait_for_selector(".lanes canvas")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('[data-heard]').textContent !== '0 %'")
    for key in ("Space", "ArrowDown", "f", "e", "c"):
        page.keyboard.press(key)
    page.keyboard.type("pfn x")
    page.keyboard.press("Escape")
    next_call(page, "Tab", "2", "Control+Enter")
    next_call(page, "u")
    assert page.input_value("[name='comment.policy']") == "pfn x"
    next_call(page, "n", "Control+Enter")
    next_call(page, "x", "Space", "Enter")
    page.wait_for_selector("text=You have done your share")
    with services.sessions() as session:
        failed, na = session.scalars(select(Label).order_by(Label.id))
        values = session.scalars(select(LabelValue).filter_by(criterion="policy").order_by(LabelValue.label_id)).all()
        assert [(value.value, value.na, value.comment) for value in values] == [
            (False, False, "pfn x"),
            (None, True, "pfn x"),
        ]
        assert failed.superseded_at is not None
        assert na.heard_fraction > 0
        assert session.scalars(select(Skip.reason)).all() == ["bad_audio"]


def test_a_scorecard_that_is_not_complete_says_where(two_calls: None, page: Page) -> None:
    page.wait_for_selector(".lanes canvas")
    assert page.inner_text("[data-answered]") == "0 of 2 answered"
    page.keyboard.press("f")
    page.keyboard.press("Control+Enter")
    shown = page.locator("[data-needs]:visible").all_inner_texts()
    assert [text.strip() for text in shown] == [
        "A fail needs evidence: a turn (E) or a region (M)",
        "Choose an answer",
    ]
    assert page.evaluate("document.activeElement.dataset.criterion") == "policy"
    page.keyboard.press("p")
    page.wait_for_selector("text=1 of 2 answered")
    page.wait_for_selector("text=Draft saved")
    page.reload()
    page.wait_for_selector("#criterion-policy input[value=pass]:checked", state="attached")


def test_who_is_signed_out_at_the_desk_signs_in_again_and_goes_on(unheard: Page, ana: User, services: Services) -> None:
    unheard.context.clear_cookies()
    unheard.keyboard.press("p")
    told = unheard.get_by_role("alert").filter(has_text="Your answers are still on this page.")
    expect(told).to_be_visible()
    expect(unheard.get_by_role("status").filter(has_text="Not saved: signed out")).to_be_visible()
    with unheard.context.expect_page() as opened:
        told.get_by_role("link", name="Sign in").press("Enter")
    sign_in(opened.value, ana)
    opened.value.wait_for_url("**/label**")
    unheard.locator("h1").focus()
    next_call(unheard, "Tab", "2", "Control+Enter")
    with services.sessions() as session:
        assert session.scalars(select(LabelValue.value).filter_by(criterion="policy")).all() == [True]


def test_answers_of_one_person_do_not_become_those_of_another(
    unheard: Page, ana: User, project: Project, services: Services
) -> None:
    with services.work() as session:
        other = make_user(name="Ben")
        session.add(other)
        session.flush()
        set_password(other, PASSWORD)
        set_role(session, project.id, other.id, "labeler")
    unheard.context.clear_cookies()
    tab = unheard.context.new_page()
    tab.goto("/sign-in")
    sign_in(tab, other)
    tab.wait_for_url("**/label**")
    for key in ("p", "Tab", "2", "Control+Enter"):
        unheard.keyboard.press(key)
    expect(unheard.get_by_text("This page is too old")).to_be_visible()
    with services.sessions() as session:
        assert session.scalars(select(Draft).filter_by(labeler_id=other.id)).all() == []


def test_a_server_that_cannot_take_it_leaves_the_desk_as_it_is(unheard: Page) -> None:
    refusal = "<p data-told>The server cannot store anything right now.</p>"
    unheard.route("**/submit", lambda route: route.fulfill(status=503, content_type="text/html", body=refusal))
    for key in ("p", "Tab", "2", "Control+Enter"):
        unheard.keyboard.press(key)
    expect(unheard.get_by_text("The server cannot store anything right now.")).to_be_visible()
    expect(unheard.locator("#criterion-policy input[value=pass]")).to_be_checked()
    expect(unheard.locator("#desk")).not_to_have_attribute("aria-busy", "true")
