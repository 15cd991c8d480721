"""What reports of Vapi and Retell come to: interruptions, tools, waits, hand-offs, money, and what cannot be known."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from evalhub.errors import BadInput
from evalhub.models import Conversation
from evalhub.traces.formats import Parsed, retell, vapi

START = 1_795_418_700_000


def bot(start: int, end: int | None, words: str = "Words.", **more: Any) -> dict[str, Any]:
    return said("bot", start, end, words, **more)


def user(start: int, end: int | None, words: str = "Words.", **more: Any) -> dict[str, Any]:
    return said("user", start, end, words, **more)


def said(role: str, start: int, end: int | None, words: str, **more: Any) -> dict[str, Any]:
    times = {"time": START + start} | ({"endTime": START + end} if end is not None else {})
    return {"role": role, "message": words, **times, **more}


def report(*messages: dict[str, Any], artifact: dict[str, Any] | None = None, **fields: Any) -> Parsed:
    whole = {"type": "end-of-call-report", "startedAt": "2026-11-23T07:25:00Z", "call": {"id": "c1"}}
    body = whole | {"artifact": {"messages": list(messages)} | (artifact or {})} | fields
    return vapi.parse(json.dumps({"message": body}).encode(), None)


def told(*messages: dict[str, Any], **more: Any) -> Conversation:
    return report(*messages, **more).conversations[0]


def call(parsed_as: str = "call_ended", **fields: Any) -> Parsed:
    whole = {"call_id": "r1", "agent_id": "a1", "start_timestamp": START} | fields
    return retell.parse(json.dumps({"event": parsed_as, "call": whole}).encode(), None)


def spoken(role: str, *words: tuple[float, float], **more: Any) -> dict[str, Any]:
    return {"role": role, "content": "Words.", "words": [{"word": "w", "start": a, "end": b} for a, b in words], **more}


def test_only_the_caller_s_next_turn_interrupts() -> None:
    turns = told(bot(0, 1000), user(900, 1500), bot(2000, 3000), bot(2900, 4000), user(4000, 5000)).turns
    assert [turn.interrupted for turn in turns] == [True, None, False, False, None]
    assert [turn.heard_text for turn in turns] == ["Words.", None, None, None, None]


def test_messages_out_of_order_are_compared_by_their_times() -> None:
    turns = told(bot(0, 1000), bot(2000, 3000), user(900, 1500)).turns
    assert [turn.interrupted for turn in turns] == [True, False, None]


def test_without_an_end_nobody_can_say_whether_it_was_cut() -> None:
    [turn, _] = told(bot(0, None), user(500, 900)).turns
    assert (turn.start_ms, turn.end_ms, turn.interrupted) == (0, None, None)


def test_a_length_stands_in_for_an_end() -> None:
    assert told(bot(100, None, duration=400)).turns[0].end_ms == 500


def test_the_start_is_where_the_clock_of_the_messages_reads_nothing() -> None:
    found = told(bot(5000, 6000, secondsFromStart=5), startedAt=None)
    assert found.started_at == datetime.fromtimestamp(START / 1000, UTC)
    assert found.turns[0].start_ms == 5000


def tool(id_: str, start: int, name: str = "find_slots", arguments: str = "{}") -> dict[str, Any]:
    asked = {"id": id_, "function": {"name": name, "arguments": arguments}}
    return {"role": "tool_calls", "toolCalls": [asked], "time": START + start}


def result(id_: str, end: int, text: str) -> dict[str, Any]:
    return {"role": "tool_call_result", "toolCallId": id_, "result": text, "time": START + end}


def test_a_tool_belongs_to_the_answer_it_leads_to() -> None:
    found = told(
        user(0, 500), tool("a", 600), result("a", 800, "14:30"), bot(1000, 2000), user(2500, 3000),
        bot(3100, 3200, "One moment."), tool("b", 3300), result("b", 3400, '{"error": "full"}'), user(4000, 5000),
        tool("c", 5100),
    )  # fmt: skip
    calls = [(one.id, one.turn_id, one.status, one.result, one.error) for one in found.tool_calls]
    assert calls == [
        ("a", "m4", "completed", "14:30", None),
        ("b", "m6", "failed", {"error": "full"}, "full"),
        ("c", None, "in_progress", None, None),
    ]
    assert [(one.start_ms, one.end_ms) for one in found.tool_calls] == [(600, 800), (3300, 3400), (5100, None)]
    assert [(one.turn_id, one.stage, one.ms) for one in found.stage_timings] == [("m4", "tool", 200)]


def waits(*values: float) -> dict[str, Any]:
    return {"performanceMetrics": {"turnLatencies": [{"modelLatency": ms, "turnLatency": ms + 1} for ms in values]}}


def test_waits_are_paired_with_answers_in_order() -> None:
    found = told(bot(0, 1), user(2, 3), bot(4, 5), bot(6, 7), user(8, 9), bot(10, 11), artifact=waits(500, 600))
    assert [(one.turn_id, one.stage, one.ms) for one in found.stage_timings] == [
        ("m3", "llm_first_token", 500),
        ("m6", "llm_first_token", 600),
    ]
    assert [(turn.extra or {}).get("reported_latency_ms") for turn in found.turns] == [None, None, 501, None, None, 601]


def test_waits_that_fit_no_answers_are_kept_without_one_and_said() -> None:
    found = told(bot(0, 1), user(2, 3), bot(4, 5), artifact=waits(500, 600))
    assert [(one.turn_id, one.ms) for one in found.stage_timings] == [(None, 500), (None, 600)]
    assert "2 waits (llm_first_token) were reported for 1 answers" in found.warnings[0]["message"]


def test_a_squad_hands_over_where_another_assistant_speaks() -> None:
    desk, booking = {"assistantName": "Desk"}, {"assistantName": "Booking"}
    found = told(bot(0, 1, **desk), user(2, 3), bot(4, 5, **booking), bot(6, 7, **booking))
    assert [(one.from_agent, one.to_agent, one.at_ms, one.kind) for one in found.handoffs] == [
        ("Desk", "Booking", 4, "transfer")
    ]


def test_a_transfer_to_a_number_is_a_hand_off_and_the_outcome() -> None:
    destination = {"type": "number", "number": "+15550123"}
    found = told(
        bot(0, 1), tool("t", 50, "transferCall"), destination=destination, endedReason="assistant-forwarded-call"
    )
    [handoff] = found.handoffs
    assert (handoff.to_agent, handoff.at_ms) == ("+15550123", 50)
    assert found.outcome == {"reason": "assistant-forwarded-call", "ended_by": "agent", "transferred_to": "+15550123"}


@pytest.mark.parametrize(
    ("reason", "ended_by", "is_error"),
    [
        ("customer-ended-call", "caller", False),
        ("assistant-ended-call", "agent", False),
        ("assistant-not-found", None, False),
        ("silence-timed-out", None, False),
        ("pipeline-error-openai-llm-failed", None, True),
        ("call.in-progress.error-vapifault-worker-died", None, True),
    ],
)
def test_who_ended_it_and_whether_by_an_error(reason: str, ended_by: str | None, is_error: bool) -> None:
    found = told(endedReason=reason)
    assert (found.outcome or {}).get("ended_by") == ended_by
    assert bool(found.warnings) is is_error


@pytest.mark.parametrize(
    ("provider", "given"), [("openai", {"input_tokens": 700.0}), ("anthropic", {"input_tokens": 1000.0})]
)
def test_cached_tokens_are_counted_once(provider: str, given: dict[str, float]) -> None:
    cost = {
        "type": "model",
        "model": {"provider": provider, "model": "m"},
        "promptTokens": 1000,
        "cachedPromptTokens": 300,
    }
    meters = {row.meter: row.quantity for row in told(costs=[cost]).usage}
    assert meters == given | {"cached_input_tokens": 300.0}


def test_a_cost_without_its_parts_is_one_sum() -> None:
    assert [(row.model, row.meter, row.quantity) for row in told(cost=0.05).usage] == [("vapi", "cost_usd", 0.05)]


@pytest.mark.parametrize(
    ("artifact", "links"),
    [
        ({"recordingUrl": "https://s/mono.wav"}, {"mixed": "https://s/mono.wav"}),
        (
            {"recording": {"mono": {"customerUrl": "https://s/c"}}, "recordingUrl": "https://s/m"},
            {"mixed": "https://s/m"},
        ),
        (
            {"recording": {"mono": {"customerUrl": "https://s/c", "assistantUrl": "https://s/a"}}},
            {"caller": "https://s/c", "agent": "https://s/a"},
        ),
        ({"presignedStereoUrl": "https://s/p", "stereoRecordingUrl": "https://s/s"}, {"stereo": "https://s/p"}),
        ({}, {}),
    ],
)
def test_the_recording_that_tells_both_sides_apart_is_linked(artifact: dict[str, Any], links: dict[str, str]) -> None:
    assert {link.track: link.url for link in report(artifact=artifact).links} == links


def test_a_report_among_live_messages_tells_everything() -> None:
    live = {"type": "speech-update", "status": "started", "role": "user", "timestamp": START, "call": {"id": "c1"}}
    whole = {"type": "end-of-call-report", "call": {"id": "c1"}, "artifact": {"messages": [bot(0, 5)]}}
    body = "\n".join(json.dumps({"message": one}) for one in (live, whole))
    assert [turn.id for turn in vapi.parse(body.encode(), None).conversations[0].turns] == ["m1"]


def live(*messages: dict[str, Any]) -> list[tuple[str, int | None, int | None, str | None]]:
    """What live messages without a report come to: who, from when to when, what."""
    lines = [
        json.dumps({"message": {"call": {"id": "c1"}} | one | {"timestamp": START + one["timestamp"]}})
        for one in messages
    ]
    turns = vapi.parse("\n".join([STATUS, *lines]).encode(), None).conversations[0].turns
    return [(turn.speaker, turn.start_ms, turn.end_ms, turn.text) for turn in turns]


STATUS = json.dumps(
    {"message": {"type": "status-update", "status": "in-progress", "timestamp": START, "call": {"id": "c1"}}}
)


def spoke(role: str, status: str, at: int, **more: Any) -> dict[str, Any]:
    return {"type": "speech-update", "role": role, "status": status, "timestamp": at} | more


def final(role: str, words: str, at: int) -> dict[str, Any]:
    return {"type": "transcript", "transcriptType": "final", "role": role, "transcript": words, "timestamp": at}


def test_a_live_message_that_is_sent_again_tells_nothing_twice() -> None:
    """Vapi sends again what was not answered in time; the call inside of it has gone on."""
    told_once = [spoke("user", "started", 10, turn=0), spoke("user", "stopped", 20, turn=0), final("user", "Hi.", 25)]
    again = [message | {"call": {"id": "c1", "status": "ended"}} for message in told_once]
    assert live(*told_once, *again) == [("caller", 10, 20, "Hi.")]


def test_a_caller_who_takes_breath_has_one_turn() -> None:
    first = [spoke("user", "started", 10, turn=0), spoke("user", "stopped", 20, turn=0), final("user", "Hi,", 25)]
    rest = [spoke("user", "started", 30, turn=0), spoke("user", "stopped", 40, turn=0), final("user", "it's me.", 45)]
    assert live(*first, *rest) == [("caller", 10, 40, "Hi, it's me.")]
    assert live(*first, spoke("assistant", "started", 26, turn=1), *rest)[0] == ("caller", 10, 20, "Hi,")


def test_without_speech_updates_each_side_speaks_in_turn() -> None:
    found = live(final("user", "Hi.", 10), final("assistant", "Hello.", 20), final("user", "Bye.", 30))
    assert [(who, words) for who, _, _, words in found] == [("caller", "Hi."), ("agent", "Hello."), ("caller", "Bye.")]


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"message": {}}', b'{"message": "hi"}', b"", b"null"])
def test_a_body_without_a_message_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        vapi.parse(body, None)


def test_words_give_a_turn_its_times() -> None:
    entries = [spoken("agent", (1.0, 1.2), (1.3, 2.0)), spoken("user", (1.9, 2.5)), spoken("agent")]
    found = call(transcript_with_tool_calls=entries).conversations[0]
    times = [(one.speaker, one.start_ms, one.end_ms, one.interrupted) for one in found.turns]
    assert times == [("agent", 1000, 2000, True), ("caller", 1900, 2500, None), ("agent", None, None, None)]


def test_a_backchannel_interrupts_nobody_and_is_no_answer() -> None:
    entries = [
        spoken("agent", (0.0, 5.0)),
        spoken("user", (2.0, 2.2), metadata={"is_backchannel": True}),
        spoken("agent", (5.1, 6.0)),
    ]
    found = call(transcript_with_tool_calls=entries, latency={"llm": {"values": []}}).conversations[0]
    assert [(one.kind, one.interrupted) for one in found.turns] == [(None, False), ("backchannel", None), (None, False)]


def test_keys_and_people_a_call_was_passed_to() -> None:
    entries = [{"role": "dtmf", "digit": "1"}, spoken("transfer_target", (1.0, 2.0))]
    found = call(transcript_with_tool_calls=entries).conversations[0]
    assert [(one.speaker, one.agent_name, one.kind, one.text) for one in found.turns] == [
        ("caller", None, "dtmf", "1"),
        ("agent", "transfer target", "side_speech", "Words."),
    ]


def test_retells_transfer_is_one_hand_off_however_often_it_is_told() -> None:
    asked = {"role": "tool_call_invocation", "tool_call_id": "x", "name": "to a person", "type": "transfer_call",
             "arguments": '{"number": "+15550123"}'}  # fmt: skip
    answer = {"role": "tool_call_result", "tool_call_id": "x", "content": "ok", "successful": True}
    ended = call(transcript_with_tool_calls=[asked, answer], transfer_destination="+15550123").conversations[0]
    started = json.dumps({"event": "transfer_started", "call": {"call_id": "r1"}, "transfer_destination": "+15550123"})
    live = retell.parse(started.encode(), None)
    for found in (ended, live.conversations[0]):
        assert [(one.id, one.to_agent, one.kind) for one in found.handoffs] == [("transfer-1", "+15550123", "transfer")]
    assert (ended.outcome, live.ended) == ({"transferred_to": "+15550123"}, False)


def test_a_tool_that_says_it_failed_did() -> None:
    asked = {"role": "tool_call_invocation", "tool_call_id": "x", "name": "book", "arguments": "not json"}
    answer = {"role": "tool_call_result", "tool_call_id": "x", "content": "no answer", "successful": False}
    [made] = call(transcript_with_tool_calls=[asked, answer]).conversations[0].tool_calls
    assert (made.arguments, made.error, made.status) == ("not json", "no answer", "failed")


def test_cents_are_dollars() -> None:
    costs = {"combined_cost": 2.5, "product_costs": [{"product": "tts", "cost": 2}, {"product": "llm", "cost": 0.5}]}
    rows = call(call_cost=costs).conversations[0].usage
    assert [(row.model, row.quantity) for row in rows] == [("tts", 0.02), ("llm", 0.005)]
    more = call(call_cost=costs | {"combined_cost": 3}).conversations[0].usage
    assert (more[-1].model, more[-1].quantity) == ("retell, not itemised", 0.005)
    [whole] = call(call_cost={"combined_cost": 2.5}).conversations[0].usage
    assert (whole.model, whole.quantity) == ("retell", 0.025)


def test_scrubbed_twins_stand_in_where_only_they_are_kept() -> None:
    parsed = call(
        scrubbed_transcript_with_tool_calls=[spoken("agent", (0.0, 1.0))],
        scrubbed_recording_multi_channel_url="https://s/scrubbed.wav",
    )
    assert len(parsed.conversations[0].turns) == 1
    assert [link.url for link in parsed.links] == ["https://s/scrubbed.wav"]


def test_a_call_as_the_api_gives_it_is_read_too() -> None:
    bare = json.dumps({"call_id": "r1", "agent_id": "a", "call_status": "ended"}).encode()
    assert retell.recognises(bare, None)
    assert retell.parse(bare, None).ended


def test_a_call_that_broke_says_so() -> None:
    [found] = call(disconnection_reason="error_llm_websocket_lost_connection").conversations
    assert found.warnings[0]["message"] == "the call ended by an error: error_llm_websocket_lost_connection"
