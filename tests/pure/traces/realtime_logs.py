"""Small logs of the Realtime API, written by tests event by event."""

import base64
import json
from typing import Any

from evalhub.models import Conversation
from evalhub.traces.formats import Parsed, openai_realtime

T0 = 1_795_417_961.0
RATE = 24_000


def pcm(ms: float, level: int = 1000) -> str:
    """So many milliseconds of sound, as events carry it."""
    return base64.b64encode(level.to_bytes(2, "little", signed=True) * round(ms * RATE / 1000)).decode()


def created(**session: Any) -> dict[str, Any]:
    fields = {"id": "sess_1", "type": "realtime", "model": "gpt-realtime", "output_modalities": ["audio"]}
    return {"type": "session.created", "event_id": "e0", "session": fields | session}


def append(ms: float = 100) -> dict[str, Any]:
    return {"type": "input_audio_buffer.append", "audio": pcm(ms)}


def started(item: str, at_ms: int) -> dict[str, Any]:
    return {"type": "input_audio_buffer.speech_started", "item_id": item, "audio_start_ms": at_ms}


def stopped(item: str, at_ms: int) -> dict[str, Any]:
    return {"type": "input_audio_buffer.speech_stopped", "item_id": item, "audio_end_ms": at_ms}


def committed(item: str, after: str | None = None) -> dict[str, Any]:
    return {"type": "input_audio_buffer.committed", "item_id": item, "previous_item_id": after}


def heard(item: str, words: str) -> dict[str, Any]:
    return {"type": "conversation.item.input_audio_transcription.completed", "item_id": item, "transcript": words}


def responding(response: str = "r1") -> dict[str, Any]:
    return {"type": "response.created", "response": {"id": response}}


def message(item: str, response: str = "r1") -> dict[str, Any]:
    raw = {"id": item, "type": "message", "role": "assistant", "content": []}
    return {"type": "response.output_item.added", "response_id": response, "item": raw}


def sound(item: str, ms: float, response: str = "r1") -> dict[str, Any]:
    return {"type": "response.output_audio.delta", "response_id": response, "item_id": item, "delta": pcm(ms)}


def words(item: str, said: str, response: str = "r1") -> dict[str, Any]:
    kind = "response.output_audio_transcript.done"
    return {"type": kind, "response_id": response, "item_id": item, "transcript": said}


def done(response: str = "r1", status: str = "completed", **more: Any) -> dict[str, Any]:
    return {"type": "response.done", "response": {"id": response, "status": status} | more}


def truncate(item: str, at_ms: int) -> dict[str, Any]:
    return {"type": "conversation.item.truncate", "item_id": item, "audio_end_ms": at_ms}


def lines(*events: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(event).encode() for event in events)


def timed(*events: tuple[float, dict[str, Any]]) -> bytes:
    """Events with the seconds after T0 at which they were logged."""
    return lines(*({"t": T0 + seconds, "event": event} for seconds, event in events))


def parse(log: bytes) -> Parsed:
    return openai_realtime.parse(log, "call-1")


def conversation(log: bytes) -> Conversation:
    return parse(log).conversations[0]


def messages(log: bytes) -> list[str]:
    """What the warnings say."""
    return [warning["message"] for warning in conversation(log).warnings or []]
