"""What only sound shows, on the pages of what `make up` starts: curves, answers, five moments; by mouse and keys."""

import gzip

import pytest
from playwright.sync_api import Page, expect

from tests.stack.conftest import NEEDS_BROWSER
from webui.pages import BUILT

pytestmark = [*NEEDS_BROWSER, pytest.mark.xdist_group("whole")]
SLOW = "/p/demo/conversations/returns-0106"
TALKED_OVER = "/p/demo/conversations/booking-0205"
MAX_SCRIPT_BYTES = 250_000
INK = """canvas => {
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return data.filter((value, index) => index % 4 === 3 && value > 0).length;
}"""


def seconds(page: Page) -> float:
    minutes, rest = page.locator(".player-time").inner_text().split(":")
    return int(minutes) * 60 + float(rest)


def test_curves_are_drawn_and_tell_an_instant(lead: Page) -> None:
    lead.goto(SLOW)
    for name in ("pitch", "loudness"):
        curve = lead.locator(f".lane.curve.{name}")
        expect(curve.locator("canvas")).to_be_visible()
        assert curve.locator("canvas").evaluate(INK) > 500
        expect(curve.locator(".lane-told")).to_contain_text("line: agent")
        told, drawn = curve.locator(".lane-told").bounding_box(), curve.locator("canvas").bounding_box()
        assert told
        assert drawn
        assert told["y"] + told["height"] <= drawn["y"] + 4, "the curve strikes its words through"
    curve.hover(position={"x": 60, "y": 10})
    expect(lead.locator(".lane.curve.pitch .lane-told")).to_contain_text("Hz")
    expect(lead.locator(".hoverline")).to_be_visible()
    expect(lead.locator(".said.near")).to_be_visible()


def test_answers_tell_how_long_they_took_without_colour(lead: Page) -> None:
    lead.goto(SLOW)
    slow = lead.locator(".lane.answers .slow").first
    expect(slow).to_have_text("3.7 s")
    expect(slow).to_have_accessible_name("answered after 3.7 s, over 3 s, at 0:18. Play from here.")
    expect(lead.locator(".lanes-legend")).to_contain_text("over 3 s")
    assert "gradient" in slow.evaluate("mark => getComputedStyle(mark).backgroundImage")
    expect(lead.locator(".mark.turn.agent.slow")).to_have_count(3)
    lead.goto(TALKED_OVER)
    expect(lead.locator(".lane.overlap .mark").first).to_have_accessible_name(
        "both speak for 2.0 s at 0:13. Play from here."
    )


def test_a_lane_is_one_stop_and_arrows_go_through_it(lead: Page) -> None:
    lead.goto(SLOW)
    answers = lead.locator(".lane.answers .mark")
    answers.first.focus()
    lead.keyboard.press("ArrowRight")
    expect(answers.nth(1)).to_be_focused()
    assert [answers.nth(at).evaluate("mark => mark.tabIndex") for at in (0, 1, 2)] == [-1, 0, -1]
    lead.keyboard.press("Enter")
    expect(lead.get_by_role("button", name="Pause")).to_be_visible()
    assert 15 <= seconds(lead) < 18


COVERED = """() => {
    const [here, bar] = [document.activeElement, document.querySelector('.player')];
    if (here === document.body || here.closest('.player, #nav')) return false;
    return here.getBoundingClientRect().bottom > bar.getBoundingClientRect().top + 1;
}"""


@pytest.mark.parametrize("size", [{"width": 1280, "height": 700}, {"width": 390, "height": 800}])
def test_what_has_the_focus_is_never_under_the_player(lead: Page, size: dict[str, int]) -> None:
    lead.emulate_media(reduced_motion="reduce")
    lead.set_viewport_size(size)
    lead.goto(SLOW)
    lead.wait_for_selector(".player")
    lead.locator(".said-time").first.focus()
    for _ in range(45):
        lead.keyboard.press("Tab")
        assert not lead.evaluate(COVERED), lead.evaluate("document.activeElement.textContent")


def test_a_number_tells_where_it_came_from(lead: Page) -> None:
    lead.goto(SLOW)
    row = lead.locator(".score", has_text="Response time, p95").first
    row.locator("summary").press("Enter")
    expect(row.locator(".score-origin")).to_contain_text("the sound itself")
    expect(row.locator(".score-origin")).to_contain_text("deadline ms 5000")


def test_without_a_model_the_page_says_who_did_not_listen_and_the_mend(lead: Page) -> None:
    lead.goto(SLOW)
    lead.get_by_role("tab", name="Why no score?").click()
    expect(lead.locator("#panel-why")).to_contain_text("EVALHUB_LISTENING_MODEL")


def test_from_a_chart_to_five_moments_that_play(lead: Page) -> None:
    lead.goto("/p/demo/dashboard?days=30")
    lead.locator("a[href*='/listen/expressiveness']").first.click()
    lead.wait_for_url("**/listen/expressiveness**")
    buttons = lead.locator("[data-from]")
    expect(buttons).to_have_count(5)
    buttons.nth(0).press("Enter")
    expect(buttons.nth(0)).to_have_attribute("aria-pressed", "true")
    buttons.nth(1).click()
    expect(buttons.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(buttons.nth(0)).to_have_attribute("aria-pressed", "false")
    lead.locator(".five-head a").first.click()
    lead.wait_for_selector(".lanes canvas")
    assert seconds(lead) > 0


@pytest.mark.parametrize("path", [SLOW, "/p/demo/dashboard/listen/pace?days=30"])
def test_pages_with_sound_are_light_to_load(lead: Page, path: str) -> None:
    scripts: set[str] = set()
    lead.on("requestfinished", lambda got: scripts.add(got.url) if got.resource_type == "script" else None)
    lead.goto(path)
    lead.wait_for_load_state("networkidle")
    files = [BUILT / script.split("/built/")[1].split("?")[0] for script in scripts]
    assert files
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < MAX_SCRIPT_BYTES
