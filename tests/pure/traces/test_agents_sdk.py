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
    why = "Error code: 429 - Rate limit reached for gpt-4.1-mini"
    assert messages == [f"a model call failed: Error getting response ({why})"] * 2


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
    assert [one.end_ms - one.start_ms for one in agent] == pytest.approx([1426.6, 2586.9, 1931.4], abs=1)


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


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "1600-01-01T00:00:00+00:00", "9999-12-31T23:59:59Z"])
def test_a_time_that_no_nanoseconds_can_tell_is_none(moment: str) -> None:
    """The database would refuse it, and with it the whole export."""
    [span] = agents_sdk.decode(export(item(type="agent") | {"started_at": moment})).spans
    assert (span.start_ns, span.end_ns is None) == (None, False)


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


def moment(seconds: float) -> str:
    return f"2026-11-01T10:00:{seconds:09.6f}+00:00"


def step(id_: str, start: float, end: float, parent: str | None = None, **data: Any) -> dict[str, Any]:
    known = {"id": id_, "parent_id": parent, "started_at": moment(start), "ended_at": moment(end)}
    return item(**data) | known


def sound(seconds: float) -> dict[str, str]:
    return {"data": base64.b64encode(bytes(2 * round(24_000 * seconds))).decode(), "format": "pcm"}


def heard(start: float, end: float, seconds: float, *, streamed: bool, id_: str = "span_heard") -> dict[str, Any]:
    config: dict[str, Any] = {"language": "de"} | ({"turn_detection": {"type": "semantic_vad"}} if streamed else {})
    return step(id_, start, end, type="transcription", input=sound(seconds), output="Ja.", model_config=config)


def read(*items: dict[str, Any]) -> Parsed:
    [call] = calls_of(agents_sdk.decode(export(*items)).spans)
    return agents_sdk_calls.read(call)


def test_sound_that_waited_for_the_connection_does_not_move_the_end_of_a_streamed_turn() -> None:
    early = step("span_greeting", 0, 1, type="speech_group", input="Hallo.")
    [turn] = read(early, heard(5, 9, 4.5, streamed=True)).conversations[0].turns_of("caller")
    assert (turn.start_ms, turn.end_ms) == (4500, 9000)


def test_a_short_recording_was_over_before_it_was_transcribed() -> None:
    early = step("span_greeting", 0, 1, type="speech_group", input="Hallo.")
    [turn] = read(early, heard(5, 5.8, 0.5, streamed=False)).conversations[0].turns_of("caller")
    assert (turn.start_ms, turn.end_ms) == (4500, 5000)


def test_a_recording_that_is_kept_back_ended_before_it_was_transcribed(parsed: dict[str, Parsed]) -> None:
    [caller] = parsed["call_2f84"].conversations[0].turns_of("caller")
    assert (caller.start_ms, caller.end_ms) == (0, 0)


def test_the_language_is_that_of_transcription(parsed: dict[str, Parsed]) -> None:
    assert read(heard(0, 1, 1, streamed=False)).conversations[0].language == "de"
    assert [parsed[f"call_2f8{n}"].conversations[0].language for n in (2, 3, 4)] == ["en", "en", None]


def test_steps_belong_to_turns_of_their_own_trace(parsed: dict[str, Parsed]) -> None:
    call = parsed["call_2f81"].conversations[0]
    for part in (*call.tool_calls, *call.guardrail_trips, *call.usage):
        assert part.turn_id is None or part.turn_id.split(":")[0] == part.id.split(":")[0]
    assert [tool.turn_id is None for tool in call.tool_calls] == [True, True, True, False, False, False]
    assert [trip.turn_id for trip in call.guardrail_trips] == [None]


def test_the_first_trace_names_the_call(parsed: dict[str, Parsed]) -> None:
    assert parsed["call_2f81"].conversations[0].agent_name == "Northwind phone line"


def test_the_stages_before_a_spoken_turn(parsed: dict[str, Parsed]) -> None:
    stages = {one.stage: one.ms for one in parsed["call_2f82"].conversations[0].stage_timings}
    assert stages == {"stt": 178.934, "llm_first_token": 279.4, "tts_first_byte": 134.128}
    streamed = [(one.stage, one.turn_id) for one in parsed["call_2f83"].conversations[0].stage_timings]
    assert len(streamed) == len(set(streamed))
    assert Counter(stage for stage, _ in streamed) == {"llm_first_token": 2, "tts_first_byte": 3}


def test_tools_at_the_same_time_are_waited_for_once() -> None:
    steps = [step(f"span_m{at}", at, at + 1, type="response") for at in (1, 4)]
    steps += [step("span_f1", 2, 3, type="function", name="a"), step("span_f2", 2.5, 3.5, type="function", name="b")]
    group = step("span_g", 4.25, 6, type="speech_group", input="Done.")
    late = step("span_f3", 5, 5.5, type="function", name="c")
    call = read(*steps, group, late).conversations[0]
    assert {one.stage: one.ms for one in call.stage_timings} == {"tool": 1500, "llm_first_token": 1250}


def test_sentences_without_their_group_are_a_turn_under_its_id() -> None:
    speech = step("span_s", 0, 1, "span_g", type="speech", input="One.", output=sound(1), first_content_at=moment(0.5))
    group = step("span_g", 0, 2, type="speech_group", input="One. Two.")
    [alone], [whole] = (read(*items).conversations[0].turns for items in ([speech], [speech, group]))
    assert (alone.text, alone.start_ms, alone.end_ms) == ("One.", 500, 1500)
    assert (whole.text, whole.id) == ("One. Two.", alone.id)
    assert len(read(speech).audio) == 1


def test_words_that_are_kept_back_leave_a_turn_and_an_empty_tail_none() -> None:
    asked = step("span_1", 0, 2, type="transcription", input=sound(1), output=None, model_config={"turn_detection": {}})
    tail = step("span_2", 2, 9, type="transcription", input={"data": ""}, output=None)
    agent = step("span_3", 2, 3, type="agent", name="Desk")
    group = step("span_4", 2.5, 4, type="speech_group", input="")
    turns = read(asked, tail, agent, group).conversations[0].turns
    assert [(turn.speaker, turn.text, turn.end_ms) for turn in turns] == [("caller", None, 2000), ("agent", None, None)]


def test_a_step_names_its_agent_before_the_agent_itself_comes() -> None:
    turn = step(
        "span_t", 0, 2, "span_a", type="custom", name="turn", data={"sdk_span_type": "turn", "agent_name": "Desk"}
    )
    tool = step("span_f", 1, 2, "span_t", type="function", name="look")
    group = step("span_g", 1, 3, type="speech_group", input="So.")
    call = read(tool, turn, group).conversations[0]
    assert [call.tool_calls[0].agent_name, call.turns[0].agent_name] == ["Desk", "Desk"]


def test_speech_that_failed_is_told() -> None:
    failed = step("span_s", 0, 1, type="speech", input="Hi") | {"error": {"message": "no such voice", "data": {}}}
    assert read(failed).conversations[0].warnings == [
        {"path": "spans", "message": "speech synthesis failed: no such voice"}
    ]


def test_sound_that_is_too_long_to_lay_is_told_and_not_dropped_unsaid() -> None:
    later = heard(0, 1, 1, streamed=True, id_="span_late") | {
        "started_at": "2026-11-01T12:00:00+00:00",
        "ended_at": "2026-11-01T12:00:01+00:00",
    }
    found = read(heard(0, 1, 1, streamed=True), later)
    assert found.audio == []
    assert [one["path"] for one in found.conversations[0].warnings or []] == ["caller"]


def test_the_order_of_a_streamed_call(parsed: dict[str, Parsed]) -> None:
    turns = [(turn.speaker, (turn.text or "").split()[0]) for turn in parsed["call_2f83"].conversations[0].turns]
    assert turns == [("agent", "Hello,"), ("caller", "Hi,"), ("agent", "You"), ("caller", "Wait,"), ("agent", "Okay,")]


def test_turns_keep_their_ids_as_more_of_a_call_comes(parsed: dict[str, Parsed]) -> None:
    final = {turn.id for found in parsed.values() for turn in found.conversations[0].turns}
    spans, told = [], set()
    for _, body in bodies("openai_agents"):
        spans += agents_sdk.decode(body).spans
        for call in calls_of(spans):
            told |= {turn.id for turn in agents_sdk_calls.read(call).conversations[0].turns}
    assert told == final


def test_speech_that_never_sounded_keeps_its_place() -> None:
    mute = step("span_g", 6, 7, type="speech_group", input="Well.")
    turns = read(heard(1, 5, 1, streamed=True), mute).conversations[0].turns
    assert [turn.speaker for turn in turns] == ["caller", "agent"]
