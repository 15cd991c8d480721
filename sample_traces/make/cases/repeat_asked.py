"""The agent asks the caller twice to say it again."""

from agents import BOOKING_OLD
from cast import BOOKING_DESK, JUNE
from expectations import SOLVED, call, calls, csat, exactly
from script import Expected, Scene, Step, Tool, agent, caller

NAME = "It's Judith Barnes."
REPEATS: list[Step] = [
    agent("Sorry, I didn't catch that. Could you say it again?"),
    caller(NAME),
    agent("I'm sorry, could you repeat your name once more?"),
    caller("Judith Barnes. Barnes, like the bookstore."),
]
MOVED = {"id": "appt-618", "day": "monday", "time": "08:00"}


def scene(*, repeats: list[Step], expected: list[Expected], **own: str) -> Scene:
    return Scene(
        **own,
        expected=expected,
        agent=BOOKING_OLD,
        voices={"agent": BOOKING_DESK, "caller": JUNE},
        user_id="u-41",
        tags=["appointment"],
        steps=[
            agent("Harbor Street Dental, this is the booking line. How may I help?"),
            caller("Good morning. I can't make it tomorrow. I'd like to come on Monday instead."),
            agent("Gladly. What is your name, please?"),
            caller(NAME),
            *repeats,
            Tool("find_appointment", {"name": "Judith Barnes"}, {"id": "appt-618", "day": "friday", "time": "10:00"}),
            agent("All right, Judith. On Monday I have eight o'clock or noon."),
            caller("Eight o'clock is good."),
            agent("Shall I move you to Monday at eight?"),
            caller("Yes, please."),
            Tool("update_appointment", MOVED, {"status": "moved"}),
            agent("It's moved. See you on Monday at eight."),
            caller("Thank you. Bye.", kind="farewell"),
            agent("Have a nice weekend. Goodbye."),
        ],
        expectations={
            "function_calls": calls(
                call("find_appointment", name={"text": "Judith Barnes"}),
                call("update_appointment", **MOVED, critical=True, confirmed_first=True),
                forbidden=("delete_appointment",),
            ),
            "stages": ["greet", "identify", "arrange", "close"],
        },
        outcome=SOLVED,
        feedback=csat(3, "it did not understand my name"),
    )


CASES = [
    scene(
        case="repeat-asked",
        id="booking-0209",
        started_at="2026-10-29T08:35:00.000Z",
        story="the agent asks the caller twice to repeat a name that was said clearly",
        repeats=REPEATS,
        expected=[Expected(evaluator="repeats", metric="repeats_asked", low=2, needs="judge")],
    ),
    scene(
        case="repeat-asked-twin",
        id="booking-0210",
        started_at="2026-10-29T09:10:00.000Z",
        story="none: the name is understood at once",
        repeats=[],
        expected=[exactly("repeats", "repeats_asked", 0, needs="judge")],
    ),
]
