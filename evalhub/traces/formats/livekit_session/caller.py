"""Who called a LiveKit agent, and how: the participant that the session was linked to, and its SIP attributes.

Read from `AgentSession._on_room_io_participant_linked` of livekit-agents 1.8.9.
"""

from __future__ import annotations

from typing import Any

from evalhub.traces.formats.loose import mapping, words
from evalhub.traces.spans import SpanRecord, TracedCall

LINKED = "participant_linked"
IDENTITY = "lk.pii.participant_identity"
SIP = "lk.sip."
NUMBER = "lk.pii.sip.phoneNumber"


def user_of(call: TracedCall) -> str | None:
    """The caller as the app names them (`user.id`), else the identity they joined the room with."""
    return call.said("user.id") or next((who for span in _sessions(call) if (who := _identity(span))), None)


def sip_of(call: TracedCall) -> dict[str, Any]:
    """Trunk, call ids and number of a call by phone, as LiveKit's SIP service names them; {} for any other."""
    found: dict[str, Any] = {}
    for span in _sessions(call):
        found |= {key.removeprefix(SIP): value for key, value in span.attributes.items() if key.startswith(SIP)}
        found |= {"phoneNumber": number} if (number := words(span.attributes.get(NUMBER))) else {}
    return found


def _sessions(call: TracedCall) -> list[SpanRecord]:
    return [span for span in call.spans if span.name == "agent_session"]


def _identity(span: SpanRecord) -> str | None:
    linked = (mapping(event.get("attributes")) for event in span.events if event.get("name") == LINKED)
    return next((who for said in linked if (who := words(said.get(IDENTITY)))), None)
