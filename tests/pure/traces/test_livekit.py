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


def unix(ms: int) -> float:
    """A time on the clock of the spans made here, in unix seconds."""
    return 10**6 + ms / 1000


def test_speech_of_older_releases_ends_when_they_say_it_did() -> None:
    """Their spans end when silence is detected."""
    [caller, agent] = (
        read(
            span("user_turn", 1, start=0, end=2000, user_transcript="Hi."),
            span("user_speaking", 2, 1, 0, 1500, start_time=unix(0), end_time=unix(900)),
            span("assistant_turn", 3, start=2000, end=4000, response__text="Hello."),
            span("agent_speaking", 4, 3, 2100, 3100, start_time=unix(2100), end_time="NOT_GIVEN"),
        )
        .conversations[0]
        .turns
    )
    assert (caller.start_ms, caller.end_ms, agent.start_ms, agent.end_ms) == (0, 900, 2100, 3100)


def test_waits_of_older_releases_stand_on_the_callers_turn_and_count_once() -> None:
    waits = {"transcription_delay": 0.3, "end_of_utterance_delay": 0.5}
    call = read(
        span("user_turn", 1, start=0, end=900, user_transcript="Hi.", **waits),
        span("assistant_turn", 2, start=900, end=2000, response__text="Hello."),
        span("agent_speaking", 3, 2, 1000, 1900),
        span("assistant_turn", 4, start=2000, end=4000, response__text="Are you there?"),
        span("agent_speaking", 5, 4, 3000, 3900),
    ).conversations[0]
    assert [(row.turn_id, row.stage, row.ms) for row in call.stage_timings] == [
        ("t:3", "stt", 300.0),
        ("t:3", "end_of_turn_wait", 200.0),
    ]


def test_hand_offs_and_agents_of_older_releases() -> None:
    call = read(
        span("start_agent_activity", 1, start=0, agent_label="app.Front"),
        span("assistant_turn", 2, start=10, end=20),
        span("agent_speaking", 3, 2, 11, 19),
        span("start_agent_activity", 4, start=30, agent_label="app.Booking"),
        span("assistant_turn", 5, start=40, end=50),
        span("agent_speaking", 6, 5, 41, 49),
        span("resume_agent_activity", 7, start=60, agent_label="app.Booking"),
    ).conversations[0]
    assert [turn.agent_name for turn in call.turns] == ["app.Front", "app.Booking"]
    assert [(one.from_agent, one.to_agent, one.at_ms) for one in call.handoffs] == [("app.Front", "app.Booking", 30)]


def test_a_speech_to_speech_turn_of_older_releases_has_its_tokens() -> None:
    turn = span("realtime_assistant_turn", 1, start=0, end=3000, response__text="Hello.")
    turn.attributes |= {"gen_ai.request.model": "gpt-realtime", "gen_ai.usage.input_audio_tokens": 40}
    turn.attributes |= {"gen_ai.usage.input_tokens": 50, "gen_ai.usage.output_tokens": 7}
    late = span("realtime_metrics", 3, 1, 3000, 3000)
    late.attributes |= {"gen_ai.request.model": "gpt-realtime", "gen_ai.usage.output_tokens": 5}
    call = read(turn, span("agent_speaking", 2, 1, 1000, 2500), late).conversations[0]
    assert (call.architecture, call.models) == ("speech_to_speech", {"s2s": "gpt-realtime"})
    assert [(row.meter, row.quantity) for row in call.usage] == [
        ("input_audio_tokens", 40),
        ("input_tokens", 10),
        ("output_tokens", 7),
        ("output_tokens", 5),
    ]


def test_an_answer_prepared_in_vain_was_never_said() -> None:
    """Preemptive generation: its tokens were used, its words not."""
    prepared = span("agent_turn", 1, start=0, end=900)
    asked = span("llm_node", 2, 1, 0, 800, pii__response__text="Thursday it is.")
    request = span("llm_request", 3, 2, 0, 800)
    request.attributes |= {"gen_ai.request.model": "m", "gen_ai.usage.output_tokens": 4}
    spoken = span("agent_turn", 4, start=1000, end=3000, pii__response__text="Friday it is.")
    discarded = span("llm_node", 5, 4, 1000, 1100, pii__response__text="Thursday it is.")
    taken = span("llm_node", 6, 4, 1100, 1500, pii__response__text="Friday it is.")
    call = read(prepared, asked, request, spoken, discarded, taken, span("agent_speaking", 7, 4, 1600, 2900))
    assert [turn.text for turn in call.conversations[0].turns] == ["Friday it is."]
    assert [(row.quantity, row.turn_id) for row in call.conversations[0].usage] == [(4, None)]


def test_of_input_told_as_deltas_the_agents_instructions_are_the_last_that_were_told() -> None:
    first, later = span("llm_request", 1, start=0), span("llm_request", 2, start=10, input__base_span_id="1")
    told = '[{"type": "text", "content": "Be brief."}]'
    first.attributes |= {"gen_ai.system_instructions": told, "gen_ai.input.messages": "[]"}
    later.attributes |= {"gen_ai.input.messages": "[]"}
    prompt = read(first, later).conversations[0].prompt
    assert prompt
    assert prompt.instructions == "Be brief."


def test_a_caller_by_phone() -> None:
    root = span("agent_session", 1, end=9000, sip__callID="SCL_1", sip__twilio__callSid="CA1")
    root.attributes["lk.pii.sip.phoneNumber"] = "+15550100"
    root.events = [{"name": "participant_linked", "attributes": {"lk.pii.participant_identity": "sip_+15550100"}}]
    call = read(root).conversations[0]
    assert (call.channel, call.user_id) == ("phone", "sip_+15550100")
    assert (call.meta or {})["sip"] == {"callID": "SCL_1", "twilio.callSid": "CA1", "phoneNumber": "+15550100"}


def test_which_agent_and_build_of_it() -> None:
    root = span("agent_session", 1, end=9, agent_label="front-desk", deployment_id="v_81")
    root.resource = {"service.name": "livekit-agents"}
    call = read(root).conversations[0]
    assert (call.agent_name, call.agent_version) == ("front-desk", "v_81")
    root.attributes["lk.agent_name"] = "returns-desk"
    root.resource = {"service.name": "livekit-agents", "service.version": "1.4.2"}
    call = read(root).conversations[0]
    assert (call.agent_name, call.agent_version) == ("returns-desk", "1.4.2")


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
