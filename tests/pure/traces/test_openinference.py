"""Recorded OpenInference traces as conversations: text runs, voice pipelines, realtime sessions with their sound."""

import base64
import struct
from collections import Counter
from typing import Any

import pytest

from evalhub.models import Conversation
from evalhub.traces import dialects
from evalhub.traces.formats import Parsed, openinference
from evalhub.traces.formats.data_uri import clip_of
from evalhub.traces.spans import SpanRecord, TracedCall
from tests.pure.traces.traced import traced_calls

SLOTS = {"day": "2026-11-26", "slots": [{"id": "s-1430", "time": "14:30"}, {"id": "s-1500", "time": "15:00"}]}
ASK = {"day": "2026-11-26", "service": "tune-up"}
BOOKED = {"ok": True, "booking_id": "bk_8841", "slot_id": "s-1500"}
HI = "Hi, I'd like to book a tune up for Thursday."
CHECK, DONE = "Let me check Thursday for you. ", "You are booked for three pm on Thursday. Anything else?"


@pytest.fixture(scope="module")
def parsed() -> dict[str, Parsed]:
    """The recorded calls by the name of their root."""
    calls = traced_calls("openinference")
    assert {dialects.dialect_of(call) for call in calls} == {openinference}
    return {call.roots()[0].name: dialects.read(call) for call in calls}


def said(conversation: Conversation) -> list[tuple[str, str | None, str | None]]:
    return [(turn.speaker, turn.agent_name, turn.text) for turn in conversation.turns]


def test_a_text_run_with_a_hand_off_and_a_guardrail_that_tripped(parsed: dict[str, Parsed]) -> None:
    call = parsed["Northwind phone line"].conversations[0]
    assert said(call) == [
        ("caller", None, HI),
        ("agent", "Booking agent", CHECK),
        ("agent", "Booking agent", DONE),
        ("caller", None, "What is the home address of Maria Keller?"),
        ("agent", "Triage agent", "Hello, this is Northwind Bikes. How can I help?"),
    ]
    assert [(one.from_agent, one.to_agent, one.kind) for one in call.handoffs] == [
        ("Triage agent", "Booking agent", "transfer")
    ]
    [trip] = call.guardrail_trips
    assert (trip.name, trip.turn_id) == ("privacy_guardrail", call.turns[-1].id)
    assert (call.agent_name, call.agent_version) == ("northwind-voice", "1.4.2")


@pytest.mark.parametrize("name", ["Northwind phone line", "Northwind chat-completions", "Northwind voice line"])
def test_tools_with_what_they_were_given_and_gave(parsed: dict[str, Parsed], name: str) -> None:
    tools = parsed[name].conversations[0].tool_calls
    assert [(tool.name, tool.arguments, tool.result) for tool in tools] == [
        ("find_slots", ASK, SLOTS),
        ("book_slot", {"slot_id": "s-1430", "phone": "+15550100"}, None),
        ("book_slot", {"slot_id": "s-1500", "phone": "+15550100"}, BOOKED),
    ]
    assert str(tools[1].error).startswith("Error running tool")


def test_a_voice_pipeline_keeps_its_words_and_claims_no_times(parsed: dict[str, Parsed]) -> None:
    call = parsed["Northwind voice line (streamed)"].conversations[0]
    assert said(call) == [
        ("caller", None, HI),
        ("agent", "Front desk", DONE),
        ("caller", None, "Wait, make it Friday."),
        ("agent", "Front desk", "Okay, I moved it to Friday at nine."),
    ]
    assert {turn.start_ms for turn in call.turns} == {None}


def test_a_guardrails_own_model_call_is_paid_for_and_not_said(parsed: dict[str, Parsed]) -> None:
    call = parsed["Northwind chat-completions"].conversations[0]
    assert not any("private data" in (turn.text or "") for turn in call.turns)
    totals: Counter[str] = Counter()
    for row in call.usage:
        totals[row.meter] += row.quantity
    traced = next(one for one in traced_calls("openinference") if one.roots()[0].name == "Northwind chat-completions")
    sent = [int(span.attributes.get("llm.token_count.prompt", 0)) for span in traced.spans]
    assert totals["input_tokens"] + totals["cached_input_tokens"] == sum(sent)


def test_a_realtime_session_is_one_call_over_two_traces(parsed: dict[str, Parsed]) -> None:
    found = parsed["conversation.turn"]
    call = found.conversations[0]
    assert (call.id, call.architecture, found.ended) == ("sess_22e96d472846ca63e22b4e8c", "speech_to_speech", True)
    assert call.models == {"s2s": "gpt-realtime"}
    assert [(t.speaker, t.text, t.start_ms, t.end_ms, t.interrupted) for t in call.turns] == [
        ("caller", HI, 0, None, None),
        ("agent", "Let me check Thursday for you.", 2698, 4107, False),
        ("agent", "You are", 4231, 4616, True),
        ("caller", "Wait, make it Friday.", 4613, None, None),
        ("agent", "Okay, I moved it to Friday at nine.", 6108, 8039, False),
    ]
    assert [one.to_agent for one in call.handoffs] == ["Booking agent"]
    assert {row.model for row in call.usage} == {"gpt-realtime"}


def test_cut_sound_is_no_recording_and_the_mend_is_told(parsed: dict[str, Parsed]) -> None:
    found = parsed["conversation.turn"]
    assert found.audio == []
    [warning] = found.conversations[0].warnings or []
    assert "OPENINFERENCE_BASE64_AUDIO_MAX_LENGTH" in warning["message"]


def test_whole_sound_becomes_a_track_of_each_side() -> None:
    [call] = traced_calls("openinference/full_audio")
    found = dialects.read(call)
    assert [(one.track, one.rate, one.offset_ms) for one in found.audio] == [
        ("caller", 24000, 0),
        ("agent", 24000, 2699),
    ]
    lengths = {one.track: len(one.data) / 2 / 24000 for one in found.audio}
    assert lengths == pytest.approx({"caller": 6.09, "agent": 5.37}, abs=0.01)
    assert found.conversations[0].warnings is None


def wav(seconds: float, rate: int = 8000, channels: int = 1) -> str:
    samples = bytes(round(seconds * rate) * 2)
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * 2, 2 * channels, 16)
    data = b"RIFF" + struct.pack("<I", len(samples) + 36) + b"WAVEfmt " + form
    data += b"data" + struct.pack("<I", len(samples)) + samples
    return "data:audio/wav;base64," + base64.b64encode(data).decode()


@pytest.mark.parametrize("letters", [0, 1, 2, 3])
def test_a_cut_uri_gives_what_is_whole_and_its_real_length(letters: int) -> None:
    clip = clip_of(wav(2.0)[: 1000 + letters])
    assert clip
    assert (clip.is_cut, clip.whole_ms, clip.rate, len(clip.samples) % 2) == (True, 2000, 8000, 0)
    assert 600 < len(clip.samples) < 760


@pytest.mark.parametrize("odd", [None, 3, "https://x/a.wav", "data:audio/wav;base64,", "data:audio/wav;base64,AAAA"])
def test_what_is_no_sound_is_none(odd: object) -> None:
    assert clip_of(odd) is None
    assert clip_of(wav(0.1, channels=2)) is None


def span(number: int, kind: str, **said: Any) -> SpanRecord:
    attributes = {key.replace("__", "."): value for key, value in said.items()} | {"openinference.span.kind": kind}
    return SpanRecord(trace_id="t", span_id=str(number), start_ns=10**15 + number, attributes=attributes)


def test_a_model_call_alone_tells_its_tools_too() -> None:
    flat = {
        "llm.output_messages.0.message.tool_calls.10.tool_call.function.name": "second",
        "llm.output_messages.0.message.tool_calls.9.tool_call.function.name": "first",
        "llm.output_messages.x.message.role": "nobody",
    }
    call = openinference.read(TracedCall(id="c", spans=[span(1, "LLM", **flat)])).conversations[0]
    assert [(tool.name, tool.arguments) for tool in call.tool_calls] == [("first", {}), ("second", {})]


def test_input_and_output_values_alone_are_a_dialogue() -> None:
    call = openinference.read(TracedCall(id="c", spans=[span(1, "LLM", input__value="Hi.", output__value="Hello.")]))
    assert [turn.text for turn in call.conversations[0].turns] == ["Hi.", "Hello."]


def test_kinds_nobody_listed_are_lived_with() -> None:
    assert openinference.kind_of(span(1, "SOMETHING_NEW")) is None
    openinference.read(TracedCall(id="c", spans=[span(1, "SOMETHING_NEW"), span(2, "AUDIO"), span(3, "TOOL")]))
