"""A stereo recording whose channels are the other way round than it says."""

from agents import BOOKING_NEW
from cast import BOOKING_DESK, PATRICK
from expectations import SOLVED, call, calls, csat, exactly
from script import Expected, Scene, Tool, agent, caller

APPOINTMENT = {"id": "appt-640", "day": "thursday", "time": "15:00", "with": "Doctor Shah"}


def scene(*, swapped: bool, expected: list[Expected], **own: str) -> Scene:
    return Scene(
        **own,
        expected=expected,
        swap_tracks=swapped,
        agent=BOOKING_NEW,
        voices={"agent": BOOKING_DESK, "caller": PATRICK},
        user_id="u-57",
        tags=["appointment"],
        steps=[
            agent("Harbor Street Dental, good afternoon. How may I help?"),
            caller("Good afternoon. I only want to check when my appointment is. The name is Alan Foster."),
            Tool("find_appointment", {"name": "Alan Foster"}, APPOINTMENT),
            agent("Yes, Mister Foster. You see Doctor Shah on Thursday at three."),
            caller("Right. And is there parking near the practice?"),
            agent("Yes, there is a garage behind the building. The first hour is free for patients."),
            caller("Good to know. Can I pay by card?"),
            agent("Of course. We take cards and cash at the front desk."),
            caller("Great, that's all I needed. Goodbye.", kind="farewell"),
            agent("See you on Thursday. Goodbye."),
        ],
        expectations={
            "function_calls": calls(call("find_appointment", name={"text": "Alan Foster"})),
            "stages": ["greet", "identify", "close"],
        },
        outcome=SOLVED,
        feedback=csat(5, "all answered"),
    )


CASES = [
    scene(
        case="swapped-tracks",
        id="booking-0207",
        started_at="2026-11-01T13:25:00.000Z",
        story="the recording says caller left, agent right; it is the other way round",
        swapped=True,
        expected=[
            exactly("recording_check", "recording_check.clean", 0, verdict="fail"),
            exactly("recording_check", "recording_check.tracks_swapped", 1),
        ],
    ),
    scene(
        case="swapped-tracks-twin",
        id="booking-0208",
        started_at="2026-11-01T14:50:00.000Z",
        story="none: caller left, agent right",
        swapped=False,
        expected=[
            exactly("recording_check", "recording_check.clean", 1, verdict="pass"),
            Expected(evaluator="recording_check", metric="recording_check.tracks_swapped", absent=True),
        ],
    ),
]
