"""Event logs of the OpenAI Realtime API (GA and beta names; websocket, WebRTC, SIP) and of the Live API.

There is no standard file form; `realtime.envelope` reads the usual ones. Events carry no wall-clock time, so without
an envelope that has one, no turn has a time. The end of a caller's turn is the server's `audio_end_ms` on the clock of
the audio sent; the start of an agent's turn is when its first sound arrived.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from evalhub.errors import BadInput
from evalhub.traces.formats import Parsed
from evalhub.traces.formats.peek import first_object
from evalhub.traces.formats.realtime.assembling import assemble
from evalhub.traces.formats.realtime.envelope import PAYLOADS, is_event
from evalhub.traces.formats.realtime.merging import read_log
from evalhub.traces.formats.realtime.reading import read

NAME = "openai_realtime"
INSIDE = re.compile(
    rb'\\?"type\\?"\s*:\s*\\?"(session\.(created|updated?|start|started|input|output)|conversation\.(item|created)'
    rb"|response\.(create|created|done|event)|(input|output)_audio_buffer\.|transcription_session\.)"
    rb'|\\?"event_id\\?"\s*:\s*\\?"ev(en)?t_'
)
"""the type of an event, or, where that comes after 64 KiB of instructions, the look of its id"""


def recognises(head: bytes, media_type: str | None) -> bool:  # noqa: ARG001  (the content decides)
    """Whether the first object is an event, an envelope around one, or a HAR file with websocket messages."""
    fields = first_object(head)
    if is_event(fields):
        return True
    if fields.get("log") is dict and b"_webSocketMessages" in head:
        return True
    holds_payload = any(fields.get(key) is dict or isinstance(fields.get(key), str) for key in PAYLOADS)
    return holds_payload and INSIDE.search(head) is not None


def parse(body: bytes, conversation_id: str | None) -> Parsed:
    """The conversation in one log.

    Raises:
        BadInput: nothing in it is an event of these APIs.
    """
    return parse_many([body], conversation_id)


def parse_many(bodies: Sequence[bytes], conversation_id: str | None) -> Parsed:
    """The conversation in the parts of one log, in order of arrival; what came twice counts once.

    Raises:
        BadInput: nothing in them is an event of these APIs.
    """
    warnings: list[dict[str, str]] = []
    events = read_log(bodies, warnings)
    if not events:
        raise BadInput("There are no events in this log.")
    log = read(events)
    log.warnings = [*warnings, *log.warnings]
    conversation, audio = assemble(log, events[0].time, conversation_id)
    return Parsed(conversations=[conversation], audio=audio, ended=log.ended)
