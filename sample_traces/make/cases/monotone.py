"""A prompt that asks for an upbeat, expressive voice, spoken flat and spoken lively."""

from agents import COMPANION_OLD
from cast import COMPANION, COMPANION_FLAT, LEO
from expectations import SOLVED, call, calls, csat
from script import Expected, Scene, Tool, agent, caller
from voices import Voice

GOAL = {"miles": 2, "pace": "easy"}


def scene(*, voice: Voice, expected: list[Expected], **own: str) -> Scene:
    return Scene(
        **own,
        expected=expected,
        agent=COMPANION_OLD,
        voices={"agent": voice, "caller": LEO},
        channel="app",
        user_id="u-63",
        tags=["running"],
        steps=[
            agent("Good morning, Leo! You're up early today. Are we going for that run?"),
            caller("Morning. I slept badly, so I'm not sure I can do the whole loop."),
            agent("That's okay! Any run beats no run. How about two easy miles by the river, and a coffee afterwards?"),
            caller("Two miles sounds fine. The coffee sounds even better."),
            Tool("set_goal", GOAL, {"status": "set"}),
            agent(
                "Wonderful! I set two miles at an easy pace. And guess what? This will be your tenth run this month!"
            ),
            caller("Really? I didn't think I'd get that far."),
            agent("You did it one morning at a time. I'm so proud of you! Are your shoes on yet?"),
            caller("Almost. Let's go. Talk to you later.", kind="farewell"),
            agent("Have a great run, Leo! Enjoy every step!"),
        ],
        expectations={
            "function_calls": calls(call("set_goal", miles=2, pace="easy")),
            "stages": ["greet", "encourage", "close"],
        },
        outcome=SOLVED,
        feedback=csat(4, "gets me out of the door"),
    )


CASES = [
    scene(
        case="monotone",
        id="companion-0301",
        started_at="2026-10-28T06:15:00.000Z",
        story="the style asks for high energy and expressiveness, the agent's pitch hardly moves",
        voice=COMPANION_FLAT,
        expected=[
            Expected(evaluator="delivery", metric="f0_sd_st", high=1.5),
            Expected(evaluator="delivery", metric="expressiveness", verdict="fail"),
            Expected(evaluator="delivery", metric="energy", verdict="fail"),
        ],
    ),
    scene(
        case="monotone-twin",
        id="companion-0302",
        started_at="2026-10-28T07:05:00.000Z",
        story="none: the same words with a lively pitch",
        voice=COMPANION,
        expected=[
            Expected(evaluator="delivery", metric="f0_sd_st", low=3),
            Expected(evaluator="delivery", metric="expressiveness", verdict="pass"),
            Expected(evaluator="delivery", metric="energy", verdict="pass"),
        ],
    ),
]
