"""The speech recogniser mishears the caller; what was really said is given as the reference."""

from agents import RETURNS_NEW
from cast import FRONT_DESK, NORA
from expectations import SOLVED, call, calls, csat, exactly
from script import Expected, Scene, Tool, agent, caller

SPOKEN = (
    "Hello, my name is Nora Whitfield. The zipper on my rain jacket broke on the first hike.",
    "It's B five five zero eight one.",
    "A repair, if it doesn't take longer than a week.",
    "Lovely. Thank you so much, bye.",
)
MISHEARD = (
    "Hello, my name is Laura Woodfield. The slipper on my train jacket broke on the first bike.",
    "It's B five five zero eight one.",
    "I'll prepare if it doesn't take longer than we.",
    "Lovely. Thank you so much, bye.",
)


def scene(*, transcribed: tuple[str, ...], expected: list[Expected], **own: str) -> Scene:
    name, number, choice, farewell = (
        caller(text, transcribed=heard) for text, heard in zip(SPOKEN, transcribed, strict=True)
    )
    return Scene(
        **own,
        expected=expected,
        agent=RETURNS_NEW,
        voices={"agent": FRONT_DESK, "caller": NORA},
        user_id="u-35",
        tags=["repair"],
        metadata={"store": "denver"},
        steps=[
            agent("Northridge Outdoor returns, good afternoon. How can I help?"),
            name,
            agent("Sorry about that. Could you tell me the order number?"),
            number,
            Tool("find_order", {"order_id": "B55081"}, {"item": "rain jacket", "status": "delivered"}),
            agent("Good, I found the order. Would you like a repair, or would you like to return it?"),
            choice,
            Tool("book_repair", {"order_id": "B55081", "item": "rain jacket"}, {"days": 5, "label": "sent"}),
            agent("The workshop needs about five days. I sent you a label for the parcel."),
            farewell,
            agent("You're welcome. Goodbye."),
        ],
        expectations={
            "function_calls": calls(
                call("find_order", order_id="B55081"),
                call("book_repair", order_id="B55081", item={"text": "rain jacket"}),
            ),
            "stages": ["greet", "verify", "resolve", "close"],
        },
        outcome=SOLVED,
        feedback=csat(5, "a repair instead of a new one, good"),
    )


CASES = [
    scene(
        case="misheard-words",
        id="returns-0111",
        started_at="2026-11-01T16:10:00.000Z",
        story="names and things are transcribed wrongly (reference_text has what was said)",
        transcribed=MISHEARD,
        expected=[
            Expected(evaluator="word_errors", metric="wer", low=0.15),
            exactly("entity_accuracy", "entity_accuracy.caller", 0.5),
        ],
    ),
    scene(
        case="misheard-words-twin",
        id="returns-0112",
        started_at="2026-11-01T17:30:00.000Z",
        story="none: transcribed as spoken",
        transcribed=SPOKEN,
        expected=[exactly("word_errors", "wer", 0), exactly("entity_accuracy", "entity_accuracy.caller", 1)],
    ),
]
