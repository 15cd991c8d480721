"""Logs as people keep them: many envelopes, parts, repeats, cuts. The same session is the same conversation."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.errors import BadInput, Unreadable
from evalhub.traces.formats import openai_realtime
from evalhub.traces.formats.native_dump import dump
from tests.pure.traces.realtime_logs import (
    T0,
    append,
    committed,
    conversation,
    created,
    heard,
    lines,
    messages,
    pcm,
    timed,
)
from tests.pure.traces.samples import REALTIME

SESSION: list[tuple[float, dict[str, Any]]] = [
    (0.0, created()),
    (0.1, append()),
    (0.25, append()),
    (0.3, committed("u1")),
    (0.5, heard("u1", "Hello.")),
]
every_log = pytest.mark.parametrize("log", REALTIME, ids=lambda log: log.parent.name)


def har(seconds: float, event: dict[str, Any]) -> dict[str, Any]:
    return {"type": "receive", "time": T0 + seconds, "opcode": 1, "data": json.dumps(event)}


ENVELOPES: list[Callable[[float, dict[str, Any]], Any]] = [
    lambda seconds, event: {"t": T0 + seconds, "dir": "client", "event": event},
    lambda seconds, event: {"timestamp": round((T0 + seconds) * 1e3), "direction": "sent", "payload": event},
    lambda seconds, event: {"ts": round((T0 + seconds) * 1e6), "message": json.dumps(event)},
    lambda seconds, event: {"received_at": datetime.fromtimestamp(T0 + seconds, UTC).isoformat(), "payload": event},
    lambda seconds, event: {"created_at": datetime.fromtimestamp(T0 + seconds, UTC).isoformat()[:-6], "event": event},
    lambda seconds, event: event | {"timestamp": T0 + seconds},
    har,
]


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_every_envelope_says_the_same(envelope: Callable[[float, dict[str, Any]], Any]) -> None:
    log = lines(*(envelope(seconds, event) for seconds, event in SESSION))
    assert openai_realtime.recognises(log, None)
    assert dump(conversation(log)) == dump(conversation(timed(*SESSION)))


def test_a_whole_har_file_and_a_list_are_read() -> None:
    frames = [har(seconds, event) for seconds, event in SESSION]
    page = {"log": {"entries": [{"request": {}}, {"_webSocketMessages": frames}]}}
    assert openai_realtime.recognises(json.dumps(page).encode(), None)
    assert dump(conversation(json.dumps(page, indent=1).encode())) == dump(conversation(timed(*SESSION)))
    assert dump(conversation(json.dumps(frames).encode())) == dump(conversation(timed(*SESSION)))


def test_times_from_an_unknown_start_tell_everything_but_the_date() -> None:
    found = conversation(lines(*({"t": seconds, "event": event} for seconds, event in SESSION)))
    assert (found.started_at, [(turn.start_ms, turn.end_ms) for turn in found.turns]) == (None, [(0, 250)])


@every_log
@given(data=st.data())
def test_in_parts_and_with_repeats_it_is_the_same_conversation(log: Path, data: st.DataObject) -> None:
    whole = log.read_bytes()
    rows = whole.splitlines(keepends=True)
    cuts = sorted(data.draw(st.lists(st.integers(1, len(rows) - 1), min_size=1, max_size=3, unique=True)))
    parts = [b"".join(rows[start:end]) for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    repeated = data.draw(st.sampled_from(parts))
    together = openai_realtime.parse_many([*parts, repeated], None)
    alone = openai_realtime.parse(whole, None)
    assert dump(together.conversations[0]) == dump(alone.conversations[0])
    assert [(a.track, a.data, a.offset_ms) for a in together.audio] == [
        (a.track, a.data, a.offset_ms) for a in alone.audio
    ]


def test_parts_that_overlap_count_once() -> None:
    first, second = timed(*SESSION[:4]), timed(*SESSION[2:])
    found = openai_realtime.parse_many([first, second], None).conversations[0]
    assert dump(found) == dump(openai_realtime.parse(timed(*SESSION), None).conversations[0])


def test_equal_pieces_of_silence_in_one_log_all_count() -> None:
    silence = [(0.1, append()), (0.1, append()), (0.1, append())]
    [audio] = openai_realtime.parse(timed((0.0, created()), *silence), None).audio
    assert len(audio.data) == 3 * 2 * 2_400


def test_a_log_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    log = timed(*SESSION)[:-20]
    assert "the log ends in the middle of an event" in messages(log)
    assert [turn.text for turn in conversation(log).turns] == [None]


def test_a_line_that_is_broken_in_the_middle_is_named() -> None:
    rows = timed(*SESSION).split(b"\n")
    with pytest.raises(Unreadable, match="line 2, column 1"):
        openai_realtime.parse(b"\n".join([rows[0], b"oops", *rows[1:]]), None)


def test_lines_that_are_no_events_are_counted() -> None:
    log = timed(*SESSION) + b'\n{"level": "info"}\n{"t": 1, "event": {"type": "my.own"}}\n'
    assert "2 entries of the log are no Realtime or Live events" in messages(log)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"id": "x"}', b'{"event": "call_started"}', b"3"])
def test_what_has_no_events_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        openai_realtime.parse(body, None)
    assert not openai_realtime.recognises(body, None)


def test_a_few_times_are_no_times() -> None:
    log = lines({"t": T0, "event": created()}, append(), committed("u1"), heard("u1", "Hello."))
    assert any("most events have none" in message for message in messages(log))


def test_the_key_of_a_session_is_its_group_else_its_id() -> None:
    named = created(tracing={"group_id": "call_7", "workflow_name": "Desk", "metadata": {"user_id": "u-1", "n": 1}})
    found = openai_realtime.parse(lines(named), None).conversations[0]
    assert (found.id, found.agent_name, found.user_id) == ("call_7", "Desk", "u-1")
    assert found.meta == {"user_id": "u-1", "n": 1, "session_id": "sess_1", "group_id": "call_7"}
    assert openai_realtime.parse(lines(created()), None).conversations[0].id == "sess_1"


def test_a_live_session_has_a_clock_of_its_own() -> None:
    log = lines(
        {"type": "session.started", "event_id": "e1", "session": {"id": "sess_L", "model": "gpt-live-1"}},
        {"type": "session.input_transcript.delta", "event_id": "e2", "delta": "Hi", "start_ms": 100, "end_ms": 400},
        {"type": "session.output_transcript.delta", "event_id": "e3", "delta": "Yes", "start_ms": 900, "end_ms": 1200},
        {"type": "session.input_transcript.delta", "event_id": "e4", "delta": " you", "start_ms": 1500, "end_ms": 1800},
    )
    turns = conversation(log).turns
    assert [(turn.speaker, turn.start_ms, turn.end_ms, turn.text) for turn in turns] == [
        ("caller", 100, 400, "Hi"),
        ("agent", 900, 1200, "Yes"),
        ("caller", 1500, 1800, "you"),
    ]
    assert turns[1].interrupted is False


def test_a_translation_session_is_a_call_of_two_voices_at_once() -> None:
    """Its words carry one moment of the clock of the sound that was sent."""
    spoken = [(1 + n / 5, {"type": "session.input_audio_buffer.append", "audio": pcm(200)}) for n in range(10)]
    words = [
        (2.0, {"type": "session.input_transcript.delta", "event_id": "a", "delta": "Guten ", "elapsed_ms": 400}),
        (2.1, {"type": "session.input_transcript.delta", "event_id": "b", "delta": "Tag.", "elapsed_ms": 600}),
        (2.2, {"type": "session.output_transcript.delta", "event_id": "c", "delta": "Hello.", "elapsed_ms": 600}),
        (3.2, {"type": "session.closed", "event_id": "d"}),
    ]
    found = conversation(timed((0, created(type="translation")), *spoken, *words))
    assert [(turn.speaker, turn.text, turn.start_ms, turn.end_ms, turn.interrupted) for turn in found.turns] == [
        ("caller", "Guten Tag.", 1000, 1400, None),
        ("agent", "Hello.", 1200, 1400, None),
    ]
    assert found.ended_at
