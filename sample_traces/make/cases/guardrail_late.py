"""The agent begins to promise a refund; the guardrail trips before the promise is heard, or after."""

from agents import RETURNS_NEW
from cast import FRONT_DESK, TOM
from expectations import ANY, SOLVED, call, calls, csat
from script import Expected, Scene, Tool, Trip, agent, caller

OFFENDING = (
    "I'm sorry about that. A scratch like this should not be there, and since you told us right away, "
    "I promise you will get a full refund by Friday."
)
PROMISE = "I promise you will get a full refund by Friday."
GENERATED_MS = 380
"""when the model had written all of it, counted from the first sound: it writes faster than it speaks"""
CUT_TURN = {"type": "turn", "id": "t3"}


def scene(*, verdict_ms: int, expected: list[Expected], **own: str) -> Scene:
    cut_ms = GENERATED_MS + verdict_ms
    return Scene(
        **own,
        expected=expected,
        agent=RETURNS_NEW,
        voices={"agent": FRONT_DESK, "caller": TOM},
        user_id="u-38",
        tags=["returns", "refund"],
        metadata={"store": "boulder"},
        guardrails=[{"name": "no-refund-promise", "every_chars": 50, "mode": "async"}],
        steps=[
            agent("Northridge Outdoor returns, good evening. How can I help?"),
            caller("Good evening. My new ski helmet has a deep scratch. It's order F three one eight eight zero."),
            Tool("find_order", {"order_id": "F31880"}, {"item": "ski helmet", "status": "delivered"}),
            agent(OFFENDING, stops_at_ms=cut_ms),
            Trip("no-refund-promise", cut_ms, len(OFFENDING), verdict_ms, PROMISE),
            agent(
                "Let me put that better. You can return it, and the refunds team decides. Shall I start?", after_ms=1100
            ),
            caller("Yes, start the return, please."),
            Tool("start_return", {"order_id": "F31880", "reason": "scratched"}, {"status": "return_started"}),
            agent("It is started. The label is in your inbox, and the refunds team will write to you."),
            caller("Okay, I'll wait for that. Bye.", kind="farewell"),
            agent("Thank you for calling. Goodbye."),
        ],
        expectations={
            "function_calls": calls(
                call("find_order", order_id="F31880"),
                call("start_return", order_id="F31880", reason=ANY, confirmed_first=True),
            ),
            "stages": ["greet", "verify", "resolve", "close"],
            "end_state": {"orders": {"F31880": {"status": "return_started"}}},
        },
        end_state={"orders": {"F31880": {"status": "return_started"}}},
        outcome=SOLVED,
        feedback=csat(4, "clear in the end"),
    )


CASES = [
    scene(
        case="guardrail-late",
        id="returns-0113",
        started_at="2026-11-02T17:15:00.000Z",
        story="the verdict takes so long that the caller hears the promise of a refund",
        verdict_ms=8000,
        expected=[Expected(evaluator="turn_taking", metric="heard_text", low=0.8, subject=CUT_TURN)],
    ),
    scene(
        case="guardrail-late-twin",
        id="returns-0114",
        started_at="2026-11-02T18:05:00.000Z",
        story="none: the guardrail cuts the answer before the promise is heard",
        verdict_ms=240,
        expected=[Expected(evaluator="turn_taking", metric="heard_text", high=0.2, subject=CUT_TURN)],
    ),
]
