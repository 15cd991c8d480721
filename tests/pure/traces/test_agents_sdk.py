"""The Agents SDK's recorded exports: the wire, and the calls in it: text runs, voice pipelines, what was kept back."""

import base64
import json
from collections import Counter
from typing import Any

import pytest

from evalhub.errors import Unreadable
from evalhub.models import Conversation
from evalhub.traces import dialects
from evalhub.traces.formats import Parsed, agents_sdk, agents_sdk_calls
from evalhub.traces.grouping import calls_of
from evalhub.traces.spans import TracedCall
from tests.pure.traces.traced import bodies

HI = "Hi, I'd like to book a tune up for Thursday."
DONE = "You are booked for three pm on Thursday. Anything else?"
POLITE = "An error occurred while running the tool. Please try again."


@pytest.fixture(scope="module")
def traced() -> dict[str, TracedCall]:
    spans = [span for _, body in bodies("openai_agents") for span in agents_sdk.decode(body).spans]
    return {call.id: call for call in calls_of(spans)}


@pytest.fixture(scope="module")
def parsed(traced: dict[str, TracedCall]) -> dict[str, Parsed]:
    assert {dialects.dialect_of(call) for call in traced.values()} == {agents_sdk_calls}
    return {name: dialects.read(call) for name, call in traced.items()}


def said(conversation: Conversation) -> list[tuple[str, str | None, str]]:
    return [(turn.speaker, turn.agent_name, (turn.text or "").strip()) for turn in conversation.turns]


def test_traces_are_calls_by_their_group(traced: dict[str, TracedCall]) -> None:
    assert {name: len(call.spans) for name, call in traced.items()} == {
        "call_2f81": 91,
        "call_2f82": 19,
        "call_2f83": 19,
        "call_2f84": 8,
    }


def test_text_runs(parsed: dict[str, Parsed]) -> None:
    call = parsed["call_2f81"].conversations[0]
    assert (call.user_id, call.channel, call.prompt and call.prompt.version) == ("caller-77", "phone", "7")
    assert said(call)[:3] == [
        ("caller", None, HI),
        ("agent", "Booking agent", "Let me check Thursday for you."),
        ("agent", "Booking agent", DONE),
    ]
    assert {turn.start_ms for turn in call.turns} == {None}


def test_tools_hand_offs_and_the_guardrail(parsed: dict[str, Parsed]) -> None:
    call = parsed["call_2f81"].conversations[0]
    assert [(t.name, t.arguments, t.error) for t in call.tool_calls[:3]] == [
        ("find_slots", {"day": "2026-11-26", "service": "tune-up"}, None),
        ("book_slot", {"slot_id": "s-1430", "phone": "+15550100"}, POLITE),
        ("book_slot", {"slot_id": "s-1500", "phone": "+15550100"}, None),
    ]
    assert call.tool_calls[2].result == {"ok": True, "booking_id": "bk_8841", "slot_id": "s-1500"}
    assert {(one.from_agent, one.to_agent) for one in call.handoffs} == {("Triage agent", "Booking agent")}
    assert [(one.name, one.verdict_ms) for one in call.guardrail_trips] == [("privacy_guardrail", 160)]


def test_model_calls_that_failed_are_told(parsed: dict[str, Parsed]) -> None:
    messages = [one["message"] for one in parsed["call_2f81"].conversations[0].warnings or []]
    assert messages == ["a model call failed: Error getting response"] * 2


def test_tokens_are_those_of_model_calls_and_not_of_the_runs_around_them(
    traced: dict[str, TracedCall], parsed: dict[str, Parsed]
) -> None:
    totals: Counter[str] = Counter()
    for row in parsed["call_2f82"].conversations[0].usage:
        totals[row.meter] += row.quantity
    run = next(span for span in traced["call_2f82"].spans if span.name == "task").attributes["data"]["usage"]
    assert totals["input_tokens"] + totals["cached_input_tokens"] == run["input_tokens"]
    assert totals["cached_input_tokens"] == run["cached_input_tokens"]
    assert totals["output_tokens"] == run["output_tokens"]
    assert totals["characters"] == 85


def test_a_voice_pipeline_with_its_sound(parsed: dict[str, Parsed]) -> None:
    found = parsed["call_2f82"]
    call = found.conversations[0]
    assert said(call) == [
        ("caller", None, HI),
        ("agent", "Booking agent", f"Let me check Thursday for you.  {DONE}"),
    ]
    assert (call.architecture, call.voice) == ("chained", "ash")
    assert call.models == {"stt": "gpt-4o-mini-transcribe", "tts": "gpt-4o-mini-tts"}
    assert [(turn.start_ms, turn.end_ms) for turn in call.turns] == [(0, 2147), (4228, 8223)]
    assert [(one.track, one.rate, one.offset_ms) for one in found.audio] == [
        ("caller", 24000, 0),
        ("agent", 24000, 4228),
    ]
    assert len(found.audio[0].data) / 48_000 == pytest.approx(2.147, abs=0.001)
    assert {tool.turn_id for tool in call.tool_calls} == {call.turns[1].id}


def test_a_streamed_pipeline(parsed: dict[str, Parsed]) -> None:
    call = parsed["call_2f83"].conversations[0]
    assert set(said(call)) == {
        ("agent", None, "Hello, Northwind Bikes."),
        ("caller", None, HI),
        ("agent", "Front desk", DONE),
        ("caller", None, "Wait, make it Friday."),
        ("agent", "Front desk", "Okay, I moved it to Friday at nine."),
    }
    agent = call.turns_of("agent")
    assert [one.end_ms - one.start_ms for one in agent] == [1426, 2587, 1931]
    assert [row.stage for row in call.stage_timings] == ["tts_first_byte"] * 3


def test_without_audio_the_words_are_there_and_no_recording(parsed: dict[str, Parsed]) -> None:
    found = parsed["call_2f84"]
    assert said(found.conversations[0]) == [("caller", None, "Thanks, bye."), ("agent", "Front desk", "Goodbye!")]
    assert (found.audio, found.conversations[0].turns[1].end_ms) == ([], None)


def test_a_body_that_is_sent_again_says_the_same() -> None:
    sent = [agents_sdk.decode(body).spans for _, body in bodies("openai_agents/retry")]
    assert sent
    assert all(spans == sent[0] for spans in sent)


def export(*items: Any) -> bytes:
    return json.dumps({"data": items}).encode()


def item(**data: Any) -> dict[str, Any]:
    times = {"started_at": "2026-11-01T10:00:00.000001+00:00", "ended_at": "2026-11-01T10:00:01Z"}
    return {"object": "trace.span", "id": "span_1", "trace_id": "trace_1", "span_data": data} | times


def test_times_are_exact_to_the_microsecond() -> None:
    [span] = agents_sdk.decode(export(item(type="agent"))).spans
    assert (span.end_ns - span.start_ns, span.start_ns % 1_000_000) == (999_999_000, 1000)


def test_what_is_no_item_is_counted_and_told() -> None:
    decoded = agents_sdk.decode(export(item(type="agent"), 3, {"object": "trace"}, {"object": "trace.span", "id": ""}))
    assert (len(decoded.spans), decoded.rejected) == (1, 3)
    assert decoded.reasons[0].startswith("data[1]: expected a trace or a trace.span")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": {}}', b"{"])
def test_what_is_no_export_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        agents_sdk.decode(body)


@pytest.mark.parametrize(
    "data",
    [
        {"type": "transcription", "input": {"data": "AAA"}, "output": ["x"]},
        {"type": "speech_group", "input": 3},
        {"type": "generation", "input": 3, "output": [{"output": [3]}], "usage": {"input_tokens": "many"}},
        {"type": "function", "name": None, "input": "{", "output": None},
        {"type": "handoff", "from_agent": None, "to_agent": None},
    ],
)
def test_odd_spans_are_lived_with(data: dict[str, Any]) -> None:
    [call] = calls_of(agents_sdk.decode(export(item(**data))).spans)
    parsed = agents_sdk_calls.read(call)
    assert parsed.conversations[0].handoffs == []


def test_sentences_are_played_one_after_the_other() -> None:
    second = base64.b64encode(bytes(48_000)).decode()
    group = item(type="speech_group", input="One. Two.")
    first_at = "2026-11-01T10:00:00.100000+00:00"
    speech = [
        item(type="speech", input=text, output={"data": second}, first_content_at=first_at)
        | {"id": f"span_{number}", "parent_id": "span_1"}
        for number, text in ((2, "One."), (3, "Two."))
    ]
    [call] = calls_of(agents_sdk.decode(export(group, *speech)).spans)
    parsed = agents_sdk_calls.read(call)
    [turn] = parsed.conversations[0].turns
    assert (turn.end_ms - turn.start_ms, len(parsed.audio[0].data)) == (2000, 96_000)
