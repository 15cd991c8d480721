"""The spoken turns of a voice pipeline, with their sound.

Where transcription streams (only then it has `turn_detection`), its end is the caller's end plus an unknown delay, and
its start the end of the one before; where it does not, its start is the caller's end. A group of speech begins with the
first text that a model gave. The agent is heard from the first byte of speech on, sentence after
sentence. The rate of the samples is not in the export: the service's speech synthesis gives 24 kHz, which is also what
the SDK expects as input.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from evalhub.models import StageTiming, Turn
from evalhub.traces.formats import ParsedAudio
from evalhub.traces.formats.agents_sdk import time_ns
from evalhub.traces.formats.agents_sdk_stages import stages_of
from evalhub.traces.formats.agents_sdk_steps import Answers, agent_named, guards, streams, type_of, typed
from evalhub.traces.formats.loose import mapping, words
from evalhub.traces.formats.realtime.sound import Piece, track
from evalhub.traces.spans import SpanRecord, TracedCall

RATE = 24_000
ESTIMATED = {"times": "estimated"}
TOO_LONG = "the sound of the {side} is left out: it spans more than 90 minutes"


@dataclass
class Voice:
    """What was spoken, in order, and what is known about it."""

    turns: list[Turn] = field(default_factory=list)
    stages: list[StageTiming] = field(default_factory=list)
    audio: list[ParsedAudio] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)
    voice: str | None = None
    language: str | None = None
    answers: Answers = field(default_factory=Answers)


def voice_of(call: TracedCall) -> Voice:
    """Nothing for a call without speech."""
    found = Voice()
    _start_with_the_caller(call)
    pieces: dict[str, list[Piece]] = {"caller": [], "agent": []}
    groups, worked = _groups(call), _last_work(call)
    workers = [span for span in call.spans if agent_named(span) and not guards(call, span)]
    for span in typed(call, "transcription"):
        _hear(call, span, found, pieces["caller"], answered=worked.get(span.trace_id, 0) >= (span.end_ns or 0))
    for group in groups:
        turn = _speak(call, group, found, pieces["agent"])
        turn.agent_name = _speaker(workers, group)
    found.stages = list(stages_of(call, groups, found.answers))
    begun = {group.key: call.ms(group.start_ns) for group in groups}
    found.turns.sort(key=lambda turn: _place(turn, begun))
    for position, turn in enumerate(found.turns):
        turn.position = position
    for side, sounds in pieces.items():
        _lay(call, side, sounds, found)
    return found


def _place(turn: Turn, begun: dict[str, int | None]) -> int:
    """The caller's turns by their ends; the agent's by their first sound, else by when there were words to say."""
    known = turn.end_ms if turn.speaker == "caller" else turn.start_ms
    return (begun.get(turn.id) if known is None else known) or 0


def _lay(call: TracedCall, side: str, sounds: list[Piece], found: Voice) -> None:
    laid = track(sounds, (call.start_ns or 0) / 1e9)
    if laid:
        samples, rate, offset_ms = laid
        found.audio.append(
            ParsedAudio(conversation_id=call.id, track=side, data=samples, rate=rate, offset_ms=max(0, offset_ms))
        )
    elif sounds:
        found.warnings.append({"path": side, "message": TOO_LONG.format(side=side)})


def _groups(call: TracedCall) -> Sequence[SpanRecord]:
    """The agent's turns. A group comes after its sentences, or never: then they stand for it, under its id."""
    found = {group.key: group for group in typed(call, "speech_group")}
    for span in typed(call, "speech"):
        if span.parent_id and call.parent(span) is None:
            group = SpanRecord(trace_id=span.trace_id, span_id=span.parent_id)
            ends = (one.end_ns or 0 for one in call.children(group))
            group.end_ns = max(ends, default=None)
            found.setdefault(group.key, group)
    return list(found.values())


def _last_work(call: TracedCall) -> dict[str, int]:
    """When an agent last began to work or to speak, by trace."""
    return {span.trace_id: span.start_ns or 0 for span in typed(call, "agent", "speech_group")}


def _hear(call: TracedCall, span: SpanRecord, found: Voice, sounds: list[Piece], *, answered: bool) -> None:
    text = words(span.attributes.get("output"))
    found.language = found.language or words(mapping(span.attributes.get("model_config")).get("language"))
    samples = _samples(span.attributes.get("input"))
    begin, end = _when_heard(span, samples)
    if begin and samples:
        sounds.append(Piece(begin / 1e9, samples, RATE))
    kept_back = "output" not in span.attributes and span.status != "error" and answered
    if text or kept_back:
        times = (call.ms(begin), call.ms(end))
        turn = Turn(id=span.key, speaker="caller", start_ms=times[0], end_ms=times[1], text=text, extra=dict(ESTIMATED))
        found.turns.append(turn)


def _start_with_the_caller(call: TracedCall) -> None:
    """A recording that is transcribed as a whole was spoken before the first span began: so did the call."""
    heard = typed(call, "transcription")
    begun = [begin for span in heard if (begin := _when_heard(span, _samples(span.attributes.get("input")))[0])]
    call.start_ns = min([*begun, call.start_ns], default=None) if call.start_ns else None


def _when_heard(span: SpanRecord, samples: bytes) -> tuple[int | None, int | None]:
    """From when until when the caller spoke, as far as the sound and the span tell."""
    end = span.end_ns if streams(span) else span.start_ns
    if samples and end is not None:
        return end - _length_ns(samples), end
    return span.start_ns, end


def _speak(call: TracedCall, group: SpanRecord, found: Voice, sounds: list[Piece]) -> Turn:
    sentences = [span for span in call.children(group) if type_of(span) == "speech"]
    spoken = list(_laid(sentences))
    sounds += spoken
    first = _first_byte(sentences[0]) if sentences else None
    starts = min((round(piece.start * 1e9) for piece in spoken), default=first)
    ends = max((round(piece.end * 1e9) for piece in spoken), default=None)
    text = words(group.attributes.get("input")) or " ".join(str(one.attributes.get("input") or "") for one in sentences)
    turn = Turn(
        id=group.key, speaker="agent", start_ms=call.ms(starts), end_ms=call.ms(ends), text=text.strip() or None
    )
    found.turns.append(turn)
    found.answers.add(group.trace_id, group.end_ns, turn.id)
    voices = (words(mapping(one.attributes.get("model_config")).get("voice")) for one in sentences)
    found.voice = found.voice or next((name for name in voices if name), None)
    return turn


def _speaker(workers: Sequence[SpanRecord], group: SpanRecord) -> str | None:
    """The agent that was at work last when this was said."""
    begun = [one for one in workers if one.trace_id == group.trace_id and (one.start_ns or 0) <= (group.end_ns or 0)]
    return agent_named(begun[-1]) if begun and (begun[-1].end_ns or 0) >= (group.start_ns or 0) else None


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
