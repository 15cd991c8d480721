"""The spoken turns of a voice pipeline, with their sound.

Where transcription streams, its end is the caller's end plus an unknown delay, and its start the end of the one before;
where it does not, its start is the caller's end. The agent is heard from the first byte of speech on, sentence after
sentence. The rate of the samples is not in the export: the service's speech synthesis gives 24 kHz, which is also what
the SDK expects as input.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field

from evalhub.models import StageTiming, Turn
from evalhub.traces.formats import ParsedAudio
from evalhub.traces.formats.agents_sdk import time_ns
from evalhub.traces.formats.loose import mapping, words
from evalhub.traces.formats.realtime.sound import Piece, track
from evalhub.traces.spans import NS_PER_MS, SpanRecord, TracedCall

RATE = 24_000
ESTIMATED = {"times": "estimated"}


@dataclass
class Voice:
    """What was spoken, in order, and what is known about it."""

    turns: list[Turn] = field(default_factory=list)
    stages: list[StageTiming] = field(default_factory=list)
    audio: list[ParsedAudio] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)
    voice: str | None = None
    begun: list[tuple[int, str]] = field(default_factory=list)
    """when the agent's turns were synthesised to the end, with their ids"""

    def turn_of(self, span: SpanRecord) -> str | None:
        """The agent's turn that a step belongs to: the first that was not finished before the step began."""
        return next((turn_id for end, turn_id in self.begun if end >= (span.start_ns or 0)), None)


def voice_of(call: TracedCall) -> Voice:
    """Nothing for a call without speech."""
    found = Voice()
    _start_with_the_caller(call)
    pieces: dict[str, list[Piece]] = {"caller": [], "agent": []}
    for span in call.spans:
        if span.attributes.get("type") == "transcription":
            _hear(call, span, found, pieces["caller"])
        elif span.attributes.get("type") == "speech_group":
            _speak(call, span, found, pieces["agent"])
    found.turns.sort(key=lambda turn: (turn.end_ms if turn.speaker == "caller" else turn.start_ms) or 0)
    for position, turn in enumerate(found.turns):
        turn.position = position
    for side, sounds in pieces.items():
        if laid := track(sounds, (call.start_ns or 0) / 1e9):
            samples, rate, offset_ms = laid
            sound = ParsedAudio(
                conversation_id=call.id, track=side, data=samples, rate=rate, offset_ms=max(0, offset_ms)
            )
            found.audio.append(sound)
    return found


def _hear(call: TracedCall, span: SpanRecord, found: Voice, sounds: list[Piece]) -> None:
    text = words(span.attributes.get("output"))
    samples = _samples(span.attributes.get("input"))
    begin, end = _when_heard(span, samples)
    if begin and samples:
        sounds.append(Piece(begin / 1e9, samples, RATE))
    if text:
        times = (call.ms(begin), call.ms(end))
        turn = Turn(id=span.key, speaker="caller", start_ms=times[0], end_ms=times[1], text=text, extra=dict(ESTIMATED))
        found.turns.append(turn)


def _start_with_the_caller(call: TracedCall) -> None:
    """A recording that is transcribed as a whole was spoken before the first span began: so did the call."""
    heard = (span for span in call.spans if span.attributes.get("type") == "transcription")
    begun = [begin for span in heard if (begin := _when_heard(span, _samples(span.attributes.get("input")))[0])]
    call.start_ns = min([*begun, call.start_ns], default=None) if call.start_ns else None


def _when_heard(span: SpanRecord, samples: bytes) -> tuple[int | None, int | None]:
    """From when until when the caller spoke. More sound than the span is long was there before it began."""
    if span.start_ns is None or span.end_ns is None:
        return span.start_ns, span.end_ns
    length = _length_ns(samples)
    end = span.start_ns if length > span.end_ns - span.start_ns else span.end_ns
    return (end - length if length else span.start_ns), end


def _speak(call: TracedCall, group: SpanRecord, found: Voice, sounds: list[Piece]) -> None:
    sentences = [span for span in call.children(group) if span.attributes.get("type") == "speech"]
    spoken = list(_laid(sentences))
    sounds += spoken
    first = _first_byte(sentences[0]) if sentences else None
    starts = min((round(piece.start * 1e9) for piece in spoken), default=first)
    ends = max((round(piece.end * 1e9) for piece in spoken), default=None)
    text = words(group.attributes.get("input")) or " ".join(str(one.attributes.get("input") or "") for one in sentences)
    turn = Turn(
        id=group.key, speaker="agent", start_ms=call.ms(starts), end_ms=call.ms(ends), text=text.strip() or None
    )
    turn.agent_name = _speaker(call, group)
    found.turns.append(turn)
    found.begun.append((group.end_ns or 0, turn.id))
    found.begun.sort()
    voices = (words(mapping(one.attributes.get("model_config")).get("voice")) for one in sentences)
    found.voice = found.voice or next((name for name in voices if name), None)
    if first and sentences[0].start_ns:
        ms = (first - sentences[0].start_ns) / NS_PER_MS
        found.stages.append(
            StageTiming(id=f"{turn.id}:tts_first_byte", turn_id=turn.id, stage="tts_first_byte", ms=round(ms, 3))
        )


def _speaker(call: TracedCall, group: SpanRecord) -> str | None:
    """The agent that was at work last when this was said; those inside guardrails only look on."""
    agents = [
        span
        for span in call.spans
        if span.attributes.get("type") == "agent"
        and span.trace_id == group.trace_id
        and (span.start_ns or 0) <= (group.end_ns or 0)
        and not any(up.attributes.get("type") == "guardrail" for up in call.ancestors(span))
    ]
    return agents[-1].name if agents and (agents[-1].end_ns or 0) >= (group.start_ns or 0) else None


def _laid(sentences: list[SpanRecord]) -> Iterator[Piece]:
    """Sentences are synthesised side by side and played one after the other."""
    cursor = 0.0
    for span in sentences:
        samples, first = _samples(span.attributes.get("output")), _first_byte(span)
        if samples and first:
            piece = Piece(max(cursor, first / 1e9), samples, RATE)
            cursor = piece.end
            yield piece


def _first_byte(span: SpanRecord) -> int | None:
    return time_ns(span.attributes.get("first_content_at")) or None


def _samples(value: object) -> bytes:
    data = mapping(value).get("data")
    try:
        samples = base64.b64decode(data) if isinstance(data, str) else b""
    except (binascii.Error, ValueError):
        return b""
    return samples[: len(samples) // 2 * 2]


def _length_ns(samples: bytes) -> int:
    return len(samples) * 500_000_000 // RATE
