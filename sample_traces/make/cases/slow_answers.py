"""Every answer comes after about three seconds; the model takes the time."""

from agents import RETURNS_OLD
from cast import DEV, FRONT_DESK
from expectations import SOLVED, call, calls, csat
from script import Expected, Scene, Tool, agent, caller

PROMPT_MS = (740, 980, 660, 890)
SLOW_MS = (2900, 3700, 3300, 3600)


def scene(*, answers_ms: tuple[int, ...], expected: list[Expected], **own: str) -> Scene:
    first, second, third, fourth = answers_ms
    return Scene(
        **own,
        expected=expected,
        agent=RETURNS_OLD,
        voices={"agent": FRONT_DESK, "caller": DEV},
        user_id="u-27",
        tags=["replacement"],
        metadata={"store": "online"},
        steps=[
            agent("Northridge Outdoor returns, how can I help you?"),
            caller("Hi. One of the poles in my new tent is cracked."),
            agent("Sorry to hear that. Could I have your order number?", after_ms=first),
            caller("It's D two two nine zero three."),
            Tool("find_order", {"order_id": "D22903"}, {"item": "tent", "status": "delivered"}),
            agent("Good, I found the tent. Shall I send you a new pole, free of charge?", after_ms=second),
            caller("Yes, please. We leave on Saturday."),
            Tool("order_replacement", {"order_id": "D22903", "part": "tent pole"}, {"arrives": "thursday"}),
            agent("I ordered the pole by express mail. You should have it on Thursday.", after_ms=max(third, 880)),
            caller("That works. Do I have to send the broken one back?"),
            agent("No, you can recycle it.", after_ms=fourth),
            caller("Okay. Thanks, bye.", kind="farewell"),
            agent("Have a good trip. Goodbye."),
        ],
        expectations={
            "function_calls": calls(
                call("find_order", order_id="D22903"),
                call("order_replacement", order_id="D22903", part={"text": "tent pole"}, confirmed_first=True),
            ),
            "stages": ["greet", "verify", "resolve", "close"],
        },
        outcome=SOLVED,
        feedback=csat(4, "new pole is coming"),
    )


CASES = [
    scene(
        case="slow-answers",
        id="returns-0106",
        started_at="2026-10-29T17:05:00.000Z",
        story="the agent answers after about 3.5 s; the model's first token takes most of it",
        answers_ms=SLOW_MS,
        expected=[
            Expected(evaluator="turn_taking", metric="turn_latency_ms.p95", low=3000),
            Expected(evaluator="turn_taking", metric="turn_latency_ms.p50", low=2800),
        ],
    ),
    scene(
        case="slow-answers-twin",
        id="returns-0107",
        started_at="2026-10-29T18:20:00.000Z",
        story="none: every answer within 1.1 s",
        answers_ms=PROMPT_MS,
        expected=[
            Expected(evaluator="turn_taking", metric="turn_latency_ms.p95", high=1100),
            Expected(evaluator="turn_taking", metric="turn_latency_ms.p50", high=1000),
        ],
    ),
]
