"""The timeline of a call whose tools follow each other closely: what is written on it can be read."""

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from evalhub.models import Conversation, Evaluation, Project
from evalhub.services import Services
from evalhub.traces import assembly
from tests.factories import make_conversation, make_tool_call, make_turn
from tests.stack.conftest import NEEDS_BROWSER

pytestmark = NEEDS_BROWSER
CALL = "/p/demo/conversations/busy"
STARTS = (2000, 2400, 6000, 6900, 12_000)
BOXES = "texts => texts.filter(t => t.offsetWidth).map(t => t.getBoundingClientRect()).map(b => [b.left, b.right])"


@pytest.fixture
def busy(admin: Page, services: Services) -> Page:
    """A call of 20 s; its last tool fails."""
    tools = [
        make_tool_call(id=f"c{at}", name="transfer_to_booking_agent", start_ms=at, end_ms=at + 60) for at in STARTS
    ]
    tools[-1].error = "timeout"
    turns = [make_turn(id=f"t{at}", start_ms=at, end_ms=at + 900) for at in (0, 4000, 19_000)]
    with services.work() as session:
        project_id = session.scalars(select(Project.id)).one()
        call = make_conversation(id="busy", turns=turns, tool_calls=tools, duration_ms=20_000)
        assembly.merge(session, project_id, [call])
    return admin


@pytest.mark.parametrize("width", [1280, 390])
def test_names_of_tools_never_run_into_each_other(busy: Page, width: int) -> None:
    busy.set_viewport_size({"width": width, "height": 800})
    busy.goto(CALL)
    tools = busy.locator(".lane.tools .mark")
    expect(tools).to_have_count(len(STARTS))
    boxes = tools.locator(".mark-text").evaluate_all(BOXES)
    assert boxes
    assert all(right <= left for (_, right), (left, _) in pairwise(boxes))
    expect(tools.first).to_have_accessible_name("transfer_to_booking_agent called at 0:02. Go there.")


@pytest.mark.parametrize("width", [1280, 390])
def test_names_of_lanes_stand_before_what_happened_at_the_start(busy: Page, width: int) -> None:
    busy.set_viewport_size({"width": width, "height": 800})
    busy.goto(CALL)
    expect(busy.locator(".lane.tools .mark")).to_have_count(len(STARTS))
    names = busy.locator(".lane:not(.scale) .lane-name")
    assert {"caller", "agent", "tools"} <= set(names.all_inner_texts())
    field = busy.locator(".lanes-field").bounding_box()
    assert field
    boxes = [name.bounding_box() for name in names.all()]
    assert all(box and box["x"] + box["width"] <= field["x"] + 0.5 for box in boxes)
    whole = names.evaluate_all("names => names.every(name => name.scrollWidth <= name.clientWidth)")
    assert whole


@pytest.mark.parametrize("width", [1280, 390])
def test_the_last_time_of_the_axis_is_whole(busy: Page, width: int) -> None:
    busy.set_viewport_size({"width": width, "height": 800})
    busy.goto(CALL)
    axis = busy.locator(".lane.scale")
    last = axis.locator("span").last
    expect(last).to_have_text("0:20")
    inside, around = last.bounding_box(), axis.bounding_box()
    assert inside
    assert around
    assert inside["x"] + inside["width"] <= around["x"] + around["width"] + 0.5


def test_a_call_without_sound_can_be_read_along_its_timeline(busy: Page) -> None:
    busy.goto(CALL)
    last = busy.locator(".lane.tools .mark").last
    expect(last).to_have_accessible_name("transfer_to_booking_agent called at 0:12, failed. Go there.")
    last.press("Enter")
    expect(busy.locator(".said.now")).to_contain_text("transfer_to_booking_agent")
    expect(busy.locator(".said.now")).to_have_attribute("data-start", "12000")
    busy.goto(f"{CALL}?t=4.5")
    expect(busy.locator(".said.now")).to_have_attribute("data-start", "4000")


def test_what_is_still_running_is_told_without_touching_the_player(busy: Page, services: Services) -> None:
    with services.work() as session:
        project_id = session.scalars(select(Project.id)).one()
        row = {"project_id": project_id, "conversation_id": "busy", "evaluator": "turn_taking", "kind_of_work": "audio"}
        session.add(Evaluation(**row, version="1", status="running"))
    busy.goto(CALL)
    lanes = busy.locator(".lanes-field")
    lanes.evaluate("field => { field.dataset.same = '' }")
    expect(busy.get_by_text("1 of 1 checks is still running")).to_be_visible()
    with services.work() as session:
        session.execute(update(Evaluation).values(status="done"))
    expect(busy.get_by_text("Every check has run.")).to_be_visible(timeout=10_000)
    expect(lanes).to_have_attribute("data-same", "")
    busy.get_by_role("link", name="Show the scores").click()
    expect(busy.get_by_text("still running")).to_have_count(0)


def test_a_call_that_is_being_read_says_when_it_is_there(busy: Page, services: Services) -> None:
    with services.work() as session:
        session.execute(update(Conversation).values(state="received"))
    busy.goto(CALL)
    expect(busy.get_by_text("is being read ...")).to_be_visible()
    with services.work() as session:
        session.execute(update(Conversation).values(state="ended"))
    expect(busy.get_by_role("link", name="Show the scores")).to_be_visible(timeout=10_000)
