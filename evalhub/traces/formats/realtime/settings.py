"""A session's settings at one moment, read alike from GA, beta and Live."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evalhub.traces.formats.realtime.fields import amount, at, listed, name, text, thing

ENCODINGS = {
    "audio/pcm": "pcm",
    "audio/pcmu": "mulaw",
    "audio/pcma": "alaw",
    "pcm16": "pcm",
    "g711_ulaw": "mulaw",
    "g711_alaw": "alaw",
}
TOOL_FIELDS = ("type", "name", "description", "parameters")


@dataclass(frozen=True)
class AudioFormat:
    """pcm (16-bit little-endian), mulaw or alaw, and samples a second."""

    encoding: str = "pcm"
    rate: int = 24_000


@dataclass(frozen=True)
class Settings:
    """What `session.created`, `.updated`, `.started` last said."""

    raw: dict[str, Any] = field(default_factory=dict)

    def updated(self, session: dict[str, Any]) -> Settings:
        """These settings with what a later event says; what it leaves out stays."""
        return Settings(_over(self.raw, session))

    @property
    def model(self) -> str | None:
        return name(self.raw, "model")

    @property
    def voice(self) -> str | None:
        spoken = at(self.raw, "audio", "output", "voice") or self.raw.get("voice")
        return name({"voice": spoken.get("id") if isinstance(spoken, dict) else spoken}, "voice")

    @property
    def instructions(self) -> str | None:
        return text(self.raw, "instructions") or None

    @property
    def tools(self) -> list[dict[str, Any]]:
        """Tools as a prompt version keeps them; those of a Live session belong to its back end."""
        found = listed(self.raw, "tools") or listed(self.raw, "delegation", "responses", "tools")
        return [{key: tool[key] for key in TOOL_FIELDS if key in tool} for tool in found]

    @property
    def transcription(self) -> dict[str, Any]:
        return thing(self.raw, "audio", "input", "transcription") or thing(self.raw, "input_audio_transcription")

    @property
    def silence_s(self) -> float:
        """Silence that the server waits for before it says that the speech stopped."""
        return self._detection("silence_duration_ms") / 1000

    @property
    def padding_ms(self) -> float:
        """Sound before the speech that the server counts as part of it."""
        return self._detection("prefix_padding_ms")

    def _detection(self, field_name: str) -> float:
        detection = thing(self.raw, "audio", "input", "turn_detection") or thing(self.raw, "turn_detection")
        return min(amount(detection, field_name) or 0.0, 60_000)

    @property
    def speaks(self) -> bool | None:
        """Whether the model answers in audio; None where that is not said."""
        modalities = self.raw.get("output_modalities") or self.raw.get("modalities")
        return "audio" in modalities if isinstance(modalities, list) else None

    @property
    def input_format(self) -> AudioFormat:
        return _format(at(self.raw, "audio", "input", "format") or self._either("input_audio_format"))

    @property
    def output_format(self) -> AudioFormat:
        return _format(at(self.raw, "audio", "output", "format") or self._either("output_audio_format"))

    def _either(self, beta: str) -> Any:
        return self.raw.get(beta) or at(self.raw, "audio", "format")


def _format(said: Any) -> AudioFormat:
    kind = said if isinstance(said, str) else text(said, "type")
    encoding = ENCODINGS.get(kind or "", "pcm")
    usual = 24_000 if encoding == "pcm" else 8_000
    rate = amount(said, "rate")
    return AudioFormat(encoding, int(rate) if rate and 4_000 <= rate <= 192_000 else usual)


def _over(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        merged[key] = _over(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged
