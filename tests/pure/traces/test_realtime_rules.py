"""What a log's events come to: turns, interruptions, tools, hand-offs, and what cannot be known."""

from typing import Any

import pytest

from tests.pure.traces.realtime_logs import (
    append,
    committed,
    conversation,
    created,
    done,
    heard,
    message,
    messages,
    parse,
    responding,
    sound,
    started,
    stopped,
    timed,
    truncate,
    words,
)

SPEAKING: list[tuple[float, dict[str, Any]]] = [
    (0.0, created()),
    (1.0, responding()),
    (1.0, message("a1")),
    (1.0, sound("a1", 500)),
    (1.1, sound("a1", 500)),
    (1.2, words("a1", "One two three four five")),
]


def test_a_caller_turn_lies_on_the_clock_of_what_was_sent() -> None:
    log = timed(
        (0.0, created()), (0.1, append()), (0.2, append()), (0.3, append()), (0.3, started("u1", 50)),
        (0.4, append()), (0.6, stopped("u1", 350)), (0.6, committed("u1")), (0.9, heard("u1", "Hello.\n")),
    )  # fmt: skip
    [turn] = conversation(log).turns
    assert (turn.speaker, turn.start_ms, turn.end_ms, turn.text) == ("caller", 50, 350, "Hello.")


def test_the_call_begins_with_the_speech_that_was_sent_first() -> None:
    found = conversation(timed((0.0, created()), (0.1, append(400)), (0.2, committed("u1"))))
    assert found.started_at is not None
    assert found.started_at.timestamp() == pytest.approx(1_795_417_960.7)
    assert [(turn.start_ms, turn.end_ms) for turn in found.turns] == [(0, 400)]


def test_a_spoken_answer_lies_where_it_was_played() -> None:
    [turn] = conversation(timed(*SPEAKING, (1.3, done()))).turns
    assert (turn.start_ms, turn.end_ms, turn.interrupted, turn.heard_text) == (1000, 2000, False, None)


def test_an_answer_that_was_complete_is_still_interrupted_where_it_was_cut() -> None:
    [turn] = conversation(timed(*SPEAKING, (1.3, done()), (1.6, truncate("a1", 600)))).turns
    assert (turn.end_ms, turn.interrupted, turn.heard_text) == (1600, True, "One two three")
    assert turn.extra == {"heard_ms": 600, "heard_source": "truncate"}


def test_a_truncation_after_the_last_sound_is_no_interruption() -> None:
    [turn] = conversation(timed(*SPEAKING, (1.3, done()), (2.5, truncate("a1", 1500)))).turns
    assert (turn.end_ms, turn.interrupted, turn.heard_text) == (2000, False, None)


def test_a_cancelled_answer_was_heard_as_long_as_there_was_time() -> None:
    [turn] = conversation(timed(*SPEAKING, (1.45, done(status="cancelled")))).turns
    assert (turn.end_ms, turn.interrupted, turn.heard_text) == (1450, True, "One two")
    assert turn.extra == {"heard_ms": 450, "heard_source": "elapsed"}


def test_without_times_nothing_is_guessed() -> None:
    bare = [event for _, event in SPEAKING]
    log = b"\n".join(timed((0, event)).split(b'"event": ')[1][:-1] for event in [*bare, truncate("a1", 600)])
    parsed = parse(log)
    [turn] = parsed.conversations[0].turns
    assert (turn.start_ms, turn.end_ms, turn.interrupted, turn.heard_text) == (None, None, True, "One two three")
    assert (parsed.audio, parsed.conversations[0].started_at, parsed.conversations[0].duration_ms) == ([], None, None)
    assert "carry no times" in messages(log)[0]


def test_over_webrtc_the_times_are_those_of_the_events_and_it_says_so() -> None:
    silence = {"audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 500}}}}
    playing = {"type": "output_audio_buffer.started", "response_id": "r1"}
    log = timed(
        (0.0, created(**silence)), (1.0, started("u1", 900)), (2.0, stopped("u1", 1400)), (2.0, committed("u1")),
        (2.4, responding()), (2.4, message("a1")), (2.5, playing), (2.6, words("a1", "Yes.")), (2.7, done()),
        (4.0, playing | {"type": "output_audio_buffer.cleared"}),
    )  # fmt: skip
    caller, agent = conversation(log).turns
    assert (caller.start_ms, caller.end_ms) == (1000, 1500)
    assert (agent.start_ms, agent.end_ms, agent.interrupted) == (2500, 4000, True)
    assert agent.extra == {"heard_ms": 1500, "heard_source": "playback"}
    assert any("timed by when their events arrived" in message for message in messages(log))


def test_typed_words_are_a_turn_without_length() -> None:
    item = {"role": "user", "type": "message", "content": [{"type": "input_text", "text": "Where is it?"}]}
    log = timed(
        (0.0, created()), (1.0, {"type": "conversation.item.create", "item": item}),
        (1.1, {"type": "conversation.item.added", "item": item | {"id": "u1"}, "previous_item_id": None}),
    )  # fmt: skip
    [turn] = conversation(log).turns
    assert (turn.id, turn.speaker, turn.text, turn.start_ms, turn.end_ms) == (
        "u1",
        "caller",
        "Where is it?",
        1100,
        1100,
    )


def test_a_log_of_the_client_alone_tells_what_the_client_knows() -> None:
    item = {"role": "user", "type": "message", "content": [{"type": "input_text", "text": "Hi"}]}
    session = {"model": "gpt-realtime", "instructions": "Be kind."}
    found = conversation(
        timed(
            (0, {"type": "session.update", "session": session}), (1, {"type": "conversation.item.create", "item": item})
        )
    )
    assert [turn.text for turn in found.turns] == ["Hi"]
    assert (found.prompt.instructions if found.prompt else None, found.models) == ("Be kind.", {"s2s": "gpt-realtime"})


def test_the_dialogue_follows_previous_item_id_not_arrival() -> None:
    log = timed((0.0, created()), (0.1, committed("u1")), (0.2, message("a1")), (0.3, committed("u0")),
                (0.4, words("a1", "Yes.")), (0.5, committed("u2", "u0")), (0.6, {
                    "type": "conversation.item.added", "previous_item_id": "u2",
                    "item": {"id": "a1", "type": "message", "role": "assistant", "content": []}}))  # fmt: skip
    assert [turn.id for turn in conversation(log).turns] == ["u1", "u0", "u2", "a1"]


def call(item: str, name: str, arguments: str, response: str = "r1") -> dict[str, Any]:
    raw = {"id": item, "type": "function_call", "call_id": f"c-{item}", "name": name, "arguments": arguments}
    return {"type": "response.output_item.done", "response_id": response, "item": raw | {"status": "completed"}}


def answered(item: str, output: str) -> dict[str, Any]:
    raw = {"type": "function_call_output", "call_id": f"c-{item}", "output": output}
    return {"type": "conversation.item.create", "item": raw}


def test_a_tool_call_belongs_to_the_turn_that_it_leads_to() -> None:
    log = timed(
        (0.0, created()), (1.0, responding()), (1.1, call("f1", "find", '{"day": 3}')), (1.2, done()),
        (1.5, answered("f1", '{"error": "no such day"}')), (2.0, responding("r2")), (2.1, message("a1", "r2")),
        (2.2, words("a1", "Sorry.", "r2")),
    )  # fmt: skip
    [found] = conversation(log).tool_calls
    assert (found.id, found.name, found.arguments, found.turn_id) == ("c-f1", "find", {"day": 3}, "a1")
    assert (found.start_ms, found.end_ms, found.status, found.error) == (1100, 1500, "failed", "no such day")


def test_a_call_without_an_answer_is_not_completed_and_odd_arguments_are_kept() -> None:
    [found] = conversation(timed((0.0, created()), (1.0, call("f1", "find", "{day: 3")))).tool_calls
    assert (found.arguments, found.status, found.end_ms, found.result) == ("{day: 3", "in_progress", None, None)


def test_a_handoff_is_a_transfer_call_and_then_a_session_update() -> None:
    update = {"type": "session.updated", "session": {"instructions": "You know the policy."}}
    log = timed(
        (0.0, created(instructions="Greet.")), (1.0, call("f1", "transfer_to_policy_desk", "{}")), (1.2, update),
        (1.3, responding("r2")), (1.4, message("a1", "r2")), (1.5, words("a1", "Hello.", "r2")),
    )  # fmt: skip
    found = conversation(log)
    assert [(h.from_agent, h.to_agent, h.at_ms, h.kind) for h in found.handoffs] == [
        (None, "policy desk", 1200, "transfer")
    ]
    assert [turn.agent_name for turn in found.turns] == ["policy desk"]
    assert found.prompt is not None
    assert found.prompt.instructions == "You know the policy."


def test_a_transfer_call_alone_is_a_tool_call() -> None:
    found = conversation(timed((0.0, created()), (1.0, call("f1", "transfer_to_human", "{}"))))
    assert (found.handoffs, [tool.name for tool in found.tool_calls]) == ([], ["transfer_to_human"])


def test_keys_are_turns_of_the_caller() -> None:
    pressed = {"type": "input_audio_buffer.dtmf_event_received", "event": "5", "received_at": 1_795_417_963}
    found = conversation(timed((0.0, created()), (2.0, pressed)))
    assert [(turn.speaker, turn.kind, turn.text, turn.start_ms) for turn in found.turns] == [
        ("caller", "dtmf", "5", 2000)
    ]
    assert found.channel == "phone"


def test_an_idle_caller_says_nothing() -> None:
    idle = {"type": "input_audio_buffer.timeout_triggered", "item_id": "u1", "audio_start_ms": 0, "audio_end_ms": 90}
    assert conversation(timed((0.0, created()), (1.0, idle), (1.0, committed("u1")))).turns == []


def test_errors_are_noted_and_only_an_expired_session_is_over() -> None:
    harmless, expired = (
        {"type": "error", "error": {"code": code, "message": "m"}} for code in ("x", "session_expired")
    )
    assert messages(timed((0.0, created()), (1.0, harmless))) == ["x: m"]
    assert parse(timed((0.0, created()), (1.0, harmless))).ended is False
    parsed = parse(timed((0.0, created()), (1.0, expired)))
    assert (parsed.ended, parsed.conversations[0].duration_ms) == (True, 1000)


@pytest.mark.parametrize(
    ("usage", "meters"),
    [
        ({"input_tokens": 5, "output_tokens": 2}, {"input_tokens": 5, "output_tokens": 2}),
        (
            {"input_tokens": 10, "input_token_details": {"text_tokens": 6, "audio_tokens": 4, "cached_tokens": 3}},
            {"cached_input_tokens": 3, "input_tokens": 7},
        ),
        (
            {
                "input_tokens": 10,
                "input_token_details": {
                    "text_tokens": 6, "audio_tokens": 4, "cached_tokens": 3,
                    "cached_tokens_details": {"text_tokens": 1, "audio_tokens": 2},
                },
            },
            {
                "input_text_tokens": 5, "input_audio_tokens": 2,
                "cached_input_text_tokens": 1, "cached_input_audio_tokens": 2,
            },
        ),
        ({"input_tokens": 0, "output_tokens": 0}, {}),
    ],
)  # fmt: skip
def test_meters_never_overlap(usage: dict[str, Any], meters: dict[str, float]) -> None:
    found = conversation(timed((0.0, created()), (1.0, responding()), (1.1, done(usage=usage)))).usage
    assert {row.meter: row.quantity for row in found} == meters
