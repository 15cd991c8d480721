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
SORRY = "An error occurred while running the tool. Please try again."
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
    assert (trip.at_ms, trip.verdict_ms) == (1269, 164)
    assert (call.agent_name, call.agent_version) == ("northwind-voice", "1.4.2")


def totals(conversation: Conversation) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in conversation.usage:
        counts[row.meter] += round(row.quantity)
    return counts


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
    paid = totals(call)
    traced = next(one for one in traced_calls("openinference") if one.roots()[0].name == "Northwind chat-completions")
    sent = [int(span.attributes.get("llm.token_count.prompt", 0)) for span in traced.spans]
    assert paid["input_tokens"] + paid["cached_input_tokens"] == sum(sent)


def test_a_realtime_session_is_one_call_over_two_traces(parsed: dict[str, Parsed]) -> None:
    found = parsed["conversation.turn"]
    call = found.conversations[0]
    assert (call.id, call.architecture) == ("sess_22e96d472846ca63e22b4e8c", "speech_to_speech")
    assert call.models == {"s2s": "gpt-realtime"}
    assert call.prompt
    assert call.prompt.instructions == "You book bike services. Prompt version 7."
    assert [(t.speaker, t.text, t.start_ms, t.end_ms, t.interrupted) for t in call.turns] == [
        ("caller", HI, 0, None, None),
        ("agent", "Let me check Thursday for you.", 2698, 4107, False),
        ("agent", "You are", 4231, 4613, True),
        ("caller", "Wait, make it Friday.", 4613, None, None),
        ("agent", "Okay, I moved it to Friday at nine.", 6108, 8039, False),
    ]
    assert [(one.from_agent, one.to_agent, one.at_ms) for one in call.handoffs] == [(None, "Booking agent", 2505)]
    assert {turn.agent_name for turn in call.turns_of("agent")} == {"Booking agent"}
    assert {row.model for row in call.usage} == {"gpt-realtime"}
    assert totals(call) == {
        "input_tokens": 859,
        "input_audio_tokens": 159,
        "output_tokens": 123,
        "output_audio_tokens": 82,
    }


def test_tools_of_a_realtime_session_and_the_turns_that_asked_for_them(parsed: dict[str, Parsed]) -> None:
    call = parsed["conversation.turn"].conversations[0]
    check, cut = call.turns[1].id, call.turns[2].id
    assert [(tool.name, tool.arguments, tool.result, tool.error, tool.turn_id) for tool in call.tool_calls] == [
        ("transfer_to_booking_agent", {}, {"assistant": "Booking agent"}, None, check),
        ("find_slots", ASK, SLOTS, None, check),
        ("book_slot", {"slot_id": "s-1430", "phone": "+15550100"}, None, SORRY, cut),
        ("book_slot", {"slot_id": "s-1500", "phone": "+15550100"}, BOOKED, None, cut),
    ]


def test_the_wait_for_the_first_words_is_told_apart_from_tools(parsed: dict[str, Parsed]) -> None:
    call = parsed["conversation.turn"].conversations[0]
    waits = [(call.turn(one.turn_id), one.stage, round(one.ms)) for one in call.stage_timings]
    assert waits == [
        (call.turns[1], "llm_first_token", 379),
        (call.turns[1], "tool", 9),
        (call.turns[4], "llm_first_token", 194),
    ]


def test_an_error_that_closed_a_turn_ends_no_call(parsed: dict[str, Parsed]) -> None:
    found = parsed["conversation.turn"]
    assert (found.ended, found.conversations[0].ended_at) == (False, None)
    assert all(
        one.ended and one.conversations[0].ended_at for name, one in parsed.items() if name != "conversation.turn"
    )


def test_a_cancelled_stream_keeps_what_was_generated_and_runs_no_tool(parsed: dict[str, Parsed]) -> None:
    call = parsed["Northwind cancelled stream"].conversations[0]
    assert [(who, agent, text.strip()) for who, agent, text in said(call) if text] == [
        ("caller", None, HI),
        ("agent", "Booking agent", CHECK.strip()),
    ]
    assert (call.tool_calls, [one.to_agent for one in call.handoffs]) == ([], ["Booking agent"])


def test_without_content_the_quantities_remain(parsed: dict[str, Parsed]) -> None:
    call = parsed["Northwind redacted"].conversations[0]
    assert (call.turns, totals(call)) == ([], {"input_tokens": 89, "output_tokens": 43})


def test_a_model_that_refused_is_told_once(parsed: dict[str, Parsed]) -> None:
    call = parsed["Northwind provider error"].conversations[0]
    [warning] = call.warnings or []
    assert "Rate limit reached" in warning["message"]
    assert (call.turns, call.usage) == ([], [])


def test_what_speaks_through_a_pipeline_is_chained(parsed: dict[str, Parsed]) -> None:
    found = {name: one.conversations[0].architecture for name, one in parsed.items()}
    assert {name for name, kind in found.items() if kind == "chained"} == {
        "Northwind voice line",
        "Northwind voice line (streamed)",
        "Northwind voice (no audio in trace)",
    }


def test_cut_sound_is_no_recording_and_the_mend_is_told(parsed: dict[str, Parsed]) -> None:
    found = parsed["conversation.turn"]
    assert found.audio == []
    sounds = [(turn.extra or {}).get("sound_ms") for turn in found.conversations[0].turns]
    assert sounds == [2347, 1408, 800, 1452, 1931]
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
    agent = next(one.data for one in found.audio if one.track == "agent")
    unplayed = agent[2 * 24 * (4634 - 2699 + 2) : 2 * 24 * (5044 - 2699)]
    assert (len(unplayed) > 19_000, any(unplayed)) == (True, False)


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


@pytest.mark.parametrize(
    "odd",
    [None, 3, "https://x/a.wav", "data:audio/wav;base64,", "data:audio/wav;base64,AAAA", "data:audio/wav;base64,é"],
)
def test_what_is_no_sound_is_none(odd: object) -> None:
    assert clip_of(odd) is None
    assert clip_of(wav(0.1, channels=2)) is None


@pytest.mark.parametrize("size", [0, 2**32 - 1])
def test_a_header_written_before_the_end_was_known_states_no_length(size: int) -> None:
    data = bytearray(base64.b64decode(wav(0.5).partition(",")[2]))
    data[40:44] = struct.pack("<I", size)
    clip = clip_of("data:audio/wav;base64," + base64.b64encode(data).decode())
    assert clip
    assert (clip.whole_ms, clip.is_cut) == (500, False)


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


def at_ms(kind: str, name: str, start: int, end: int, parent: str | None = None, **said: Any) -> SpanRecord:
    """A step with times in ms; its id is its name."""
    attributes = {key.replace("__", "."): value for key, value in said.items()} | {"openinference.span.kind": kind}
    zero = 10**18
    return SpanRecord(
        trace_id="t",
        span_id=name,
        parent_id=parent,
        name=name,
        start_ns=zero + start * 10**6,
        end_ns=zero + end * 10**6,
        attributes=attributes,
    )


def session(*steps: SpanRecord) -> Parsed:
    return openinference.read(TracedCall(id="sess", spans=steps))


def spoken(text: str, seconds: float = 1.0) -> dict[str, Any]:
    return {"output.audio.transcript": text, "output.audio.url": wav(seconds)}


def test_a_turn_is_read_before_its_own_span_comes_and_keeps_its_ids() -> None:
    user = at_ms("USER", "u", 0, 900, "turn", input__audio__transcript="Hello?")
    answer = at_ms("LLM", "a", 500, 700, "turn", time_to_first_token_ms=100, **spoken("Hi."))
    whole = at_ms("AUDIO", "turn", 0, 900, end_reason="complete", input__value="Hello?")
    alone, later = session(answer), session(answer, user, whole)
    assert [turn.text for turn in alone.conversations[0].turns] == ["Hi."]
    assert [turn.text for turn in later.conversations[0].turns] == ["Hello?", "Hi."]
    assert alone.conversations[0].turns[0].id == later.conversations[0].turns[1].id


def test_everything_that_was_said_before_an_answer_is_kept() -> None:
    found = session(
        at_ms("AUDIO", "turn", 0, 3000, end_reason="complete", input__value="One.\nTwo."),
        at_ms("USER", "u1", 0, 3000, "turn", input__audio__transcript="One."),
        at_ms("USER", "u2", 1200, 3000, "turn", input__audio__transcript="Two."),
    )
    turns = found.conversations[0].turns
    assert [(turn.speaker, turn.text, turn.start_ms) for turn in turns] == [
        ("caller", "One.", 0),
        ("caller", "Two.", 1200),
    ]


def barge_in(at: int, seconds: float, reason: str) -> Conversation:
    return session(
        at_ms("AUDIO", "t1", 0, at, end_reason=reason),
        at_ms("USER", "u1", 0, at, "t1", input__audio__transcript="Hello?"),
        at_ms("LLM", "a1", 1000, 1300, "t1", **spoken("A long answer.", seconds)),
        at_ms("AUDIO", "t2", at, 9000, end_reason="complete"),
        at_ms("USER", "u2", at, 9000, "t2", input__audio__transcript="Stop."),
    ).conversations[0]


@pytest.mark.parametrize(
    ("at", "seconds", "reason", "interrupted", "end_ms"),
    [
        (2000, 5.0, "complete", True, 2000),
        (3000, 2.1, "complete", False, 3100),
        (4000, 2.0, "complete", False, 3000),
        (4000, 2.0, "interrupted", False, 3000),
        (2000, 5.0, "interrupted", True, 2000),
    ],
    ids=["played when cut in", "only silence left", "heard out", "cut in on a tool", "generated when cut in"],
)
def test_an_answer_is_cut_off_by_who_speaks_while_it_is_played(
    at: int, seconds: float, reason: str, interrupted: bool, end_ms: int
) -> None:
    answer = barge_in(at, seconds, reason).turns_of("agent")[0]
    assert (answer.interrupted, answer.end_ms) == (interrupted, end_ms)


def test_what_follows_a_tool_in_spite_of_a_barge_in_is_not_what_was_cut_off() -> None:
    found = session(
        at_ms("AUDIO", "t1", 0, 6000, end_reason="interrupted"),
        at_ms("USER", "u1", 0, 6000, "t1", input__audio__transcript="Hello?"),
        at_ms("LLM", "a1", 1000, 1300, "t1", **spoken("Let me see.", 3.0)),
        at_ms("LLM", "a2", 4000, 4300, "t1", **spoken("Found it.")),
        at_ms("AUDIO", "t2", 2000, 9000, end_reason="complete"),
        at_ms("USER", "u2", 2000, 9000, "t2", input__audio__transcript="Hurry."),
    )
    assert [(turn.text, turn.interrupted) for turn in found.conversations[0].turns] == [
        ("Hello?", None),
        ("Let me see.", True),
        ("Hurry.", None),
        ("Found it.", False),
    ]


@pytest.mark.parametrize(("last", "ended"), [("complete", False), ("interrupted", False), ("session_closed", True)])
def test_the_last_turn_tells_whether_the_session_closed(last: str, ended: bool) -> None:
    first = at_ms("AUDIO", "t1", 0, 1000, end_reason="session_closed")
    assert session(first, at_ms("AUDIO", "t2", 1000, 2000, end_reason=last)).ended is ended


def test_sound_from_before_the_speech_is_laid_before_it() -> None:
    """The microphone was open for 2 s before the caller was heard: the call's clock begins there."""
    found = session(
        at_ms("AUDIO", "t1", 0, 3000, end_reason="complete"),
        at_ms("USER", "u1", 0, 3000, "t1", input__audio__transcript="Hello?", input__audio__url=wav(3.0)),
        at_ms("LLM", "a1", 1000, 1300, "t1", **spoken("Hi.")),
    )
    assert [(one.track, one.offset_ms) for one in found.audio] == [("caller", 0), ("agent", 3000)]
    assert [turn.start_ms for turn in found.conversations[0].turns] == [2000, 3000]


def test_a_header_that_boasts_moves_the_clock_by_a_buffer_at_most() -> None:
    data = bytearray(base64.b64decode(wav(0.5).partition(",")[2]))
    data[40:44] = struct.pack("<I", 2**31)
    url = "data:audio/wav;base64," + base64.b64encode(data).decode()
    found = session(
        at_ms("USER", "u1", 0, 3000, "t1", input__audio__transcript="Hello?", input__audio__url=url),
        at_ms("LLM", "a1", 1000, 1300, "t1", **spoken("Hi.")),
    )
    assert [turn.start_ms for turn in found.conversations[0].turns] == [3000, 4000]


def test_a_greeting_starts_when_its_first_sound_came() -> None:
    found = session(
        at_ms("AUDIO", "t1", 0, 3000, end_reason="complete"),
        at_ms("LLM", "a1", 100, 900, "t1", time_to_first_token_ms=400, **spoken("Welcome.")),
    )
    assert [(turn.start_ms, turn.end_ms) for turn in found.conversations[0].turns] == [(500, 1500)]
    assert found.conversations[0].stage_timings == []


def test_hand_offs_follow_one_another_in_a_realtime_session() -> None:
    found = session(
        at_ms("AUDIO", "t1", 0, 9000, end_reason="complete"),
        at_ms("LLM", "a0", 0, 50, "t1", **spoken("Welcome.", 0.1)),
        at_ms("TOOL", "transfer_to_sales", 100, 200, "a0", output__value='{"assistant": "Sales"}'),
        at_ms("LLM", "a1", 300, 350, "t1", **spoken("Sales.", 0.1)),
        at_ms("TOOL", "transfer_to_support", 500, 600, "a1", output__value='{"assistant": "Support"}'),
        at_ms("LLM", "a2", 700, 750, "t1", **spoken("Support.", 0.1)),
    )
    call = found.conversations[0]
    assert [(one.from_agent, one.to_agent) for one in call.handoffs] == [(None, "Sales"), ("Sales", "Support")]
    assert [turn.agent_name for turn in call.turns] == [None, "Sales", "Support"]


def test_a_model_call_around_another_is_heard_and_paid_for_once() -> None:
    said_twice = {"input__value": "Hi.", "output__value": "Hello.", "llm__token_count__prompt": "7"}
    found = session(
        at_ms("LLM", "gateway", 0, 100, **said_twice), at_ms("LLM", "model", 1, 99, "gateway", **said_twice)
    )
    call = found.conversations[0]
    assert ([turn.text for turn in call.turns], totals(call)) == (["Hi.", "Hello."], {"input_tokens": 7})


def test_spoken_messages_are_read_by_their_transcript_and_tags_are_kept() -> None:
    part = "llm.input_messages.0.message.contents.0.message_content."
    sound = {f"{part}type": "audio", f"{part}audio.audio.transcript": "Hi there.", "tag.tags": ["beta", "", 3, "beta"]}
    call = session(at_ms("LLM", "model", 0, 100, **sound)).conversations[0]
    assert ([turn.text for turn in call.turns], call.tags) == (["Hi there."], ["beta"])


def test_a_tool_that_ran_twice_under_one_id_is_two_calls() -> None:
    twice = [at_ms("TOOL", name, 0, 1, tool_call__id="call_1", tool__name="book") for name in ("first", "again")]
    assert len({tool.id for tool in session(*twice).conversations[0].tool_calls}) == 2


@pytest.mark.parametrize("odd", ["NOT_GIVEN", "", "{'a': ", 3, -1.5, True, [], [None], {}, {"a": [1]}])
def test_odd_values_anywhere_stop_nothing(odd: object) -> None:
    for call in traced_calls("openinference"):
        names = {name for one in call.spans for name in one.attributes}
        for name in names - {"openinference.span.kind", "session.id"}:
            spans = [one for one in call.spans if name in one.attributes]
            kept = [one.attributes[name] for one in spans]
            for one in spans:
                one.attributes[name] = odd
            assert openinference.read(call).conversations[0].id == call.id
            for one, value in zip(spans, kept, strict=True):
                one.attributes[name] = value
