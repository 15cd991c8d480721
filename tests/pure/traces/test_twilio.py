"""What Twilio's callbacks and websocket logs come to."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from evalhub.errors import BadInput
from evalhub.models import Conversation
from evalhub.recorders import g711
from evalhub.traces.formats import Parsed, twilio, twilio_conversation_relay, twilio_media_stream

SILENCE = bytes([0xFF])


def form(**fields: str) -> bytes:
    return urlencode({"CallSid": "CA1"} | fields).encode()


def status(value: str, number: int, **fields: str) -> bytes:
    return form(CallStatus=value, SequenceNumber=str(number), **fields)


def recorded(sid: str, seconds: int = 10, **fields: str) -> bytes:
    told = {"RecordingSid": sid, "RecordingUrl": f"https://api.twilio.com/{sid}", "RecordingDuration": str(seconds)}
    return form(**told, **fields)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0, 2]])
def test_callbacks_count_in_their_own_order(order: list[int]) -> None:
    bodies = [
        status("ringing", 1, Timestamp="Mon, 23 Nov 2026 07:24:50 +0000"),
        status("in-progress", 2, Timestamp="Mon, 23 Nov 2026 07:25:00 +0000"),
        status("completed", 3, Timestamp="Mon, 23 Nov 2026 07:25:16 +0000", CallDuration="15"),
    ]
    parsed = twilio.parse_many([bodies[index] for index in order], None)
    [call] = parsed.conversations
    assert (call.outcome, call.duration_ms, parsed.ended, parsed.fills) == ({"reason": "completed"}, 16_000, True, True)
    assert call.started_at.isoformat() == "2026-11-23T07:25:00+00:00"


def test_a_call_that_never_took_place_is_over_and_says_so() -> None:
    parsed = twilio.parse(status("busy", 0, SipResponseCode="486"), None)
    assert parsed.ended
    assert parsed.conversations[0].warnings[0]["message"] == "the call did not take place: busy (486)"
    assert parsed.conversations[0].started_at is None


def test_a_recording_that_failed_is_no_link() -> None:
    parsed = twilio.parse(recorded("RE1", RecordingStatus="failed", ErrorCode="31002"), None)
    assert (parsed.links, parsed.ended) == ([], False)
    assert parsed.conversations[0].warnings[0]["message"] == "the recording is failed (error 31002)"


@pytest.mark.parametrize(
    ("fields", "track", "end"),
    [
        ({"RecordingChannels": "2"}, "stereo", "RE1.wav?RequestedChannels=2"),
        ({"RecordingChannels": "1", "RecordingTrack": "inbound"}, "caller", "RE1.wav"),
        ({"RecordingTrack": "outbound"}, "agent", "RE1.wav"),
        ({"RecordingTrack": "both"}, "mixed", "RE1.wav"),
    ],
)
def test_a_recording_is_of_whom_it_says(fields: dict[str, str], track: str, end: str) -> None:
    [link] = twilio.parse(recorded("RE1", **fields), None).links
    assert (link.track, link.url) == (track, f"https://api.twilio.com/{end}")


def test_the_longest_of_several_recordings_counts() -> None:
    parsed = twilio.parse_many([recorded("RE1", 5), recorded("RE2", 50), recorded("RE3", 7)], None)
    assert [link.url for link in parsed.links] == ["https://api.twilio.com/RE2.wav"]
    assert "3 recordings of one call" in parsed.conversations[0].warnings[0]["message"]


@pytest.mark.parametrize("body", [b"", b"{}", b"CallSid=", b"a=b", b"CallSid=%FF", b"\xff", b"&".join([b"a=1"] * 600)])
def test_what_names_no_call_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        twilio.parse(body, None)


def inbound(at: int, ms: int = 20) -> dict[str, Any]:
    return {"event": "media", "streamSid": "MZ1", "media": media(ms) | {"track": "inbound", "timestamp": str(at)}}


def sent(ms: int) -> dict[str, Any]:
    return {"event": "media", "streamSid": "MZ1", "media": media(ms)}


def media(ms: int, code: bytes = SILENCE) -> dict[str, Any]:
    return {"payload": base64.b64encode(code * 8 * ms).decode()}


CLEAR = {"event": "clear", "streamSid": "MZ1"}
START = {"event": "start", "start": {"callSid": "CA1", "streamSid": "MZ1"}}


def stream(*messages: dict[str, Any]) -> Parsed:
    return twilio_media_stream.parse("\n".join(map(json.dumps, (START, *messages))).encode(), None)


def agent_turns(parsed: Parsed) -> list[tuple[int | None, int | None, bool | None]]:
    turns = parsed.conversations[0].turns_of("agent")
    return [(turn.start_ms, turn.end_ms, turn.interrupted) for turn in turns]


def test_what_the_app_sends_is_played_piece_by_piece() -> None:
    parsed = stream(inbound(0, 100), sent(60), sent(40), inbound(100, 400), sent(50))
    assert agent_turns(parsed) == [(100, 200, False), (500, 550, False)]
    agent = parsed.audio[1]
    assert (agent.track, agent.offset_ms, len(agent.data) // 16, agent.rate) == ("agent", 100, 450, 8000)


def test_clear_cuts_what_was_not_played_yet() -> None:
    parsed = stream(inbound(0, 100), sent(1000), inbound(100, 300), CLEAR, inbound(400, 100))
    assert agent_turns(parsed) == [(100, 420, True)]
    assert parsed.conversations[0].turns[0].extra == {"heard_ms": 320, "heard_source": "elapsed"}
    assert len(parsed.audio[1].data) // 16 == 320


def test_clear_after_the_end_cuts_nothing() -> None:
    assert agent_turns(stream(inbound(0, 100), sent(50), inbound(100, 400), CLEAR)) == [(100, 150, False)]


def test_a_key_is_pressed_where_the_stream_has_come_to() -> None:
    parsed = stream(inbound(0, 240), {"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "5"}})
    [turn] = parsed.conversations[0].turns
    assert (turn.speaker, turn.kind, turn.text, turn.start_ms) == ("caller", "dtmf", "5", 240)


def test_both_tracks_are_decoded_where_both_are_streamed() -> None:
    loud = bytes([0x80])
    outbound = {"event": "media", "streamSid": "MZ1"}
    outbound |= {"media": media(20, loud) | {"track": "outbound", "timestamp": "40"}}  # type: ignore[dict-item]
    caller, agent = stream(inbound(0, 60), outbound).audio
    assert (caller.data, agent.data) == (g711.decode(SILENCE * 480, "mulaw"), g711.decode(loud * 160, "mulaw"))
    assert agent.offset_ms == 40


def relay(*messages: dict[str, Any]) -> Conversation:
    setup = {"type": "setup", "callSid": "CA1", "sessionId": "VX1", "direction": "outbound-api", "to": "+15550100"}
    body = "\n".join(map(json.dumps, (setup, *messages))).encode()
    assert twilio_conversation_relay.recognises(body, None)
    return twilio_conversation_relay.parse(body, None).conversations[0]


def test_tokens_are_one_answer_and_the_interruption_is_of_it() -> None:
    found = relay(
        {"type": "text", "token": "I have ", "last": False},
        {"type": "text", "token": "two.", "last": True},
        {"type": "interrupt", "utteranceUntilInterrupt": "I have", "durationUntilInterruptMs": 700},
        {"type": "text", "token": "Never ", "last": False},
        {"type": "prompt", "voicePrompt": "Wait", "last": True},
    )
    assert [(one.text, one.heard_text, one.interrupted) for one in found.turns] == [
        ("I have two.", "I have", True),
        ("Never", None, False),
        ("Wait", None, None),
    ]
    assert found.turns[0].extra == {"heard_ms": 700, "heard_source": "reported"}
    assert found.user_id == "+15550100"


def test_partial_words_are_repeated_by_the_last_unless_the_log_ends() -> None:
    partial = {"type": "prompt", "voicePrompt": "Hi I", "last": False}
    whole = {"type": "prompt", "voicePrompt": "Hi, I'd like", "last": True}
    assert [one.text for one in relay(partial, whole, partial).turns] == ["Hi, I'd like", "Hi I"]


@pytest.mark.parametrize(("code", "count"), [("live-agent-handoff", 1), ("done", 0)])
def test_a_session_that_ends_for_somebody_else_is_a_hand_off(code: str, count: int) -> None:
    found = relay({"type": "end", "handoffData": json.dumps({"reasonCode": code, "reason": "asks for a person"})})
    assert len(found.handoffs) == count
    assert found.outcome == {"reason": code}
