"""LiveKit's session report: what `JobContext.make_session_report().to_dict()` writes at the end of a session.

The same facts come in LiveKit's own upload (livekit_upload.py). A report is one record of the session's call, read by
the dialect together with the spans of the same room. Read from livekit-agents 1.8.9. Times in it are unix seconds.
"""

from __future__ import annotations

from typing import Any

from evalhub.errors import BadInput, Problem, describe
from evalhub.traces.bodies import read_json
from evalhub.traces.formats import Parsed
from evalhub.traces.formats.loose import number, words
from evalhub.traces.formats.otlp import Decoded
from evalhub.traces.formats.peek import first_object
from evalhub.traces.spans import LogRecord

NAME = "livekit_report"
EVENT = "livekit.session_report"
SIGNS = {"job_id", "room_id", "room"}
NS_PER_S = 1_000_000_000
LATEST_S = (1 << 63) // NS_PER_S


def recognises(head: bytes, media_type: str | None) -> bool:  # noqa: ARG001  (the content decides)
    """Whether the first object names a job, its room, and how the session was set up."""
    fields = first_object(head)
    return fields.keys() >= SIGNS and (fields.get("events") is list or fields.get("options") is dict)


def decode(body: bytes) -> Decoded:
    """The report as a record of the call it tells.

    Raises:
        Unreadable: not JSON.
        BadInput: no session report.
    """
    value = read_json(body, [])
    if not isinstance(value, dict) or not (words(value.get("room_id")) or words(value.get("job_id"))):
        raise BadInput("This is no session report.", [Problem("room_id", "the sid of a room", describe(value))])
    return Decoded(logs=[record(value)])


def parse(body: bytes, conversation_id: str | None) -> Parsed:  # noqa: ARG001  (the report names its call itself)
    """The call that one report tells.

    Raises:
        BadInput: as `decode`.
    """
    from evalhub.traces.traced_files import parse_records

    return parse_records([decode(body)])


def record(report: dict[str, Any]) -> LogRecord:
    """A report as a log record that names its call by the room, else by the job."""
    key = words(report.get("room_id")) or words(report.get("job_id"))
    return LogRecord(
        name=EVENT,
        time_ns=unix_ns(report.get("timestamp")),
        body={name: value for name, value in report.items() if name != "events"},  # they say what the history says
        attributes={"gen_ai.conversation.id": key},
    )


def unix_ns(seconds: Any) -> int | None:
    """Unix seconds in nanoseconds; None for what is no time."""
    found = number(seconds)
    return round(found * NS_PER_S) if found is not None and 0 < found < LATEST_S else None
