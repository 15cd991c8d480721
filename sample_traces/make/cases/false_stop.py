"""The caller only says "okay" while the agent speaks: the agent falls silent, or rightly goes on."""

from agents import COMPANION_NEW
from cast import ARTHUR, COMPANION
from expectations import SOLVED, call, calls, csat, exactly
from script import Expected, Scene, Tool, agent, caller

PLAN = (
    "Here is the plan! You warm up for five minutes, then you run four minutes and walk one, five times in a row, "
    "and you finish with a slow walk home."
)


def scene(*, yields_ms: int | None, resumes_ms: int, expected: list[Expected], **own: str) -> Scene:
    return Scene(
        **own,
        expected=expected,
        agent=COMPANION_NEW,
        voices={"agent": COMPANION, "caller": ARTHUR},
        channel="app",
        user_id="u-71",
        tags=["running", "beginner"],
        steps=[
            agent("Hi Arthur! Great to hear you! What are we up to today?"),
            caller("Hello. The doctor said that I should start running. Slowly, mind you.", kind="turn"),
            agent(PLAN, yields_ms=yields_ms),
            caller("Okay.", cuts_in_ms=3600, kind="backchannel"),
            agent("How does that sound?", after_ms=resumes_ms),
            caller("That sounds possible. Can you remind me tomorrow at eight?", kind="turn"),
            Tool("set_reminder", {"day": "tomorrow", "time": "08:00"}, {"status": "set"}),
            agent("Of course! Eight o'clock, and I will be there with you!"),
            caller("Very good. Goodbye then.", kind="farewell"),
            agent("Goodbye, Arthur! See you tomorrow!"),
        ],
        expectations={
            "function_calls": calls(call("set_reminder", day="tomorrow", time="08:00")),
            "stages": ["greet", "encourage", "close"],
        },
        outcome=SOLVED,
        feedback=csat(4, "patient with me"),
    )


CASES = [
    scene(
        case="false-stop",
        id="companion-0305",
        started_at="2026-11-03T09:00:00.000Z",
        story='the agent stops dead at the caller\'s "okay" and only comes back after more than 2 s',
        yields_ms=300,
        resumes_ms=2600,
        expected=[exactly("turn_taking", "false_stop_rate", 1)],
    ),
    scene(
        case="false-stop-twin",
        id="companion-0306",
        started_at="2026-11-03T10:20:00.000Z",
        story='none: the agent talks on over the "okay"',
        yields_ms=None,
        resumes_ms=900,
        expected=[exactly("turn_taking", "false_stop_rate", 0)],
    ),
]
