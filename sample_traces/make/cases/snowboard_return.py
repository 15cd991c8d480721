"""A clean return of a snowboard; the front desk hands over to the policy desk."""

from agents import RETURNS_NEW
from cast import FRONT_DESK, JUNE, POLICY_DESK
from expectations import ANY, SOLVED, call, calls, csat, exactly
from script import Expected, Handoff, Scene, Tool, agent, caller

SNOWBOARD_RETURN = Scene(
    case="snowboard-return",
    id="returns-0110",
    story="none: a clean return, handed from the front desk to the policy desk",
    expected=[
        exactly("function_calls", "function_calls.correct", 1, verdict="pass"),
        Expected(evaluator="turn_taking", metric="dead_air_ms.longest", high=3500),
        Expected(evaluator="turn_taking", metric="turn_latency_ms.p95", high=1100),
        exactly("turn_taking", "response_rate", 1),
        exactly("recording_check", "recording_check.clean", 1, verdict="pass"),
    ],
    started_at="2026-10-31T15:20:00.000Z",
    agent=RETURNS_NEW,
    voices={"front-desk": FRONT_DESK, "policy": POLICY_DESK, "caller": JUNE},
    user_id="u-31",
    tags=["returns", "snow"],
    metadata={"store": "denver"},
    steps=[
        agent("Northridge Outdoor, thanks for calling. How can I help you today?"),
        caller("Hi, I bought a snowboard last week, and it's too long for me. I'd like to send it back."),
        agent("Sorry it didn't fit. I can get that started. What is your order number, please?"),
        caller("It's A one two three four five."),
        Tool(
            "find_order", {"order_id": "A12345"}, {"item": "snowboard", "bought": "2026-10-23", "status": "delivered"}
        ),
        agent("Good, I have the snowboard here. I'll pass you to our policy desk, and they will finish this with you."),
        Handoff(
            "front-desk",
            "policy",
            "Caller wants to return a snowboard, order A12345, bought last week. It is too long for her.",
        ),
        agent(
            "Hello, this is the policy desk. Before it goes back, has the snowboard been used on snow?", after_ms=1300
        ),
        caller("No, I only stood on it in the living room."),
        agent("Then it can go back free of charge. Shall I start the return and send you a label by email?"),
        caller("Yes, please do."),
        Tool(
            "start_return", {"order_id": "A12345", "reason": "too long"}, {"status": "return_started", "label": "sent"}
        ),
        agent("Done. The label is in your inbox. Drop the board at any parcel shop within two weeks."),
        caller("Great, that was easy. Thank you, bye.", kind="farewell"),
        agent("You're welcome. Goodbye."),
    ],
    expectations={
        "function_calls": calls(
            call("find_order", order_id="A12345"),
            call("start_return", order_id="A12345", reason=ANY, confirmed_first=True),
        ),
        "stages": ["greet", "verify", "resolve", "close"],
        "end_state": {"orders": {"A12345": {"status": "return_started"}}},
    },
    end_state={"orders": {"A12345": {"status": "return_started"}}},
    outcome=SOLVED,
    feedback=csat(5, "quick and friendly"),
)
CASES = [SNOWBOARD_RETURN]
