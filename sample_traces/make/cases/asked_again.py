"""A transfer with a good summary, after which the caller is asked for the order number a second time."""

from agents import RETURNS_NEW
from cast import ARTHUR, FRONT_DESK, POLICY_DESK
from expectations import ANY, SOLVED, call, calls, csat, exactly
from script import Expected, Handoff, Scene, Step, Tool, agent, caller

ASKS_AGAIN: list[Step] = [
    agent("Good afternoon, this is the policy desk. What is your order number, please?", after_ms=1250),
    caller("I just gave it to your colleague. It's C four four zero nine two."),
    agent("Thank you. Has the tent been used outdoors?"),
    caller("No, only in the garden shed."),
]
KNOWS: list[Step] = [
    agent("Good afternoon, this is the policy desk. It's about your tent. Has it been used outdoors?", after_ms=1250),
    caller("No, only in the garden shed."),
]


def scene(*, after: list[Step], comment: str, stars: int, expected: list[Expected], **own: str) -> Scene:
    return Scene(
        **own,
        expected=expected,
        agent=RETURNS_NEW,
        voices={"front-desk": FRONT_DESK, "policy": POLICY_DESK, "caller": ARTHUR},
        user_id="u-36",
        tags=["returns"],
        metadata={"store": "portland"},
        steps=[
            agent("Northridge Outdoor, thanks for calling. What can I do for you?"),
            caller("Hello. The tent I bought is too small for two. May I return it?"),
            agent("I'm sorry to hear that. Could you tell me the order number?"),
            caller("It's C four four zero nine two."),
            Tool("find_order", {"order_id": "C44092"}, {"item": "tent", "status": "delivered"}),
            agent("Thank you, I see the tent. One moment, the policy desk will decide that."),
            Handoff("front-desk", "policy", "Caller wants to return a tent that is too small. Order C44092."),
            *after,
            agent("Then you may send it back free of charge. Shall I start the return?"),
            caller("Yes, please."),
            Tool("start_return", {"order_id": "C44092", "reason": "too small"}, {"status": "return_started"}),
            agent("Done. The label is in your inbox."),
            caller("Thank you, bye.", kind="farewell"),
            agent("Thank you for calling. Goodbye."),
        ],
        expectations={
            "function_calls": calls(
                call("find_order", order_id="C44092"),
                call("start_return", order_id="C44092", reason=ANY, confirmed_first=True),
            ),
            "stages": ["greet", "verify", "resolve", "close"],
        },
        outcome=SOLVED,
        feedback=csat(stars, comment),
    )


CASES = [
    scene(
        case="asked-again",
        id="returns-0115",
        started_at="2026-11-02T09:20:00.000Z",
        story="the summary has the order number, and the policy desk asks for it again after the transfer",
        after=ASKS_AGAIN,
        stars=3,
        comment="had to say the number twice",
        expected=[
            exactly("handoff_fidelity", "handoff_fidelity.kept", 1, verdict="pass"),
            exactly("handoff_fidelity", "handoff_fidelity.asked_again", 1, verdict="fail"),
        ],
    ),
    scene(
        case="asked-again-twin",
        id="returns-0116",
        started_at="2026-11-02T10:05:00.000Z",
        story="none: the policy desk goes on with what it was told",
        after=KNOWS,
        stars=5,
        comment="smooth",
        expected=[
            exactly("handoff_fidelity", "handoff_fidelity.kept", 1, verdict="pass"),
            exactly("handoff_fidelity", "handoff_fidelity.asked_again", 0, verdict="pass"),
        ],
    ),
]
