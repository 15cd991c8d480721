"""The caller spells A12345; the tools are given A12346."""

from agents import RETURNS_OLD
from cast import ALAN, FRONT_DESK
from expectations import ANY, SOLVED, call, calls, csat, exactly, expected_call
from script import Scene, Tool, agent, caller


def scene(*, order_id: str, right: bool, **own: str) -> Scene:
    score, verdict = (1, "pass") if right else (0, "fail")
    return Scene(
        **own,
        expected=[
            exactly("function_calls", "function_calls.correct", score, verdict=verdict),
            exactly("function_calls", "function_calls.call_made", score, subject=expected_call(0)),
            exactly("function_calls", "function_calls.end_state", score),
            exactly("tool_calls", "function_calls.unlike_spelled", 0 if right else 2),
        ],
        agent=RETURNS_OLD,
        voices={"agent": FRONT_DESK, "caller": ALAN},
        user_id="u-12",
        tags=["returns"],
        metadata={"store": "boulder"},
        steps=[
            agent("Northridge Outdoor returns, good afternoon. What can I do for you?"),
            caller("Hello. I want to return a pair of ski gloves. They came in the wrong size."),
            agent("Sorry about that. Could you spell out the order number for me?"),
            caller("Sure. It's A one two three four five."),
            Tool("find_order", {"order_id": order_id}, {"found": True, "status": "delivered"}),
            agent("Good, I found the order. Shall I start the return and send you a label by email?"),
            caller("Yes, by email, please."),
            Tool("start_return", {"order_id": order_id, "reason": "wrong size"}, {"status": "return_started"}),
            agent(
                "All right, the return is started, and the label is in your inbox. The refunds team will write to you."
            ),
            caller("Perfect. How long do I have to send them?"),
            agent("Two weeks from today. Any parcel shop will take them."),
            caller("Good. Thanks for your help, bye.", kind="farewell"),
            agent("Thank you for calling. Goodbye."),
        ],
        expectations={
            "function_calls": calls(
                call("find_order", order_id="A12345"),
                call("start_return", order_id="A12345", reason=ANY, critical=True, confirmed_first=True),
            ),
            "stages": ["greet", "verify", "resolve", "close"],
            "end_state": {"orders": {"A12345": {"status": "return_started"}}},
        },
        end_state={"orders": {order_id: {"status": "return_started"}}},
        outcome=SOLVED,
        feedback=csat(4, "quick"),
    )


CASES = [
    scene(
        case="wrong-order-number",
        id="returns-0101",
        started_at="2026-10-25T14:05:00.000Z",
        story="the caller spells A12345, the tools get A12346",
        order_id="A12346",
        right=False,
    ),
    scene(
        case="wrong-order-number-twin",
        id="returns-0102",
        started_at="2026-10-25T16:40:00.000Z",
        story="none: the tools get A12345",
        order_id="A12345",
        right=True,
    ),
]
