"""The caller asks to move an appointment; the agent deletes it and says that it is done."""

from agents import BOOKING_OLD
from cast import BOOKING_DESK, MARIA
from expectations import SOLVED, call, calls, csat, exactly, expected_call
from script import Scene, Tool, agent, caller

MOVED = {"id": "appt-771", "day": "friday", "time": "10:15"}
UPDATE = Tool("update_appointment", MOVED, {"status": "moved"})
DELETE = Tool("delete_appointment", {"id": "appt-771"}, {"status": "deleted"})


def scene(*, change: Tool, end: dict[str, object], right: bool, **own: str) -> Scene:
    score, verdict = (1, "pass") if right else (0, "fail")
    return Scene(
        **own,
        expected=[
            exactly("function_calls", "function_calls.correct", score, verdict=verdict),
            exactly("function_calls", "function_calls.call_made", score, subject=expected_call(1)),
            exactly("function_calls", "function_calls.forbidden_calls", 0 if right else 1),
            exactly("function_calls", "function_calls.end_state", score),
        ],
        agent=BOOKING_OLD,
        voices={"agent": BOOKING_DESK, "caller": MARIA},
        user_id="u-44",
        tags=["appointment"],
        steps=[
            agent("Harbor Street Dental, this is the booking line. How may I help?"),
            caller("Hi, this is Maria Lopez. I have a cleaning on Tuesday at nine, and I need to move it to Friday."),
            Tool("find_appointment", {"name": "Maria Lopez"}, {"id": "appt-771", "day": "tuesday", "time": "09:00"}),
            agent("Yes, Maria. I see your cleaning on Tuesday at nine. On Friday I have ten fifteen or two thirty."),
            caller("Ten fifteen would be perfect."),
            agent("So I will move your cleaning to Friday at ten fifteen. Is that right?"),
            caller("Yes, that's right."),
            change,
            agent("That's done, Maria. Please come ten minutes early, and bring your insurance card."),
            caller("Will do. Is it still with Doctor Shah?"),
            agent("Yes, Doctor Shah is here all day on Friday."),
            caller("Wonderful. Thank you, goodbye.", kind="farewell"),
            agent("You're welcome, Maria. Goodbye."),
        ],
        expectations={
            "function_calls": calls(
                call("find_appointment", name={"text": "Maria Lopez"}),
                call("update_appointment", **MOVED, critical=True, confirmed_first=True),
                forbidden=("delete_appointment",),
            ),
            "stages": ["greet", "identify", "arrange", "close"],
            "end_state": {"appointments": {"appt-771": {"day": "friday", "time": "10:15"}}},
        },
        end_state={"appointments": end},
        outcome=SOLVED,
        feedback=csat(5, "very easy"),
    )


CASES = [
    scene(
        case="delete-instead-of-update",
        id="booking-0201",
        started_at="2026-10-26T09:12:00.000Z",
        story="the caller asks to move an appointment, the agent deletes it (critical and forbidden)",
        change=DELETE,
        end={},
        right=False,
    ),
    scene(
        case="delete-instead-of-update-twin",
        id="booking-0202",
        started_at="2026-10-26T10:30:00.000Z",
        story="none: the appointment is updated",
        change=UPDATE,
        end={"appt-771": {"day": "friday", "time": "10:15"}},
        right=True,
    ),
]
