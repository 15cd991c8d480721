"""The caller cuts in while the agent reads out a list: once it gives way, once it talks on."""

from agents import BOOKING_NEW
from cast import BOOKING_DESK, TOM
from expectations import SOLVED, call, calls, csat, exactly
from script import Expected, Scene, Tool, agent, caller

OPENINGS = ["monday 08:00", "monday 11:00", "tuesday 13:00", "wednesday 09:30", "wednesday 16:00", "thursday 12:00"]
LIST = (
    "Of course. Next week I have openings on Monday at eight, Monday at eleven, Tuesday at one, "
    "Wednesday at nine thirty, Wednesday at four, and Thursday at noon. Which would you like?"
)
CHOSEN = {"name": "Tom Becker", "day": "wednesday", "time": "16:00"}
CUTTING_IN = {"type": "turn", "id": "t4"}


def scene(*, yields_ms: int | None, expected: list[Expected], **own: str) -> Scene:
    return Scene(
        **own,
        expected=expected,
        agent=BOOKING_NEW,
        voices={"agent": BOOKING_DESK, "caller": TOM},
        user_id="u-52",
        tags=["appointment"],
        steps=[
            agent("Harbor Street Dental, good morning. How may I help?"),
            caller("Hello, I'd like to book a check up for next week, please."),
            Tool("list_openings", {"week": "next"}, OPENINGS),
            agent(LIST, yields_ms=yields_ms),
            caller("Wait, only Wednesday works for me. Do you have anything in the afternoon?", cuts_in_ms=4600),
            agent("Wednesday at four is free. May I book it for you?"),
            caller("Yes, please. My name is Tom Becker."),
            Tool("book_appointment", CHOSEN, {"id": "appt-802", "status": "booked"}),
            agent("All right, Tom. You are booked for Wednesday at four. Is there anything else?"),
            caller("No, that's all. Have a nice day, bye.", kind="farewell"),
            agent("You too. Goodbye."),
        ],
        expectations={
            "function_calls": calls(
                call("list_openings", week="next"),
                call("book_appointment", **CHOSEN | {"name": {"text": "Tom Becker"}}, confirmed_first=True),
            ),
            "stages": ["greet", "identify", "arrange", "close"],
            "end_state": {"appointments": {"appt-802": {"day": "wednesday", "time": "16:00"}}},
        },
        end_state={"appointments": {"appt-802": {"day": "wednesday", "time": "16:00"}}},
        outcome=SOLVED,
        feedback=csat(4, "got the time I wanted"),
    )


CASES = [
    scene(
        case="interruption-ignored",
        id="booking-0205",
        started_at="2026-10-30T08:50:00.000Z",
        story="the agent talks on for more than 2.5 s while the caller cuts in",
        yields_ms=None,
        expected=[
            Expected(evaluator="turn_taking", metric="yield_ms", low=2500, subject=CUTTING_IN),
            exactly("turn_taking", "yield_rate", 0),
            Expected(evaluator="turn_taking", metric="overlap_ms", low=2500),
        ],
    ),
    scene(
        case="interruption-ignored-twin",
        id="booking-0206",
        started_at="2026-10-30T11:15:00.000Z",
        story="none: the agent stops within 300 ms, and what was heard is told",
        yields_ms=240,
        expected=[
            Expected(evaluator="turn_taking", metric="yield_ms", high=400, subject=CUTTING_IN),
            exactly("turn_taking", "yield_rate", 1),
            Expected(evaluator="turn_taking", metric="overlap_ms", high=400),
        ],
    ),
]
