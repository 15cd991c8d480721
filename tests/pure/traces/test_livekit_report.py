"""LiveKit's session report: alone, together with the spans of the same session, and in the pieces of log records."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.unknown_fields import UnknownFieldSet

from evalhub import offline, plugins
from evalhub.errors import BadInput
from evalhub.models import Conversation
from evalhub.traces import dialects
from evalhub.traces.formats import livekit_report, livekit_upload
from evalhub.traces.formats.livekit_session.header import read_header
from evalhub.traces.spans import LogRecord, SpanRecord, TracedCall
from tests.pure.traces.samples import SAMPLES
from tests.pure.traces.test_livekit import span
from tests.pure.traces.traced import traced_calls

REPORT = (SAMPLES / "livekit" / "session_report.json").read_bytes()
UPLOAD = (SAMPLES / "livekit_upload" / "006.body.multipart").read_bytes()
ROOM = "RM_f2df268199f3"
WHEN = 10**6
"""unix seconds at which the sessions made here begin"""


def read(*spans: SpanRecord, logs: tuple[LogRecord, ...] = (), **report: Any) -> Conversation:
    """A session made here: its spans, and its report if one is given."""
    if report:
        logs = (*logs, livekit_report.record({"room_id": "RM_1", "job_id": "AJ_1"} | report))
    return dialects.read(TracedCall(id="RM_1", spans=spans, logs=logs)).conversations[0]


def message(role: str, text: str, spoken: tuple[float, float] | None = None, **fields: Any) -> dict[str, Any]:
    """A message of a history; times are seconds from the session's begin."""
    times = dict(zip(("started_speaking_at", "stopped_speaking_at"), [WHEN + at for at in spoken or ()], strict=False))
    created = WHEN + fields.pop("created", spoken[0] if spoken else 0)
    return {"type": "message", "role": role, "content": [text], "metrics": times, "created_at": created} | fields


def history(*items: dict[str, Any]) -> dict[str, Any]:
    return {"items": [{"id": f"item_{index}"} | item for index, item in enumerate(items)]}


def said(call: Conversation) -> list[tuple[str, int | None, int | None, str | None]]:
    return [(turn.speaker, turn.start_ms, turn.end_ms, turn.text) for turn in call.turns]


@pytest.fixture(scope="module")
def alone() -> Conversation:
    return livekit_report.parse(REPORT, None).conversations[0]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Conversation:
    """Spans and report of the recorded session, as the command line reads their folder."""
    [one], problems = offline.read([SAMPLES / "livekit"], tmp_path_factory.mktemp("scratch"))
    assert problems == []
    return one.conversation


def test_a_report_is_recognised_by_its_head() -> None:
    head = REPORT[: 64 << 10]
    assert [name for name, module in plugins.formats().items() if module.recognises(head, None)] == ["livekit_report"]
    assert livekit_report.recognises(REPORT[:200], None)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"room_id": 3, "job_id": ""}'])
def test_what_names_no_call_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput, match="no session report"):
        livekit_report.parse(body, None)


def test_the_session_as_its_report_tells_it(alone: Conversation) -> None:
    assert (alone.id, alone.architecture, alone.duration_ms) == (ROOM, "chained", None)
    assert str(alone.started_at) == "2026-11-23 07:18:42.847736+00:00"
    assert (alone.meta or {})["close_reason"] == "user_initiated"
    assert alone.prompt
    assert (alone.prompt.instructions, alone.prompt.tools) == (
        "You book bike services. Prompt version 7.",
        [{"name": "book_slot"}, {"name": "find_slots"}],
    )


def test_who_said_what_and_when(alone: Conversation) -> None:
    assert [(turn.speaker, turn.agent_name, turn.start_ms, turn.end_ms, turn.text) for turn in alone.turns] == [
        ("agent", "front", 80, 1530, "Hello, Northwind Bikes."),
        ("caller", None, 3107, 5315, "Hi, I'd like to book a tune up for Thursday."),
        ("agent", "front", 6828, 9446, "You are booked for three pm on Thursday. Anything else?"),
        ("agent", "booking", 10023, 11453, "Let me check Thursday for you."),
        ("agent", "booking", 12631, 14012, "You are booked for three pm on Thursday. Anything else?"),
        ("caller", None, 13507, 14699, "Wait, make it Friday."),
        ("agent", "booking", 15664, 17616, "Okay, I moved it to Friday at nine."),
        ("caller", None, 20607, 21375, "Thanks, bye."),
        ("agent", "booking", 22122, 22727, "Goodbye!"),
    ]
    [cut] = [turn for turn in alone.turns if turn.interrupted]
    assert (cut.start_ms, cut.extra) == (12631, {"heard_ms": 1381, "heard_source": "playout"})


def test_tools_and_the_hand_off(alone: Conversation) -> None:
    assert [(tool.name, tool.agent_name, tool.result, tool.error, tool.start_ms) for tool in alone.tool_calls] == [
        ("transfer_to_booking_agent", "front", "Transferring to booking", None, 6007),
        (
            "find_slots",
            "booking",
            {"day": "2026-11-26", "slots": [{"id": "s-1430", "time": "14:30"}, {"id": "s-1500", "time": "15:00"}]},
            None,
            9925,
        ),
        ("book_slot", "booking", None, "error: slot s-1430 was taken 3 seconds ago", 11720),
        ("book_slot", "booking", {"ok": True, "booking_id": "bk_8841"}, None, 12066),
    ]
    assert alone.turn(alone.tool_calls[1].turn_id).text == "Let me check Thursday for you."
    assert [(one.from_agent, one.to_agent, one.at_ms) for one in alone.handoffs] == [("front", "booking", 9447)]


def test_where_the_time_before_an_answer_went(alone: Conversation) -> None:
    answer = alone.turns[6].id
    assert {row.stage: row.ms for row in alone.stage_timings if row.turn_id == answer} == {
        "stt": 405.655,
        "end_of_turn_wait": 9.931,
        "llm_first_token": 197.064,
        "tts_first_byte": 9.545,
    }


def test_together_they_are_one_call_and_nothing_is_doubled(alone: Conversation, both: Conversation) -> None:
    [call] = traced_calls("livekit")
    spans_alone = dialects.read(call).conversations[0]
    assert said(both) == said(spans_alone)
    assert [turn.heard_text for turn in both.turns] == [turn.heard_text for turn in spans_alone.turns]
    assert [(tool.id, tool.start_ms) for tool in both.tool_calls] == [
        (tool.id, tool.start_ms) for tool in spans_alone.tool_calls
    ]
    assert len(both.handoffs) == 1
    assert both.prompt == spans_alone.prompt or (both.prompt.tools or [{}])[0].get("description")


def test_usage_is_counted_once(both: Conversation) -> None:
    totals: Counter[str] = Counter()
    for row in both.usage:
        totals[f"{row.model} {row.meter}"] += row.quantity
    assert totals == {
        "gpt-4.1-mini input_tokens": 610,
        "gpt-4.1-mini cached_input_tokens": 397,
        "gpt-4.1-mini output_tokens": 155,
        "gpt-4o-mini-tts characters": 204,
        "gpt-4o-mini-transcribe audio_seconds": 6.492,
    }


def test_where_spans_were_lost_the_reports_totals_count() -> None:
    used = [{"type": "llm_usage", "model": "m", "input_tokens": 100, "input_cached_tokens": 30, "output_tokens": 9}]
    request = SpanRecord(trace_id="t", span_id="1", name="llm_request", scope="livekit-agents")
    request.attributes = {"gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 40}
    totals = {row.meter: row.quantity for row in read(request, usage=used).usage}
    assert totals == {"input_tokens": 70, "cached_input_tokens": 30, "output_tokens": 9}
    request.attributes["gen_ai.usage.input_tokens"] = 200
    assert {row.meter: row.quantity for row in read(request, usage=used).usage} == {"input_tokens": 200}


def test_a_speech_to_speech_caller_has_words_from_the_report_and_times_from_spans() -> None:
    spans = (
        at("agent_session", 1, None, 0, 9000),
        at("user_speaking", 2, 1, 100, 900),
        at("agent_turn", 3, 1, 900, 3000),
        at("realtime_inference", 6, 3, 900, 2500),
        at("agent_speaking", 4, 3, 1000, 2500),
        at("user_speaking", 5, 1, 4000, 5000),
    )
    told = history(
        message("assistant", "Hello.", (1.0, 2.5)),
        message("user", "Hi.", created=4.2),  # noted only when the next one was being spoken
        message("user", "Bye.", created=5.1),
    )
    assert said(read(*spans, chat_history=told)) == [
        ("caller", 100, 900, "Hi."),
        ("agent", 1000, 2500, "Hello."),
        ("caller", 4000, 5000, "Bye."),
    ]


def at(name: str, number: int, parent: int | None, start: int, end: int, **attributes: object) -> SpanRecord:
    """A span on the clock of the sessions made here, in milliseconds."""
    made = span(name, number, parent, start, end, **attributes)
    shift = WHEN * 10**9 - 10**15
    made.start_ns, made.end_ns = made.start_ns + shift, made.end_ns + shift
    return made


def test_a_recorded_speech_to_speech_session() -> None:
    """Its words come by log records, the caller's noted late."""
    [recorded] = traced_calls("livekit_speech_to_speech")
    call = dialects.read(recorded).conversations[0]
    assert (call.architecture, call.models, call.outcome) == (
        "speech_to_speech",
        {"s2s": "scripted-s2s"},
        {"resolved": True},
    )
    assert said(call) == [
        ("agent", 6, 4178, "Northridge Outdoor, thanks for calling. How can I help you today?"),
        ("caller", 4247, 6183, "It's A one two three four five."),
        (
            "agent",
            6240,
            9187,
            "Good, I have the snowboard here. I'll pass you to our policy desk, and they will finish this with you.",
        ),
        ("caller", 9186, 11680, "No, I only stood on it in the living room."),
        ("agent", 11990, 13548, "You're welcome. Goodbye."),
    ]
    assert (call.turns[2].interrupted, (call.turns[2].extra or {})["heard_ms"]) == (True, 2947)
    [tool] = call.tool_calls
    assert (tool.name, tool.turn_id, tool.result) == (
        "find_order",
        call.turns[2].id,
        {"number": "A12345", "item": "snowboard"},
    )
    assert call.prompt
    assert call.prompt.instructions == "You take returns for a sports shop."
    assert {row.stage: row.ms for row in call.stage_timings if row.turn_id == tool.turn_id} == pytest.approx(
        {"llm_first_token": 200, "tool": 52.6}, abs=5
    )


def test_its_tokens_are_counted_once_and_each_has_its_turn() -> None:
    [recorded] = traced_calls("livekit_speech_to_speech")
    call = dialects.read(recorded).conversations[0]
    totals: Counter[str] = Counter()
    for row in call.usage:
        totals[row.meter] += row.quantity
    assert totals == {
        "input_text_tokens": 40,
        "input_audio_tokens": 240,
        "cached_input_text_tokens": 40,
        "cached_input_audio_tokens": 80,
        "output_text_tokens": 40,
        "output_audio_tokens": 160,
    }
    assert {row.turn_id for row in call.usage} == {turn.id for turn in call.turns_of("agent")}


def test_words_that_were_typed_are_a_turn_of_their_own_not_what_a_noise_said() -> None:
    spans = (at("user_turn", 1, None, 0, 900), at("user_speaking", 2, 1, 0, 800))
    call = read(*spans, chat_history=history(message("user", "typed", created=2.0)))
    assert said(call) == [("caller", 0, 800, None), ("caller", 2000, None, "typed")]


def test_where_a_noise_has_no_words_each_goes_to_the_latest_speech_before() -> None:
    spans = (
        at("agent_turn", 1, None, 0, 9000),
        at("realtime_inference", 2, 1, 0, 9000),
        at("user_speaking", 3, None, 0, 100),
        at("user_speaking", 4, None, 1000, 2000),
    )
    call = read(*spans, chat_history=history(message("user", "Hi.", created=2.5)))
    assert said(call) == [("caller", 0, 100, None), ("caller", 1000, 2000, "Hi.")]


def test_without_spans_such_a_caller_stands_where_the_history_noted_it_and_says_so() -> None:
    told = history(message("assistant", "Hello.", (1.0, 2.5)), message("user", "Hi.", created=3.0))
    call = read(chat_history=told)
    assert said(call) == [("agent", 0, 1500, "Hello."), ("caller", 2000, None, "Hi.")]
    assert call.turns[1].extra == {"start_basis": "noted"}


def test_redacted_spans_get_their_words_and_tools_from_the_report() -> None:
    spans = (
        at("user_turn", 1, None, 100, 900),
        at("user_speaking", 2, 1, 100, 800),
        at("agent_turn", 3, None, 900, 3000),
        at("agent_speaking", 4, 3, 1000, 2500),
        at("function_tool", 5, 3, 910, 920, function_tool__name="find", function_tool__id="call_1"),
    )
    told = history(
        message("user", "Hi.", (0.1, 0.8)),
        {
            "type": "function_call",
            "call_id": "call_1",
            "name": "find",
            "arguments": '{"a": 1}',
            "created_at": WHEN + 0.91,
        },
        {"type": "function_call_output", "call_id": "call_1", "output": "two", "created_at": WHEN + 0.92},
        message("assistant", "Hello.", (1.0, 2.5)),
    )
    call = read(*spans, chat_history=told)
    assert said(call) == [("caller", 0, 700, "Hi."), ("agent", 900, 2400, "Hello.")]
    [tool] = call.tool_calls
    assert (tool.arguments, tool.result, tool.turn_id, tool.end_ms) == ({"a": 1}, "two", "t:4", 820)


def test_a_tool_that_older_spans_do_not_name_is_known_by_its_name_and_moment() -> None:
    spans = (
        at("assistant_turn", 1, None, 0, 3000),
        at("function_tool", 2, 1, 100, 200, function_tool__name="find"),
        at("function_tool", 3, 1, 900, 990, function_tool__name="find"),
        at("agent_speaking", 4, 1, 1000, 2500),
    )
    called = {"type": "function_call", "call_id": "call_1", "name": "find", "arguments": "{}", "created_at": WHEN + 0.9}
    tools = read(*spans, chat_history=history(called, message("assistant", "Hello.", (1.0, 2.5)))).tool_calls
    assert [(tool.id, tool.start_ms, tool.arguments) for tool in tools] == [("t:2", 100, None), ("t:3", 900, {})]


def test_words_that_the_session_itself_cut_are_what_was_heard() -> None:
    spans = (
        at("agent_turn", 1, None, 0, 3000, interrupted=True, response__text="One two three four."),
        at("agent_speaking", 2, 1, 1000, 2000),
    )
    call = read(*spans, chat_history=history(message("assistant", "One two", (1.0, 2.0), interrupted=True)))
    assert [(turn.text, turn.heard_text) for turn in call.turns] == [("One two three four.", "One two")]


def test_a_turn_that_only_the_report_has_is_added() -> None:
    spans = (at("user_turn", 1, None, 0, 900, user_transcript="Hi."), at("user_speaking", 2, 1, 0, 800))
    told = history(message("user", "Hi.", (0.0, 0.8)), message("assistant", "Hello.", (1.0, 2.0), interrupted=False))
    assert said(read(*spans, chat_history=told)) == [("caller", 0, 800, "Hi."), ("agent", 1000, 2000, "Hello.")]


def test_the_recording_lies_where_it_began() -> None:
    spans = (at("user_turn", 1, None, 1000, 1900), at("user_speaking", 2, 1, 1000, 1800))
    [recording] = read(*spans, audio_recording_started_at=WHEN + 0.25, audio_recording_path="/a/audio.ogg").recordings
    assert (recording.track, recording.channels, recording.offset_ms) == ("stereo", ["caller", "agent"], -750)


def test_sound_beside_a_report_is_its_recording(tmp_path: Path) -> None:
    report = json.loads(REPORT) | {
        "audio_recording_path": "/elsewhere/audio.ogg",
        "audio_recording_started_at": 1795418323,
    }
    (tmp_path / "session_report.json").write_text(json.dumps(report))
    (tmp_path / "audio.ogg").write_bytes(UPLOAD[UPLOAD.index(b"OggS") :])
    [one] = offline.load([tmp_path], tmp_path)
    assert [recording.path for recording in one.beside] == [str(tmp_path / "audio.ogg")]
    assert one.beside[0].conversation_id == ROOM
    (tmp_path / "audio.ogg").unlink()
    assert offline.load([tmp_path], tmp_path)[0].missing == ["/elsewhere/audio.ogg"]


def test_outcome_tags_and_what_judges_said() -> None:
    logs = (
        LogRecord(attributes={"logger.name": "evaluations", "outcome": {"outcome": "fail", "reason": "hung up"}}),
        LogRecord(
            attributes={"logger.name": "evaluations", "evaluation": {"name": "care", "verdict": "pass", "tag": 1}}
        ),
    )
    call = read(logs=logs, tags=["lk.fail", "language:es", 3])
    assert (call.outcome, call.tags) == ({"resolved": False, "reason": "hung up"}, ["language:es"])
    assert (call.meta or {})["livekit_evaluations"] == [{"name": "care", "verdict": "pass"}]


def test_a_simulated_call_says_so() -> None:
    assert read(simulated=True, chat_history=history(message("user", "Hi.", (0, 1)))).origin == "simulation"


def test_the_pieces_in_log_records_tell_the_same_as_the_report() -> None:
    """Where the upload of the recording failed, its log records are there."""
    [recorded] = traced_calls("livekit_upload")
    pieces = dialects.read(TracedCall(id="RM_1", spans=[], logs=recorded.logs)).conversations[0]
    whole = dialects.read(TracedCall(id="RM_1", spans=[], logs=livekit_upload.decode(uploaded()).logs)).conversations[0]
    assert [(turn.speaker, turn.text) for turn in pieces.turns] == [(turn.speaker, turn.text) for turn in whole.turns]
    assert all(abs(one.start_ms - other.start_ms) <= 1 for one, other in zip(pieces.turns, whole.turns, strict=True))
    assert [(one.name, one.arguments, one.result, one.error) for one in pieces.tool_calls] == [
        (one.name, one.arguments, one.result, one.error) for one in whole.tool_calls
    ]
    assert [(one.model, one.meter, one.quantity) for one in pieces.usage] == [
        (one.model, one.meter, one.quantity) for one in whole.usage
    ]


def parts() -> list[bytes]:
    """Header, history and sound of the recorded upload."""
    boundary = UPLOAD[: UPLOAD.index(b"\r\n")]
    return [part[part.index(b"\r\n\r\n") + 4 : -2] for part in UPLOAD.split(boundary)[1:-1]]


def uploaded() -> bytes:
    header, chat, _ = parts()
    return livekit_upload.encode(header, chat, has_audio=True)


def test_the_header_has_no_field_we_do_not_know() -> None:
    header = read_header(parts()[0])
    assert list(UnknownFieldSet(header)) == []
    assert (header.room_id, header.duration, header.start_time.seconds) == ("RM_0fe76e8b7cf6", 16698, 1795769571)
    assert json.loads(header.session_summary)["sdk_version"] == "1.8.9"


@pytest.mark.parametrize("summary", ["", "{", "[]", '{"a": NaN}'])
def test_a_header_whose_summary_is_something_else_still_tells_the_room(summary: str) -> None:
    header = read_header(parts()[0])
    header.session_summary = summary
    header.room_name = "a\x00b"
    [record] = livekit_upload.decode(livekit_upload.encode(header.SerializeToString(), None, has_audio=False)).logs
    assert (record.attributes, record.body["room"]) == ({"gen_ai.conversation.id": "RM_0fe76e8b7cf6"}, "a\\u0000b")
