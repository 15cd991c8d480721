"""The agent's track is far too loud: its peaks are cut off."""

from agents import COMPANION_NEW
from cast import COMPANION, GRACE
from expectations import SOLVED, call, calls, csat, exactly
from script import Expected, Scene, Tool, agent, caller

RUN = {"miles": 5, "feeling": "good"}


def scene(*, gain_db: float, expected: list[Expected], **own: str) -> Scene:
    return Scene(
        **own,
        expected=expected,
        agent_gain_db=gain_db,
        audio="flac",
        agent=COMPANION_NEW,
        voices={"agent": COMPANION, "caller": GRACE},
        channel="app",
        user_id="u-68",
        tags=["running"],
        steps=[
            agent("You're back, Grace! How was the run?"),
            caller("Long. I did five miles, and the last one was all uphill."),
            agent("Five miles with a hill at the end? That is amazing! How do you feel now?"),
            caller("Good. Tired, but good."),
            Tool("log_run", RUN, {"status": "written"}),
            agent("I wrote it down! Drink something, stretch your legs, and be proud of yourself!"),
            caller("Thanks. Same time on Thursday?"),
            Tool("set_reminder", {"day": "thursday", "time": "18:00"}, {"status": "set"}),
            agent("Thursday at six it is! I'll remind you an hour before."),
            caller("Great. Bye for now.", kind="farewell"),
            agent("Bye Grace! Well done today!"),
        ],
        expectations={
            "function_calls": calls(call("log_run", miles=5, feeling={"text": "good"}), extra="allowed"),
            "stages": ["greet", "encourage", "close"],
        },
        outcome=SOLVED,
        feedback=csat(4, "makes me smile"),
    )


CASES = [
    scene(
        case="clipped-agent",
        id="companion-0303",
        started_at="2026-11-02T18:40:00.000Z",
        story="the agent's track is 20 dB too loud and clipped",
        gain_db=20.0,
        expected=[
            Expected(evaluator="delivery", metric="clipped_fraction", low=0.001),
            exactly("recording_check", "recording_check.clean", 0, verdict="fail"),
            exactly("recording_check", "recording_check.clipping", 1),
        ],
    ),
    scene(
        case="clipped-agent-twin",
        id="companion-0304",
        started_at="2026-11-02T19:30:00.000Z",
        story="none: the same call at the usual level",
        gain_db=0.0,
        expected=[
            exactly("delivery", "clipped_fraction", 0),
            exactly("recording_check", "recording_check.clean", 1, verdict="pass"),
            Expected(evaluator="recording_check", metric="recording_check.clipping", absent=True),
        ],
    ),
]
