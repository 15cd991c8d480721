"""What is sent about a conversation apart from itself, before or after it: events, its end, feedback."""

from __future__ import annotations

from typing import Any

from evalhub.errors import BadInput, Problem, describe
from evalhub.models import Conversation
from evalhub.traces.bodies import read_json
from evalhub.traces.formats import Parsed
from evalhub.traces.formats import native_schema as schema
from evalhub.traces.formats.native_build import MODELS, build, by_content, name_items
from evalhub.traces.formats.native_faults import checked

EVENTS, END, FEEDBACK = "native-events", "native-end", "native-feedback"
AFTER_THE_WHOLE = 1 << 40
"""positions of what comes in parts: behind the lists of the whole conversation, where no time says otherwise"""


def parse(kind: str, body: bytes, conversation_id: str) -> Parsed:
    """The part of a conversation that a body of this kind (EVENTS, END, FEEDBACK) tells.

    An item without an id gets one from its content, so that sending it again changes nothing.

    Raises:
        Unreadable: not JSON.
        BadInput: any fault in it, with every fault found.
    """
    warnings: list[dict[str, str]] = []
    value = read_json(body, warnings) if body.strip() or kind != END else {}
    part = _feedback(value) if kind == FEEDBACK else checked(schema.Events, value)
    name_items(part, by_content)
    conversation = build(part, conversation_id, warnings)
    conversation.duration_ms = None  # known only of the whole
    _after_the_whole(conversation)
    return Parsed(conversations=[conversation], ended=kind == END)


def _after_the_whole(conversation: Conversation) -> None:
    for name in MODELS:
        for item in getattr(conversation, name):
            item.position += AFTER_THE_WHOLE


def _feedback(value: Any) -> schema.Events:
    """One item, or a list of them, as the events that tell it."""
    if isinstance(value, list):
        return checked(schema.Events, {"feedback": value})
    if not isinstance(value, dict):
        raise BadInput("This is no feedback.", [Problem("body", "an object or a list of them", describe(value))])
    try:
        return checked(schema.Events, {"feedback": [value]})
    except BadInput as fault:
        places = [Problem(p.path.removeprefix("feedback[0]."), p.expected, p.got) for p in fault.problems]
        raise BadInput(fault.message, places) from None
