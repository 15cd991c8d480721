"""Eleven seconds of nothing after "one moment, please"; the same silence while a tool works; and no silence."""

from agents import RETURNS_OLD
from cast import ARTHUR, FRONT_DESK
from expectations import SOLVED, call, calls, csat
from script import Expected, Scene, Tool, agent, caller

ORDER = {"order_id": "C70418"}
FOUND = {"item": "hiking boots", "status": "returned", "refund": "in progress"}


def scene(*, silence_ms: int, work: list[Tool], expected: Expected, **own: str) -> Scene:
    answers_in_time = Expected(evaluator="turn_taking", metric="turn_latency_ms.p95", high=1100)
    return Scene(
        **own,
        expected=[expected, answers_in_time],
        agent=RETURNS_OLD,
        voices={"agent": FRONT_DESK, "caller": ARTHUR},
        user_id="u-18",
        tags=["returns", "refund"],
        metadata={"store": "online"},
        steps=[
            agent("Northridge Outdoor returns, good morning. How can I help?"),
            caller("I sent back a pair of hiking boots two weeks ago. I still have no refund."),
            agent("Sorry for the wait. What is the order number?"),
            caller("It is C seven zero four one eight."),
            Tool("find_order", ORDER, FOUND),
            agent("Good, I can see the boots on that order. Let me look up where it stands. One moment, please."),
            *work,
            agent(
                "Here it is. The warehouse received the boots on Monday. The refunds team is working on it now.",
                after_ms=silence_ms,
            ),
            caller("All right. Is there anything I need to do?"),
            agent("No, nothing at all. You will hear from them by email."),
            caller("Very good. Thank you, goodbye.", kind="farewell"),
            agent("Thank you for your patience. Goodbye."),
        ],
        expectations={
            "function_calls": calls(call("find_order", **ORDER), extra="allowed"),
            "stages": ["greet", "verify", "resolve", "close"],
        },
        outcome=SOLVED,
        feedback=csat(3, "friendly, but I had to wait"),
    )


CASES = [
    scene(
        case="dead-air",
        id="returns-0103",
        started_at="2026-10-27T09:30:00.000Z",
        story="11 s of silence between two agent turns while nothing works",
        silence_ms=11_200,
        work=[],
        expected=Expected(evaluator="turn_taking", metric="dead_air_ms.longest", low=10_000),
    ),
    scene(
        case="dead-air-twin",
        id="returns-0104",
        started_at="2026-10-27T10:10:00.000Z",
        story="none: the agent goes on after 1.2 s",
        silence_ms=1200,
        work=[],
        expected=Expected(evaluator="turn_taking", metric="dead_air_ms.longest", high=3500),
    ),
    scene(
        case="dead-air-tool-twin",
        id="returns-0105",
        started_at="2026-10-27T13:45:00.000Z",
        story="none: the same 11 s, but a tool is at work all the while and the caller was told to wait",
        silence_ms=11_200,
        work=[Tool("refund_status", ORDER, {"stage": "review"}, after_ms=60, takes_ms=11_000)],
        expected=Expected(evaluator="turn_taking", metric="dead_air_ms.longest", high=3500),
    ),
]
