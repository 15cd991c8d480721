"""A booking made without the required stage that finds out who is calling."""

from agents import BOOKING_OLD
from cast import BOOKING_DESK, HELEN
from expectations import ANY, SOLVED, call, calls, csat, exactly
from script import Expected, Scene, Step, Tool, agent, caller

IDENTIFY: list[Step] = [
    agent("Gladly. May I have your name first, please?"),
    caller("It's Ruth Keller."),
]
OPENINGS = ["tuesday 08:30", "tuesday 16:00"]


def scene(*, identify: list[Step], name: str, expected: list[Expected], **own: str) -> Scene:
    return Scene(
        **own,
        expected=expected,
        agent=BOOKING_OLD,
        voices={"agent": BOOKING_DESK, "caller": HELEN},
        user_id="u-46",
        tags=["appointment"],
        steps=[
            agent("Harbor Street Dental, this is the booking line. How may I help?"),
            caller("Hello. A piece of my tooth came off, and I'd like to see somebody this week."),
            *identify,
            Tool("list_openings", {"week": "this"}, OPENINGS),
            agent("I'm sorry about your tooth. I have Tuesday at eight thirty, or Tuesday at four. Which is better?"),
            caller("The early one, please."),
            agent("Tuesday at eight thirty. Shall I book that?"),
            caller("Yes, please. Does it matter that it hurts a little when I drink something cold?"),
            Tool("book_appointment", {"name": name, "day": "tuesday", "time": "08:30"}, {"id": "appt-655"}),
            agent("It's booked, and I made a note of it for the doctor. Until then, chew on the other side."),
            caller("I will. Thank you, goodbye.", kind="farewell"),
            agent("Get well soon. Goodbye."),
        ],
        expectations={
            "function_calls": calls(
                call("list_openings", week="this"),
                call("book_appointment", name=ANY, day="tuesday", time="08:30", confirmed_first=True),
            ),
            "stages": ["greet", "identify", "arrange", "close"],
        },
        outcome=SOLVED,
        feedback=csat(4, "quick help"),
    )


CASES = [
    scene(
        case="skipped-stage",
        id="booking-0203",
        started_at="2026-10-28T12:00:00.000Z",
        story="the agent never asks who is calling: the required stage `identify` is skipped",
        identify=[],
        name="walk-in",
        expected=[
            exactly("stage_adherence", "stage_adherence", 0, verdict="fail"),
            Expected(evaluator="stage_adherence", metric="stage.identify", verdict="fail"),
            Expected(evaluator="rubric_judge", metric="criterion.policy_followed", verdict="fail", needs="judge"),
        ],
    ),
    scene(
        case="skipped-stage-twin",
        id="booking-0204",
        started_at="2026-10-28T12:40:00.000Z",
        story="none: the agent asks for the name before it books",
        identify=IDENTIFY,
        name="Ruth Keller",
        expected=[
            exactly("stage_adherence", "stage_adherence", 1, verdict="pass"),
            Expected(evaluator="stage_adherence", metric="stage.identify", verdict="pass"),
            Expected(evaluator="rubric_judge", metric="criterion.policy_followed", verdict="pass", needs="judge"),
        ],
    ),
]
