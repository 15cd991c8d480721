"""A recorded Pipecat call as a conversation, its times against the frames that were logged beside it."""

import json
from collections import Counter
from typing import Any

import pytest

from evalhub.models import Conversation
from evalhub.traces import dialects
from evalhub.traces.formats import Parsed, pipecat
from evalhub.traces.spans import SpanRecord, TracedCall
from tests.pure.traces.samples import SAMPLES
from tests.pure.traces.traced import traced_calls

SLOTS = {"day": "2026-11-26", "slots": [{"id": "s-1430", "time": "14:30"}, {"id": "s-1500", "time": "15:00"}]}


@pytest.fixture(scope="module")
def parsed() -> Parsed:
    [call] = traced_calls("pipecat")
    assert dialects.dialect_of(call) is pipecat
    return dialects.read(call)


@pytest.fixture(scope="module")
def call(parsed: Parsed) -> Conversation:
    return parsed.conversations[0]


def frames(name: str) -> list[float]:
    """When frames of this name were seen, in unix seconds; each was logged in both directions."""
    lines = (SAMPLES / "pipecat" / "metrics_frames.jsonl").read_text().splitlines()
    times = [one["t"] for one in map(json.loads, lines) if one["frame"] == name]
    return [time for index, time in enumerate(times) if index == 0 or time - times[index - 1] > 0.05]


def test_the_call_and_who_served_it(parsed: Parsed, call: Conversation) -> None:
    assert (call.id, call.user_id, parsed.ended, call.architecture) == ("call_5c10", "caller-80", True, "chained")
    assert (call.agent_name, call.voice) == ("northwind-pipecat", "ash")
    assert call.models == {"stt": "gpt-4o-mini-transcribe", "llm": "gpt-4.1-mini", "tts": "gpt-4o-mini-tts"}
    assert call.prompt
    assert (call.prompt.instructions, call.prompt.version) == ("You book bike services. Prompt version 7.", "7")
    assert [tool["name"] for tool in call.prompt.tools or []] == ["find_slots", "book_slot"]


def test_who_said_what(call: Conversation) -> None:
    assert [(turn.speaker, turn.text, turn.interrupted) for turn in call.turns] == [
        ("caller", "Hi, I'd like to book a tune up for Thursday.", None),
        ("agent", "Let me check Thursday for you.", False),
        ("agent", "You are booked for three pm on Thursday. Anything else?", True),
        ("caller", "Wait, make it Friday.", None),
        ("agent", "Okay, I moved it to Friday at nine.", False),
        ("caller", "Thanks, bye.", None),
        ("agent", "Goodbye!", False),
    ]


def test_the_agent_is_heard_when_the_frames_say_so(call: Conversation) -> None:
    assert call.started_at
    zero = call.started_at.timestamp()
    started = [round((time - zero) * 1000) for time in frames("BotStartedSpeakingFrame")]
    assert [turn.start_ms for turn in call.turns_of("agent")] == pytest.approx(started, abs=10)


def test_where_the_agent_stopped_as_far_as_it_is_known(call: Conversation) -> None:
    assert call.started_at
    zero = call.started_at.timestamp()
    stopped = [round((time - zero) * 1000) for time in frames("BotStoppedSpeakingFrame")]
    ends = [turn.end_ms for turn in call.turns_of("agent")]
    assert (ends[0], ends[3]) == (None, None)
    assert ends[1:3] == pytest.approx(stopped[1:3], abs=10)


def test_how_long_the_interrupted_reply_was_heard(call: Conversation) -> None:
    [cut] = [turn for turn in call.turns if turn.interrupted]
    assert cut.extra == {"heard_ms": 2032, "heard_source": "estimated"}
    assert cut.heard_text is None


def test_tools_are_rebuilt_from_the_input_of_the_next_model_call(call: Conversation) -> None:
    assert [(tool.name, tool.arguments, tool.result) for tool in call.tool_calls] == [
        ("find_slots", {"day": "2026-11-26", "service": "tune-up"}, SLOTS),
        (
            "book_slot",
            {"slot_id": "s-1430", "phone": "+15550100"},
            {"error": "slot s-1430 was taken 3 seconds ago"},
        ),
        ("book_slot", {"slot_id": "s-1500", "phone": "+15550100"}, {"ok": True, "booking_id": "bk_8841"}),
    ]
    assert {tool.turn_id for tool in call.tool_calls} == {call.turns[2].id}


def test_what_it_cost(call: Conversation) -> None:
    totals: Counter[str] = Counter()
    for row in call.usage:
        totals[row.meter] += row.quantity
    assert totals == pytest.approx(
        {
            "audio_seconds": 7.74,
            "input_tokens": 647,
            "cached_input_tokens": 340,
            "output_tokens": 118,
            "characters": 127,
        }
    )


def test_the_time_before_an_answer_is_explained(call: Conversation) -> None:
    answer, question = call.turns[4], call.turns[3]
    stages = {row.stage: row.ms for row in call.stage_timings if row.turn_id == answer.id}
    assert list(stages) == ["stt", "end_of_turn_wait", "llm_first_token", "tts_first_byte"]
    assert 0 <= answer.start_ms - question.end_ms - sum(stages.values()) < 400


def span(number: int, name: str, parent: int | None = 1, start: int = 0, end: int = 0, **said: Any) -> SpanRecord:
    return SpanRecord(
        trace_id="t",
        span_id=str(number),
        parent_id=str(parent) if parent else None,
        name=name,
        start_ns=10**15 + start * 10**6,
        end_ns=10**15 + end * 10**6,
        attributes={key.replace("__", "."): value for key, value in said.items()},
        scope="pipecat",
    )


def read(*spans: SpanRecord) -> Parsed:
    return pipecat.read(TracedCall(id="c", spans=spans))


def test_the_turn_that_is_open_at_hang_up_was_not_interrupted() -> None:
    parsed = read(
        span(1, "turn", None, 0, 9000, turn__was_interrupted=True),
        span(2, "llm", 1, 100, 400, output="Bye."),
        span(3, "tts", 1, 400, 500, text="Bye."),
    )
    assert [(turn.interrupted, turn.end_ms) for turn in parsed.conversations[0].turns] == [(False, None)]


def test_a_greeting_without_a_model_call() -> None:
    parsed = read(
        span(1, "turn", None, 0, 3000),
        span(2, "tts", 1, 100, 400, text="Hello.", metrics__ttfb=0.2),
        span(3, "tts", 1, 300, 600, text="How can I help?"),
    )
    [turn] = parsed.conversations[0].turns
    assert (turn.text, turn.start_ms) == ("Hello. How can I help?", 300)


def test_a_call_whose_root_did_not_come_is_not_over() -> None:
    parsed = read(span(2, "stt", 1, 100, 900, transcript="Hi.", metrics__ttfb="NOT_GIVEN"))
    assert not parsed.ended


@pytest.mark.parametrize("beyond", [1e308, "1e300", 1e22, 2.0**63, float("inf"), float("nan")])
def test_a_wait_that_nobody_can_mean_is_none(beyond: object) -> None:
    heard = span(2, "stt", 1, 0, 900, transcript="Hi.", metrics__ttfb=beyond)
    parsed = read(span(1, "turn", None, 0, 1000), heard).conversations[0]
    assert [(turn.text, turn.start_ms, turn.end_ms) for turn in parsed.turns] == [("Hi.", 0, None)]


def test_a_speech_to_speech_service() -> None:
    parsed = read(
        span(1, "turn", None, 0, 9000),
        span(2, "llm_request", 1, 100, 200, transcript="Hi.", transcript__is_input=True),
        span(3, "llm_tool_call", 1, 200, 300, tool__function_name="find", tool__call_id="x", tool__arguments="{}"),
        span(4, "llm_tool_result", 1, 300, 400, tool__call_id="x", tool__result='{"ok": true}'),
        span(5, "llm_response", 1, 400, 900, text_output="Hello."),
    ).conversations[0]
    assert parsed.architecture == "speech_to_speech"
    assert [(turn.speaker, turn.text) for turn in parsed.turns] == [("caller", "Hi."), ("agent", "Hello.")]
    assert [(tool.name, tool.arguments, tool.result) for tool in parsed.tool_calls] == [("find", {}, {"ok": True})]
