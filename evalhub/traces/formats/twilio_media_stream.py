"""Twilio Media Streams: a log of the websocket's messages, with the sound of both sides in it.

The caller's sound has times; that of the agent is what the app sent, has none, and is played from when it was sent, one
piece behind the other, until the app says `clear` (barge-in). The clock is that of the caller's sound: frames of 20 ms.
Source: twilio.com/docs/voice/media-streams/websocket-messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from evalhub.errors import BadInput, Problem, describe
from evalhub.evaluators import digest
from evalhub.models import Conversation, Turn
from evalhub.traces.bodies import warning
from evalhub.traces.formats import Parsed, ParsedAudio
from evalhub.traces.formats.peek import first_object
from evalhub.traces.formats.realtime.envelope import read_values
from evalhub.traces.formats.realtime.fields import at, key, name, text, thing
from evalhub.traces.formats.realtime.settings import AudioFormat
from evalhub.traces.formats.realtime.sound import Piece, samples, track
from evalhub.traces.formats.reports import known, numbered

NAME = "twilio_media_stream"
EVENTS = ("connected", "start", "media", "mark", "clear", "dtmf", "stop")
OURS = re.compile(rb'"(streamSid|stream_sid)"|"protocol"\s*:\s*"Call"')
MULAW, RATE, FRAME_MS = AudioFormat("mulaw", 8000), 8000, 20
NO_WORDS = "a media stream carries sound only: who said what shows once it is transcribed elsewhere"
NO_TIMES = "the agent's sound has no times in this log: it is laid where it was sent, on the clock of the caller's"
TOO_LONG = "the sound of the {side} is left out: it spans more than 90 minutes"


@dataclass
class Stream:
    """What the messages until now add up to. Times are ms of the stream's clock."""

    now: int = 0
    """where the caller's sound has come to"""
    pieces: dict[str, list[Piece]] = field(default_factory=lambda: {"caller": [], "agent": []})
    queue_end: int = 0
    """when what was sent will have been played"""
    turns: list[Turn] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)
    """of the `start` message"""
    sent: bool = False
    """whether the agent's sound is there only as the app sent it"""
    over: bool = False


def recognises(head: bytes, media_type: str | None) -> bool:  # noqa: ARG001  (the content decides)
    """Whether the first object is a message of such a websocket."""
    return first_object(head).get("event") in EVENTS and OURS.search(head) is not None


def parse(body: bytes, conversation_id: str | None) -> Parsed:
    """The call in a log.

    Raises:
        BadInput: there is no such message in it.
    """
    warnings: list[dict[str, str]] = []
    messages = list(read_values(body, warnings))
    stream = Stream()
    for message in messages:
        _take(stream, message)
    if not (stream.told or stream.turns or any(stream.pieces.values())):
        got = describe(messages[0]) if messages else "nothing"
        raise BadInput("There is no stream in this log.", [Problem("body", "messages of Media Streams", got)])
    conversation = _conversation(stream, conversation_id, digest(messages[:1]))
    audio = _audio(stream, conversation.id, warnings)
    warnings += [warning("media", said) for said, is_so in ((NO_WORDS, True), (NO_TIMES, stream.sent)) if is_so]
    conversation.warnings = warnings
    return Parsed(conversations=[conversation], audio=audio, fills=True, ended=stream.over)


def _take(stream: Stream, message: Any) -> None:
    match text(message, "event"):
        case "start":
            stream.told = thing(message, "start")
        case "media" if side := _side(message):
            _timed(stream, side, message)
        case "media":
            _sent(stream, message)
        case "clear":
            _clear(stream)
        case "dtmf":
            digit = text(message, "dtmf", "digit")
            stream.turns.append(_turn(stream, "caller", stream.now, stream.now, text=digit, kind="dtmf"))
        case "stop":
            stream.over = True


def _side(message: Any) -> str | None:
    """Whose sound it is; None for what the app sent."""
    return {"inbound": "caller", "outbound": "agent"}.get(text(message, "media", "track") or "")


def _timed(stream: Stream, side: str, message: Any) -> None:
    sound = samples(text(message, "media", "payload"), MULAW)
    stamp = str(at(message, "media", "timestamp"))
    start = int(stamp) if stamp.isdecimal() and len(stamp) < 10 else stream.now
    piece = Piece(start / 1000, sound, RATE)
    stream.pieces[side].append(piece)
    if side == "caller":
        stream.now = max(stream.now, round(piece.end * 1000))


def _sent(stream: Stream, message: Any) -> None:
    sound = samples(text(message, "media", "payload"), MULAW)
    start = max(stream.now, stream.queue_end)
    stream.sent = stream.sent or bool(sound)
    if sound and (start > stream.queue_end or not stream.turns or stream.turns[-1].speaker != "agent"):
        stream.turns.append(_turn(stream, "agent", start, start, interrupted=False))
    if sound:
        piece = Piece(start / 1000, sound, RATE)
        stream.pieces["agent"].append(piece)
        stream.turns[-1].end_ms = stream.queue_end = round(piece.end * 1000)


def _clear(stream: Stream) -> None:
    """What was not played yet never is; the frame that is on its way still comes through."""
    cut = stream.now + FRAME_MS
    turn = next((turn for turn in reversed(stream.turns) if turn.speaker == "agent"), None)
    if turn is None or (turn.end_ms or 0) <= stream.now:
        return
    turn.interrupted, turn.end_ms = True, min(turn.end_ms or cut, cut)
    turn.extra = {"heard_ms": max(0, (turn.end_ms or 0) - (turn.start_ms or 0)), "heard_source": "elapsed"}
    stream.queue_end = cut
    stream.pieces["agent"] = [_until(piece, cut) for piece in stream.pieces["agent"] if piece.start * 1000 < cut]


def _until(piece: Piece, cut: int) -> Piece:
    kept = max(0, round((cut / 1000 - piece.start) * piece.rate))
    return Piece(piece.start, piece.data[: 2 * kept], piece.rate)


def _turn(stream: Stream, speaker: str, start: int, end: int, **known_: Any) -> Turn:
    return Turn(id=f"{speaker}-{len(stream.turns) + 1}", speaker=speaker, start_ms=start, end_ms=end, **known_)


def _conversation(stream: Stream, conversation_id: str | None, content: str) -> Conversation:
    told = stream.told
    custom = thing(told, "customParameters")
    sids = {
        "stream_sid": text(told, "streamSid"),
        "account_sid": text(told, "accountSid"),
        "call_sid": text(told, "callSid"),
    }
    return Conversation(
        id=conversation_id or key(told, "callSid") or f"stream-{content}",
        channel="phone",
        user_id=name(custom, "user_id"),
        turns=numbered(stream.turns),
        meta=custom | known({"platform": "twilio"} | sids),
        duration_ms=max(stream.now, stream.queue_end) or None,
    )


def _audio(stream: Stream, conversation_id: str, warnings: list[dict[str, str]]) -> list[ParsedAudio]:
    audio = []
    for side, pieces in stream.pieces.items():
        laid = track(pieces, 0.0)
        if laid is None and pieces:
            warnings.append(warning("media", TOO_LONG.format(side=side)))
        if laid is not None:
            data, rate, offset_ms = laid
            audio.append(
                ParsedAudio(conversation_id=conversation_id, track=side, data=data, rate=rate, offset_ms=offset_ms)
            )
    return audio
