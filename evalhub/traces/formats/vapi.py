"""Vapi's server messages: the end-of-call report, or the live messages of a call where there is no report.

The report tells everything, so live messages count only without it. Source: docs.vapi.ai/server-url/events, and the
types of vapi-server-sdk 3.0.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from evalhub.errors import BadInput, Problem, describe
from evalhub.evaluators import digest
from evalhub.models import Conversation
from evalhub.traces.formats import Parsed, RecordingLink, vapi_live, vapi_report
from evalhub.traces.formats.peek import first_object
from evalhub.traces.formats.realtime.envelope import read_values
from evalhub.traces.formats.realtime.fields import key, name, text, thing
from evalhub.traces.formats.reports import known

NAME = "vapi"
REPORT = "end-of-call-report"
ANSWERED = frozenset(
    {
        "assistant-request", "tool-calls", "function-call", "transfer-destination-request",
        "handoff-destination-request", "knowledge-base-request", "voice-request", "call.endpointing.request",
    }
)  # fmt: skip
"""messages that wait for an answer of the agent's own server"""
KEPT = frozenset({REPORT, "status-update"})
"""messages that are stored when they come as webhooks: the report repeats what the others say"""
LIVE = frozenset({"status-update", "speech-update", "transcript", "conversation-update", "user-interrupted", "hang"})
TYPE = re.compile(
    rb'"type"\s*:\s*"(' + b"|".join(re.escape(kind.encode()) for kind in LIVE | ANSWERED | {REPORT}) + rb')"'
)
CHANNELS = {"inboundPhoneCall": "phone", "outboundPhoneCall": "phone", "webCall": "web"}


def recognises(head: bytes, media_type: str | None) -> bool:  # noqa: ARG001  (the content decides)
    """Whether the first object is a server message."""
    return first_object(head).get("message") is dict and TYPE.search(head) is not None


def kind_of(body: bytes) -> str:
    """The type of the first message in a body.

    Raises:
        BadInput: there is none.
    """
    return text(messages(body, [])[0], "type") or ""


def parse(body: bytes, conversation_id: str | None) -> Parsed:
    """The call that the messages of a body (one, or one a line) tell.

    Raises:
        BadInput: nothing in it is a server message.
    """
    warnings: list[dict[str, str]] = []
    told = messages(body, warnings)
    report = next((message for message in told if text(message, "type") == REPORT), None)
    call = thing(report or told[0], "call")
    conversation = Conversation(id=conversation_id or key(call, "id") or f"vapi-{digest(told[0])}")
    _describe(conversation, report or told[0], call)
    if report is not None:
        vapi_report.read(conversation, report, warnings)
    else:
        vapi_live.read(conversation, told, warnings)
    conversation.warnings = warnings or None
    links = list(_links(conversation.id, thing(report, "artifact")))
    return Parsed(conversations=[conversation], links=links, ended=report is not None)


def messages(body: bytes, warnings: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The messages of a body.

    Raises:
        BadInput: there is none in it.
    """
    values = list(read_values(body, warnings))
    found = [message for value in _flat(values) if (message := thing(value, "message")) and text(message, "type")]
    if not found:
        got = describe(values[0]) if values else "nothing"
        raise BadInput("There is no message in this body.", [Problem("message", "a server message of Vapi", got)])
    return found


def _flat(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        yield from value if isinstance(value, list) else [value]


def _describe(conversation: Conversation, message: dict[str, Any], call: dict[str, Any]) -> None:
    assistant = thing(message, "assistant") or thing(call, "assistant")
    customer = thing(message, "customer") or thing(call, "customer")
    kind = text(call, "type")
    conversation.channel = CHANNELS.get(kind, "other") if kind else None
    conversation.user_id = name(customer, "externalId") or name(customer, "number")
    conversation.agent_name = name(assistant, "name") or name(call, "assistantId")
    conversation.agent_version = name(message, "assistantVersion")
    conversation.meta = known(
        {
            "platform": "vapi",
            "call_type": kind,
            "assistant_id": text(call, "assistantId"),
            "phone_number_id": text(call, "phoneNumberId"),
            "customer_number": text(customer, "number"),
        }
    )


def _links(conversation_id: str, artifact: dict[str, Any]) -> Iterator[RecordingLink]:
    """The best recording there is: both sides apart on one file, else one file a side, else both mixed."""
    recording, mono = thing(artifact, "recording"), thing(artifact, "recording", "mono")
    stereo = _first(artifact, "presignedStereoUrl", "stereoRecordingUrl") or text(recording, "stereoUrl")
    sides = {
        "caller": text(artifact, "presignedCustomerUrl") or text(mono, "customerUrl"),
        "agent": text(artifact, "presignedAssistantUrl") or text(mono, "assistantUrl"),
    }
    mixed = _first(artifact, "presignedMonoUrl", "recordingUrl") or text(mono, "combinedUrl")
    best = {"stereo": stereo} if stereo else sides if all(sides.values()) else {"mixed": mixed}
    for track, url in best.items():
        if url:
            yield RecordingLink(conversation_id=conversation_id, track=track, url=url)


def _first(data: dict[str, Any], *names: str) -> str | None:
    return next((found for one in names if (found := text(data, one))), None)
