"""Realtime sessions in OpenInference: a trace a turn, `user` and `assistant` under `conversation.turn`.

`user` begins when speech was detected and spans the whole turn, so when the caller stopped is not known. `assistant`
begins no later than the first sound of the answer; how long that sound is, its header tells, also where it was cut.
`interrupted` is said only of a response that was still being generated. One that is being played when the caller
begins to speak is cut off as well, for the Agents SDK stops it then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from evalhub.models import StageTiming, Turn
from evalhub.traces.formats import ParsedAudio
from evalhub.traces.formats.data_uri import Clip, clip_of
from evalhub.traces.formats.loose import number, words
from evalhub.traces.formats.openinference_audio import Sound, heard_at, sounds_of
from evalhub.traces.formats.openinference_exchanges import KIND, WAITED, Exchange, exchanges_of, is_typed, said_in
from evalhub.traces.spans import NS_PER_MS, SpanRecord, TracedCall

ESTIMATED = {"times": "estimated"}
TRAILING_NS = 200 * NS_PER_MS
"""sound that outlasts the caller's first word by less is the silence at its end"""


@dataclass
class Realtime:
    """The turns of a session, the turn of each model call, and its sound where that is whole."""

    turns: list[Turn] = field(default_factory=list)
    stages: list[StageTiming] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    audio: list[ParsedAudio] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)


def realtime_of(call: TracedCall) -> Realtime:
    """Nothing for a call that is no realtime session."""
    found = Realtime()
    exchanges = [one for one in exchanges_of(call) if one.is_realtime]
    speech = sorted(user.start_ns for one in exchanges for user in one.users if user.start_ns and not is_typed(user))
    heard = list(chain.from_iterable(map(_heard, exchanges)))
    if call.start_ns:  # the caller's sound may begin before the first span
        call.start_ns = min([call.start_ns, *(one.begin_ns for one in heard)])
    replies: list[Sound] = []
    for exchange in exchanges:
        found.turns += _caller_turns(call, exchange)
        replies += _answer(call, exchange, speech, found)
    found.turns.sort(key=lambda turn: turn.start_ms or 0)
    for position, turn in enumerate(found.turns):
        turn.position = position
    found.audio, found.warnings = sounds_of(call, heard, replies)
    return found


def is_closed(call: TracedCall) -> bool:
    """The last turn says that the session closed. An error says so too of a turn, and the session goes on."""
    turns = [span for span in call.spans if span.attributes.get(KIND) == "AUDIO"]
    last = turns[-1] if turns else None
    return last is not None and last.attributes.get("end_reason") == "session_closed" and last.status != "error"


def _caller_turns(call: TracedCall, exchange: Exchange) -> Iterator[Turn]:
    for user in exchange.users:
        text = words(user.first("input.audio.transcript", "input.value"))
        start_ms, extra = call.ms(user.start_ns), _known_of(clip_of(user.attributes.get("input.audio.url")))
        yield Turn(id=user.key, speaker="caller", start_ms=start_ms, text=text and text.strip(), extra=extra)
    whole = exchange.span
    if whole and not exchange.users and (text := words(whole.attributes.get("input.value"))):
        yield Turn(id=whole.key, speaker="caller", start_ms=call.ms(whole.start_ns), text=text, extra=dict(ESTIMATED))


def _known_of(clip: Clip | None) -> dict[str, Any]:
    """How its times are known; of sound that was cut, how long it had been."""
    return ESTIMATED | ({"sound_ms": round(clip.whole_ms)} if clip and clip.is_cut else {})


def _heard(exchange: Exchange) -> Iterator[Sound]:
    """The caller's sound goes on until it is committed, and that is answered at once."""
    later = sorted(span.start_ns for span in (*exchange.users, *exchange.answers) if span.start_ns)
    for user in exchange.users:
        clip = clip_of(user.attributes.get("input.audio.url"))
        if clip and user.start_ns:
            answered = next((moment for moment in later if moment > (user.start_ns or 0)), None)
            yield Sound(heard_at(user.start_ns, clip, answered), clip)


def _answer(call: TracedCall, exchange: Exchange, speech: list[int], found: Realtime) -> Iterator[Sound]:
    spoken = exchange.spoken
    stopped = _stopped(exchange, speech)
    for span in spoken:
        begin, clip = _begin(exchange, span), clip_of(span.attributes.get("output.audio.url"))
        whole = round(begin + clip.whole_ms * NS_PER_MS) if clip and begin else None
        cut_at = _cut_at(exchange, span, whole, speech, is_stopped=span is stopped)
        end = min(whole or cut_at, cut_at) if cut_at else whole
        text, extra = (said_in(span) or "").strip(), _known_of(clip)
        turn = Turn(id=span.key, speaker="agent", text=text, interrupted=cut_at is not None, extra=extra)
        turn.start_ms, turn.end_ms = call.ms(begin), call.ms(end)
        found.turns.append(turn)
        if clip and begin:
            yield Sound(begin, clip, end if cut_at else None)
    for span in exchange.answers if spoken else ():
        later = (one for one in spoken if (one.start_ns or 0) >= (span.start_ns or 0))
        found.owners[span.key] = next(later, spoken[-1]).key
    found.stages += _stages(exchange)


def _begin(exchange: Exchange, span: SpanRecord) -> int | None:
    """When an answer was first heard: exactly where nobody spoke before, for then the wait counts from its request."""
    waited = number(span.attributes.get(WAITED))
    unasked = exchange.span and all(map(is_typed, exchange.users))
    return round(span.start_ns + waited * NS_PER_MS) if span.start_ns and waited and unasked else span.start_ns


def _stopped(exchange: Exchange, speech: list[int]) -> SpanRecord | None:
    """The answer that was being given when the turn was interrupted; what came after it was said in spite of that."""
    if not exchange.span or exchange.span.attributes.get("end_reason") != "interrupted" or not exchange.spoken:
        return None
    spoken = exchange.spoken
    barge = _next(speech, exchange.answers[0].start_ns)
    return [one for one in spoken if one is spoken[0] or barge is None or (one.start_ns or 0) < barge][-1]


def _cut_at(
    exchange: Exchange, span: SpanRecord, whole: int | None, speech: list[int], *, is_stopped: bool
) -> int | None:
    """When an answer was cut off; None for one that was heard to its end."""
    barge = _next(speech, span.start_ns)
    over = exchange.span.end_ns if exchange.span else span.end_ns
    if span.attributes.get("llm.finish_reason") == "cancelled":
        return barge or over
    if whole and barge:
        return barge if whole > barge + (0 if is_stopped else TRAILING_NS) else None
    return (barge or over) if is_stopped else None


def _next(speech: list[int], after: int | None) -> int | None:
    return next((moment for moment in speech if moment > (after or 0)), None)


def _stages(exchange: Exchange) -> Iterator[StageTiming]:
    """Of the first words after the caller spoke: the wait counts from there, tools included."""
    first = next(iter(exchange.spoken), None)
    waited = number(first.attributes.get(WAITED)) if first else None
    if first is None or waited is None or all(map(is_typed, exchange.users)):
        return
    before = [one for one in exchange.tools if one.end_ns and one.start_ns and one.end_ns <= (first.start_ns or 0)]
    tools = sum((one.end_ns or 0) - (one.start_ns or 0) for one in before) / NS_PER_MS
    waits = {"llm_first_token": max(0.0, waited - tools), "tool": tools}
    for stage, ms in waits.items():
        if ms or stage != "tool":
            yield StageTiming(id=f"{first.key}:{stage}", turn_id=first.key, stage=stage, ms=round(ms, 3))
