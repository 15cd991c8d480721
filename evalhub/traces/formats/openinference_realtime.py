"""Realtime sessions in OpenInference: a trace a turn, `user` and `assistant` under `conversation.turn`.

`user` spans the whole turn, so when the caller stopped is not known. `assistant` begins with the first sound of the
answer; how long that is, the header of its sound tells, also where the sound itself was cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from evalhub.models import Turn
from evalhub.traces.formats import ParsedAudio
from evalhub.traces.formats.data_uri import Clip, clip_of
from evalhub.traces.formats.loose import words
from evalhub.traces.formats.realtime.sound import Piece, track
from evalhub.traces.spans import NS_PER_MS, SpanRecord, TracedCall

KIND = "openinference.span.kind"
CUT = (
    "The sender cut the sound of each turn, so there is no recording. "
    "Set OPENINFERENCE_BASE64_AUDIO_MAX_LENGTH to 4000000 where the agent runs."
)


@dataclass
class Realtime:
    """The turns of a session, the turn of each model call, and its sound where that is whole."""

    turns: list[Turn] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    audio: list[ParsedAudio] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)


def realtime_of(call: TracedCall) -> Realtime:
    """Nothing for a call that is no realtime session."""
    found = Realtime()
    clips: dict[str, list[tuple[SpanRecord, Clip]]] = {"caller": [], "agent": []}
    for span in call.spans:
        if span.attributes.get(KIND) == "AUDIO":
            _read_turn(call, span, found, clips)
    if any(clip.is_cut for side in clips.values() for _, clip in side):
        found.warnings = [{"path": "spans", "message": CUT}]
    else:
        found.audio = list(_tracks(call, clips))
    for position, turn in enumerate(found.turns):
        turn.position = position
    return found


def _read_turn(
    call: TracedCall, exchange: SpanRecord, found: Realtime, clips: dict[str, list[tuple[SpanRecord, Clip]]]
) -> None:
    inside = list(call.descendants(exchange, but=lambda one: one.attributes.get(KIND) == "AUDIO"))
    user = next((span for span in inside if span.attributes.get(KIND) == "USER"), None)
    heard = words(user.attributes.get("input.audio.transcript")) if user else None
    text = heard or words(exchange.attributes.get("input.value"))
    if text or user:
        holder = user or exchange
        found.turns.append(Turn(id=holder.key, speaker="caller", start_ms=call.ms(exchange.start_ns), text=text))
    answers = [span for span in inside if span.attributes.get(KIND) == "LLM"]
    spoken = [span for span in answers if _said(span)]
    for span in spoken:
        cut = exchange.attributes.get("end_reason") == "interrupted" and span is spoken[-1]
        found.turns.append(_answer(call, exchange, span, cut=cut))
    for span in answers:
        owner = next((one for one in spoken if (one.start_ns or 0) >= (span.start_ns or 0)), None)
        found.owners |= {span.key: owner.key} if owner else {}
    for side, name, spans in (("caller", "input", [user] if user else []), ("agent", "output", answers)):
        sounds = ((span, clip_of(span.attributes.get(f"{name}.audio.url"))) for span in spans)
        clips[side] += [(span, clip) for span, clip in sounds if clip]


def _said(span: SpanRecord) -> str | None:
    return words(span.attributes.get("output.audio.transcript")) or words(span.attributes.get("output.value"))


def _answer(call: TracedCall, exchange: SpanRecord, span: SpanRecord, *, cut: bool) -> Turn:
    clip = clip_of(span.attributes.get("output.audio.url"))
    ends = round(span.start_ns + clip.whole_ms * NS_PER_MS) if clip and span.start_ns else None
    if cut and exchange.end_ns:
        ends = min(ends or exchange.end_ns, exchange.end_ns)
    return Turn(
        id=span.key,
        speaker="agent",
        start_ms=call.ms(span.start_ns),
        end_ms=call.ms(ends),
        text=(_said(span) or "").strip(),
        interrupted=cut,
    )


def _tracks(call: TracedCall, clips: dict[str, list[tuple[SpanRecord, Clip]]]) -> Iterator[ParsedAudio]:
    for side, found in clips.items():
        pieces = [Piece((span.start_ns or 0) / 1e9, clip.samples, clip.rate) for span, clip in found]
        if laid := track(pieces, (call.start_ns or 0) / 1e9):
            samples, rate, offset_ms = laid
            yield ParsedAudio(conversation_id=call.id, track=side, data=samples, rate=rate, offset_ms=offset_ms)
