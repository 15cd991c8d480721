"""A recorded LiveKit session as a conversation, and what older or redacted sessions leave out."""

from collections import Counter

import pytest

from evalhub.models import Conversation
from evalhub.traces import dialects
from evalhub.traces.formats import Parsed, livekit
from evalhub.traces.spans import SpanRecord, TracedCall
from tests.pure.traces.traced import traced_calls


@pytest.fixture(scope="module")
def parsed() -> Parsed:
    [call] = traced_calls("livekit")
    assert dialects.dialect_of(call) is livekit
    return dialects.read(call)


@pytest.fixture(scope="module")
def call(parsed: Parsed) -> Conversation:
    return parsed.conversations[0]


def test_the_session_and_who_served_it(parsed: Parsed, call: Conversation) -> None:
    assert (call.id, call.user_id, parsed.ended) == ("RM_f2df268199f3", "caller-81", True)
    assert (call.agent_name, call.agent_version, call.architecture) == ("northwind-livekit", "1.4.2", "chained")
    assert call.models == {"stt": "gpt-4o-mini-transcribe", "llm": "gpt-4.1-mini", "tts": "gpt-4o-mini-tts"}
    assert call.prompt
    assert (call.prompt.instructions, call.prompt.version) == ("You book bike services. Prompt version 7.", "7")
    assert [tool["name"] for tool in call.prompt.tools or []] == ["book_slot", "find_slots"]


def test_who_said_what_and_when(call: Conversation) -> None:
    assert [(turn.speaker, turn.agent_name, turn.start_ms, turn.end_ms, turn.text) for turn in call.turns] == [
        ("agent", "front", 81, 1531, "Hello, Northwind Bikes."),
        ("caller", None, 3108, 5315, "Hi, I'd like to book a tune up for Thursday."),
        ("agent", "front", 6829, 9446, "You are booked for three pm on Thursday. Anything else?"),
        ("agent", "booking", 10023, 11454, "Let me check Thursday for you."),
        ("agent", "booking", 12632, 14012, "You are booked for three pm on Thursday. Anything else?"),
        ("caller", None, 13507, 14699, "Wait, make it Friday."),
        ("agent", "booking", 15665, 17617, "Okay, I moved it to Friday at nine."),
        ("caller", None, 20607, 21375, "Thanks, bye."),
        ("agent", "booking", 22122, 22728, "Goodbye!"),
    ]


def test_the_interruption_and_what_was_heard_before_it(call: Conversation) -> None:
    [cut] = [turn for turn in call.turns if turn.interrupted]
    assert (cut.start_ms, cut.heard_text) == (12632, "You are booked for three pm")
    assert cut.extra == {"interruption_source": "audio_activity", "heard_ms": 1380, "heard_source": "playout"}


def test_the_tools_with_what_they_were_given_and_gave(call: Conversation) -> None:
    assert [(tool.name, tool.agent_name, tool.arguments, tool.result, tool.error) for tool in call.tool_calls] == [
        ("transfer_to_booking_agent", "front", {}, "Transferring to booking", None),
        (
            "find_slots",
            "booking",
            {"day": "2026-11-26", "service": "tune-up"},
            {"day": "2026-11-26", "slots": [{"id": "s-1430", "time": "14:30"}, {"id": "s-1500", "time": "15:00"}]},
            None,
        ),
        (
            "book_slot",
            "booking",
            {"slot_id": "s-1430", "phone": "+15550100"},
            None,
            "error: slot s-1430 was taken 3 seconds ago",
        ),
        (
            "book_slot",
            "booking",
            {"slot_id": "s-1500", "phone": "+15550100"},
            {"ok": True, "booking_id": "bk_8841"},
            None,
        ),
    ]
    assert [(tool.start_ms, tool.end_ms) for tool in call.tool_calls][1] == (9926, 9979)


def test_the_hand_off(call: Conversation) -> None:
    assert [(one.from_agent, one.to_agent, one.kind, one.at_ms) for one in call.handoffs] == [
        ("front", "booking", "transfer", 6100)
    ]


def test_tokens_are_counted_once(call: Conversation) -> None:
    totals: Counter[str] = Counter()
    for row in call.usage:
        totals[f"{row.model} {row.meter}"] += row.quantity
    assert totals == {
        "gpt-4.1-mini input_tokens": 610,
        "gpt-4.1-mini cached_input_tokens": 397,
        "gpt-4.1-mini output_tokens": 155,
        "gpt-4o-mini-tts characters": 204,
    }


def test_where_the_time_before_an_answer_went(call: Conversation) -> None:
    answer = call.turns[6]
    stages = {row.stage: row.ms for row in call.stage_timings if row.turn_id == answer.id}
    assert stages == pytest.approx(
        {"stt": 405.7, "end_of_turn_wait": 9.9, "llm_first_token": 197.1, "tts_first_byte": 9.5}, abs=0.1
    )
    heard = answer.start_ms - call.turns[5].end_ms
    assert heard == 966
    assert sum(stages.values()) < heard


def span(name: str, number: int, parent: int | None = None, start: int = 0, end: int = 0, **said: object) -> SpanRecord:
    return SpanRecord(
        trace_id="t",
        span_id=str(number),
        parent_id=str(parent) if parent else None,
        name=name,
        start_ns=10**15 + start * 10**6,
        end_ns=10**15 + end * 10**6,
        attributes={f"lk.{key.replace('__', '.')}": value for key, value in said.items()},
        scope=livekit.SCOPE,
    )


def read(*spans: SpanRecord) -> Parsed:
    return livekit.read(TracedCall(id="c", spans=spans))


def test_names_of_older_releases() -> None:
    turns = read(
        span("user_turn", 1, start=1, end=900, user_transcript="Hi."),
        span("assistant_turn", 2, start=900, end=3000, response__text="Hello."),
        span("agent_speaking", 3, 2, 1000, 2000),
        span("function_tool", 4, 2, 910, 920, function_tool__name="find", function_tool__arguments='{"a": 1}'),
    ).conversations[0]
    assert [(turn.speaker, turn.text) for turn in turns.turns] == [("caller", "Hi."), ("agent", "Hello.")]
    assert turns.tool_calls[0].arguments == {"a": 1}


def test_redacted_words_leave_their_times() -> None:
    [turn] = read(span("agent_turn", 1, end=9), span("agent_speaking", 2, 1, 3, 8)).conversations[0].turns
    assert (turn.text, turn.end_ms - turn.start_ms) == (None, 5)


def test_a_session_whose_root_did_not_come_is_not_over() -> None:
    parsed = read(span("user_turn", 1, start=1, end=2))
    assert (parsed.ended, parsed.conversations[0].ended_at) == (False, None)


def test_a_speech_to_speech_session_has_the_callers_times() -> None:
    parsed = read(
        span("agent_session", 1, end=9000),
        span("user_speaking", 2, 1, 100, 900),
        span("agent_turn", 3, 1, 900, 3000),
        span("realtime_inference", 4, 3, 900, 2000),
        span("agent_speaking", 5, 3, 1000, 2500),
    ).conversations[0]
    assert parsed.architecture == "speech_to_speech"
    assert [(turn.speaker, turn.start_ms, turn.end_ms) for turn in parsed.turns] == [
        ("caller", 100, 900),
        ("agent", 1000, 2500),
    ]


def test_odd_values_are_lived_with() -> None:
    odd = span("agent_turn", 1, end=9, interrupted=True, playout__position="NOT_GIVEN", transcription_delay=[])
    [turn] = read(odd, span("agent_speaking", 2, 1, 3, 8)).conversations[0].turns
    assert (turn.interrupted, turn.heard_text) == (True, None)


def test_kinds_for_the_list_of_spans() -> None:
    names = ("agent_session", "llm_node", "tts_request_run", "function_tool", "update_agent", "who_knows")
    kinds = [livekit.kind_of(span(name, 1)) for name in names]
    assert kinds == ["conversation", "llm", "tts", "tool", "handoff", None]
