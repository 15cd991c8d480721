"""A call to the Realtime API from its events: their sound becomes the recording, what else they say goes along."""

from __future__ import annotations

import base64
import json
from typing import Any

from . import g711
from .call import Call

KINDS = {"audio/pcmu": "mulaw", "audio/pcma": "alaw", "g711_ulaw": "mulaw", "g711_alaw": "alaw"}
SOUND = {
    "input_audio_buffer.append": ("caller", "audio"),
    "session.input_audio.append": ("caller", "audio"),
    "session.input_audio_buffer.append": ("caller", "audio"),
    "response.output_audio.delta": ("agent", "delta"),
    "response.audio.delta": ("agent", "delta"),
    "session.output_audio.delta": ("agent", "delta"),
}
"""event type -> whose sound it holds, and in which field"""
FORMATS = {"caller": "input", "agent": "output"}


class RealtimeCall(Call):
    """Tell it every event, as JSON text or as a dictionary: `sent` to the API, `received` from it."""

    formats = dict.fromkeys(FORMATS, ("pcm", 24_000))

    def sent(self, event: str | bytes | dict[str, Any]) -> None:
        self.later(self._take, "client", event)

    def received(self, event: str | bytes | dict[str, Any]) -> None:
        self.later(self._take, "server", event)

    def _take(self, at: float, direction: str, said: str | bytes | dict[str, Any]) -> None:
        event: dict[str, Any] = said if isinstance(said, dict) else json.loads(said)
        match event["type"]:
            case "session.created" | "session.updated" | "session.started":
                self.formats = {side: _format(event["session"], name) for side, name in FORMATS.items()}
                self._name(at, event["session"].get("id"))
            case "conversation.item.truncate" | "conversation.item.truncated":
                self.note(at, {"cut": event["item_id"], "heard_ms": event["audio_end_ms"]})
            case "response.done" if event["response"].get("status") == "cancelled":
                self.note(at, {"cut": None})
            case kind if kind in SOUND:
                event = self._without_sound(at, event, *SOUND[kind])
        self.event(at, direction, event)

    def _name(self, at: float, session_id: str | None) -> None:
        if self.id is None and session_id:
            self.id = session_id
            self.note(at, {"id": session_id})

    def _without_sound(self, at: float, event: dict[str, Any], side: str, field: str) -> dict[str, Any]:
        encoding, rate = self.formats[side]
        data = base64.b64decode(event[field])
        pcm = data if encoding == "pcm" else g711.decode(data, encoding)
        self.sound(at, side, pcm, rate, event.get("item_id"))
        return event | {field: "", "audio_ms": len(pcm) / 2 / rate * 1000}


def _format(session: dict[str, Any], name: str) -> tuple[str, int]:
    """(pcm | mulaw | alaw, samples a second) of `input` or `output`, as GA, beta and Live name it."""
    audio = session.get("audio") or {}
    said = (audio.get(name) or {}).get("format") or session.get(f"{name}_audio_format") or audio.get("format") or {}
    said = {"type": said} if isinstance(said, str) else said
    encoding = KINDS.get(said.get("type", ""), "pcm")
    return encoding, said.get("rate") or (24_000 if encoding == "pcm" else 8_000)
