"""A caller cuts in with a question; the agent stops, and then begins its list all over again."""

from agents import BOOKING_NEW
from cast import BOOKING_DESK, MARIA
from expectations import ANY, SOLVED, call, calls, csat, exactly
from script import Expected, Scene, Tool, agent, caller

LIST = "We are open on Monday from eight to five, on Tuesday from eight to noon, and on Thursday from ten to six."
OPENINGS = ["monday 14:00", "thursday 16:00"]
TWICE = f"Yes, there is parking behind the house. {LIST}"
ONCE = "Yes, there is parking behind the house. And on Thursday the practice is open until six."


def scene(*, answer: str, expected: list[Expected], **own: str) -> Scene:
    return Scene(
        **own,
        expected=expected,
        agent=BOOKING_NEW,
        voices={"agent": BOOKING_DESK, "caller": MARIA},
        user_id="u-48",
        tags=["opening-hours"],
        steps=[
            agent("Harbor Street Dental, hello. How may I help?"),
            caller("Hi, this is Paula Stern. When are you open next week?"),
            agent(LIST, yields_ms=280),
            caller("Oh, and do you have parking at the practice?", cuts_in_ms=3600),
            agent(answer),
            caller("Thursday is good. Is there anything free in the afternoon?"),
            Tool("list_openings", {"week": "next"}, OPENINGS),
            agent("Thursday at four is free. Shall I book that?"),
            caller("Yes, please."),
            Tool("book_appointment", {"name": "Paula Stern", "day": "thursday", "time": "16:00"}, {"id": "appt-914"}),
            agent("Thursday at four it is. See you then, goodbye."),
            caller("Thanks, bye.", kind="farewell"),
        ],
        expectations={
            "function_calls": calls(
                call("list_openings", week=ANY),
                call("book_appointment", name="Paula Stern", day="thursday", time="16:00", confirmed_first=True),
            ),
            "stages": ["greet", "arrange", "close"],
        },
        outcome=SOLVED,
        feedback=csat(4, "got my appointment"),
    )


CASES = [
    scene(
        case="said-twice",
        id="booking-0209",
        started_at="2026-11-02T11:10:00.000Z",
        story="after an interruption the agent says again what the caller had heard already",
        answer=TWICE,
        expected=[
            exactly("recovery", "recovery.answered", 1, verdict="pass"),
            exactly("recovery", "recovery.repeated_nothing", 0, verdict="fail"),
        ],
    ),
    scene(
        case="said-twice-twin",
        id="booking-0210",
        started_at="2026-11-02T11:50:00.000Z",
        story="none: the agent answers and goes on with what was not heard yet",
        answer=ONCE,
        expected=[
            exactly("recovery", "recovery.answered", 1, verdict="pass"),
            exactly("recovery", "recovery.repeated_nothing", 1, verdict="pass"),
        ],
    ),
]
