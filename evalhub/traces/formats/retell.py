"""Retell's webhooks: each event carries the whole call as it is known then, so that the last one tells everything.

Times of words are of the recording's clock, "more like an approximation". Costs are cents. Source:
docs.retellai.com/features/webhook, and the types of retell-sdk 6.2.13.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalhub.errors import BadInput, Problem, describe
from evalhub.evaluators import digest
from evalhub.models import Conversation, Usage
from evalhub.traces.bodies import read_json, warning
from evalhub.traces.formats import Parsed, RecordingLink, reports, retell_transcript
from evalhub.traces.formats.native_build import duration_ms
from evalhub.traces.formats.peek import first_object
from evalhub.traces.formats.realtime.fields import at, key, listed, ms, name, text, thing

NAME = "retell"
OVER = frozenset({"call_ended", "call_analyzed"})
OF_CALLS = ("call_", "transfer_", "transcript_")
IGNORED = frozenset({"transcript_updated"})
"""the same call again at every turn; the end repeats it whole"""
CHANNELS = {"phone_call": "phone", "web_call": "web"}
STAGES = {"asr": "stt", "llm": "llm_first_token", "s2s": "llm_first_token", "tts": "tts_first_byte"}
ENDED_BY = {"user_hangup": "caller", "agent_hangup": "agent", "call_transfer": "agent"}


def recognises(head: bytes, media_type: str | None) -> bool:  # noqa: ARG001  (the content decides)
    """Whether the first object is an event of a call, or a call as the API gives it."""
    fields = first_object(head)
    if fields.get("call") is dict:
        return str(fields.get("event", "")).startswith(OF_CALLS)
    return {"call_id", "agent_id", "call_status"} <= fields.keys()


def event_of(body: bytes) -> str:
    """The event of a body; empty where it names none.

    Raises:
        Unreadable: not JSON.
    """
    return text(read_json(body, []), "event") or ""


def parse(body: bytes, conversation_id: str | None) -> Parsed:
    """The call of an event.

    Raises:
        BadInput: there is no call in it.
    """
    warnings: list[dict[str, str]] = []
    event, whole, call = _event(body, warnings)
    conversation = Conversation(id=conversation_id or key(call, "call_id") or f"retell-{digest(call)}")
    _describe(conversation, call)
    retell_transcript.read(conversation, call, whole)
    _waits(conversation, call, warnings)
    conversation.usage = _usage(call)
    _outcome(conversation, call, warnings)
    conversation.duration_ms = duration_ms(conversation) or ms(call, "duration_ms")
    conversation.warnings = warnings or None
    sid = key(call, "telephony_identifier", "twilio_call_sid")
    return Parsed(
        conversations=[conversation],
        links=list(_links(conversation.id, call)),
        aliases=[sid] if sid else [],
        ended=event in OVER or text(call, "call_status") in ("ended", "error", "not_connected"),
    )


def _event(body: bytes, warnings: list[dict[str, str]]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The name of the event, the whole of it, and its call."""
    value = read_json(body, warnings)
    call = thing(value, "call") or (value if isinstance(value, dict) and "call_id" in value else {})
    if not call:
        raise BadInput("There is no call in this body.", [Problem("call", "a call of Retell", describe(value))])
    return text(value, "event") or "", value, call


def _describe(conversation: Conversation, call: dict[str, Any]) -> None:
    kind, direction, metadata = text(call, "call_type"), text(call, "direction"), thing(call, "metadata")
    conversation.started_at = reports.moment(call.get("start_timestamp"))
    conversation.ended_at = reports.moment(call.get("end_timestamp"))
    conversation.channel = CHANNELS.get(kind, "other") if kind else None
    number = name(call, "to_number" if direction == "outbound" else "from_number")
    conversation.user_id = name(metadata, "user_id") or number
    conversation.agent_name = name(call, "agent_name") or name(call, "agent_id")
    version = at(call, "agent_version")
    conversation.agent_version = str(version)[:255] if isinstance(version, int | str) else None
    conversation.tags = [tag] if (tag := name(call, "agent_tag")) else None
    conversation.architecture = "speech_to_speech" if thing(call, "latency", "s2s") else None
    facts = {
        "platform": "retell",
        "call_type": kind,
        "direction": direction,
        "agent_id": text(call, "agent_id"),
        "from_number": text(call, "from_number"),
        "to_number": text(call, "to_number"),
        "twilio_call_sid": text(call, "telephony_identifier", "twilio_call_sid"),
        "variables": thing(call, "retell_llm_dynamic_variables") | thing(call, "collected_dynamic_variables"),
    }
    conversation.meta = metadata | reports.known(facts)


def _waits(conversation: Conversation, call: dict[str, Any], warnings: list[dict[str, str]]) -> None:
    told = reports.answers(conversation.turns)
    waits = {stage: values for part, stage in STAGES.items() if (values := _waits_of(call, part))}
    conversation.stage_timings = reports.stage_timings(told, waits, warnings)
    reports.note_latency(told, _waits_of(call, "e2e"))


def _waits_of(call: dict[str, Any], part: str) -> list[float]:
    return reports.counts(at(call, "latency", part, "values"))


def _usage(call: dict[str, Any]) -> list[Usage]:
    """Tokens of all model calls together (given and spoken are not told apart), and dollars of each product."""
    tokens = sum(reports.counts(at(call, "llm_token_usage", "values")))
    rows = [Usage(id="llm:tokens", meter="tokens", quantity=tokens)] if tokens else []
    for index, row in enumerate(listed(call, "call_cost", "product_costs")):
        rows += reports.cost(f"cost-{index + 1}", name(row, "product"), _dollars(row, "cost"))
    return reports.numbered([*rows, *reports.rest(rows, "retell", _dollars(call, "call_cost", "combined_cost"))])


def _dollars(data: dict[str, Any], *path: str) -> float | None:
    cents = reports.count(data, *path)
    return round(cents / 100, 8) if cents is not None else None


def _outcome(conversation: Conversation, call: dict[str, Any], warnings: list[dict[str, str]]) -> None:
    reason, analysis = text(call, "disconnection_reason"), thing(call, "call_analysis")
    resolved = analysis.get("call_successful")
    conversation.outcome = reports.known(
        {
            "reason": reason,
            "ended_by": ENDED_BY.get(reason or ""),
            "resolved": resolved if isinstance(resolved, bool) else None,
            "transferred_to": text(call, "transfer_destination"),
        }
    ) or None  # fmt: skip
    told = {
        "summary": text(analysis, "call_summary"),
        "structured_data": analysis.get("custom_analysis_data"),
        "user_sentiment": text(analysis, "user_sentiment"),
        "in_voicemail": analysis.get("in_voicemail"),
    }
    conversation.meta = (conversation.meta or {}) | reports.known(told)
    if reason and (reason.startswith("error_") or reason == "dial_failed"):
        warnings.append(warning("disconnection_reason", f"the call ended by an error: {reason}"))


def _links(conversation_id: str, call: dict[str, Any]) -> Iterator[RecordingLink]:
    """Both sides apart where there is such a file, else both mixed; without personal data where only that is kept."""
    for track, field in (("stereo", "recording_multi_channel_url"), ("mixed", "recording_url")):
        if url := text(call, field) or text(call, f"scrubbed_{field}"):
            yield RecordingLink(conversation_id=conversation_id, track=track, url=url)
            return
