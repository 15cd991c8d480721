"""Another agent behind the desk looks up a shipment; the desk tells the caller one character of its answer wrong."""

from agents import RETURNS_ASKING
from cast import FRONT_DESK, HELEN
from expectations import ANY, SOLVED, call, calls, csat, exactly
from script import Expected, Scene, Tool, agent, caller

RESULT = {"tracking_code": "KX4471", "arrives": "Thursday"}


def scene(*, code: str, expected: list[Expected], **own: str) -> Scene:
    return Scene(
        **own,
        expected=expected,
        agent=RETURNS_ASKING,
        voices={"agent": FRONT_DESK, "caller": HELEN},
        user_id="u-37",
        tags=["shipping"],
        metadata={"store": "denver"},
        steps=[
            agent("Northridge Outdoor returns, good morning. How can I help?"),
            caller("Good morning. I'm waiting for the new sleeping bag. Where is it?"),
            agent("I'll have a look. What is your order number?"),
            caller("It's D two two nine zero six."),
            Tool("find_order", {"order_id": "D22906"}, {"item": "sleeping bag", "status": "sent"}),
            agent("I see it. One moment, I'm asking our shipping desk where the parcel is."),
            Tool("ask_shipping", {"order_id": "D22906", "question": "where is the parcel"}, RESULT, takes_ms=2100),
            agent(f"It arrives on Thursday. The tracking code is {code}. Would you like that by email as well?"),
            caller("No, I wrote it down. That's all, thank you."),
            agent("You're welcome. Thank you for calling. Goodbye."),
            caller("Goodbye.", kind="farewell"),
        ],
        expectations={
            "function_calls": calls(
                call("find_order", order_id="D22906"),
                call("ask_shipping", order_id="D22906", question=ANY),
            ),
            "stages": ["greet", "verify", "close"],
        },
        outcome=SOLVED,
        feedback=csat(4, "quick answer"),
    )


CASES = [
    scene(
        case="result-garbled",
        id="returns-0117",
        started_at="2026-11-02T13:30:00.000Z",
        story="the shipping agent behind the desk answers KX4471, and the caller is told KX4417",
        code="K X four four one seven",
        expected=[
            exactly("delegation", "delegation.as_expected", 1, verdict="pass"),
            Expected(evaluator="delegation", metric="delegation.result_spoken", high=0.9, verdict="fail"),
            Expected(evaluator="entity_accuracy", metric="entity_accuracy.agent", high=0.9),
        ],
    ),
    scene(
        case="result-garbled-twin",
        id="returns-0118",
        started_at="2026-11-02T14:15:00.000Z",
        story="none: the caller is told KX4471",
        code="K X four four seven one",
        expected=[
            exactly("delegation", "delegation.as_expected", 1, verdict="pass"),
            exactly("delegation", "delegation.result_spoken", 1, verdict="pass"),
            exactly("entity_accuracy", "entity_accuracy.agent", 1),
        ],
    ),
]
