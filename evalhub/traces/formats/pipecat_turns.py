"""The turns of a Pipecat call. A `turn` of the framework is an exchange: the caller's words, then the agent's replies.

The end of the caller's speech is the end of the transcription less its time to first byte; the first reply is heard
`turn.user_bot_latency_seconds` after it, later ones with the first byte of their synthesis. When the agent's speech
ended is known for the last reply only: with the interruption, or after `turn.duration_seconds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from evalhub.models import StageTiming, Turn
from evalhub.traces.formats.loose import number, words
from evalhub.traces.formats.pipecat_stages import Reply, stages_of
from evalhub.traces.spans import NS_PER_MS, SpanRecord, TracedCall

S = 1_000_000_000
"""ns"""
TOUCHES = 300 * NS_PER_MS
"""a turn that begins so soon after the end of another is what cut it off"""


@dataclass
class PipecatTurn:
    """A turn, when it began, and the spans it was made of."""

    turn: Turn
    begun_ns: int | None
    made_of: Sequence[SpanRecord] = ()
    stages: list[StageTiming] = field(default_factory=list)


def turns_of(call: TracedCall) -> Iterator[PipecatTurn]:
    """Every turn of both sides, in order of start."""
    exchanges = [span for span in call.spans if span.name == "turn"]
    found: list[PipecatTurn] = []
    for index, exchange in enumerate(exchanges):
        cut_by = exchanges[index + 1] if index + 1 < len(exchanges) else None
        inside = list(call.descendants(exchange, but=lambda one: one.name == "turn"))
        caller = _caller(call, inside)
        found += [caller] if caller else []
        found += _agents(call, exchange, inside, cut_by)
    for position, one in enumerate(sorted(found, key=lambda one: (one.begun_ns or 0, one.turn.speaker == "agent"))):
        one.turn.position = position
        yield one


def _caller(call: TracedCall, inside: Sequence[SpanRecord]) -> PipecatTurn | None:
    heard = [span for span in inside if words(span.attributes.get("transcript")) and _is_input(span)]
    if not heard:
        return None
    text = " ".join(str(span.attributes["transcript"]).strip() for span in heard)
    start, end = heard[0].start_ns, _speech_end(heard[-1])
    turn = Turn(id=heard[0].key, speaker="caller", start_ms=call.ms(start), end_ms=call.ms(end), text=text)
    return PipecatTurn(turn, start, heard)


def _is_input(span: SpanRecord) -> bool:
    return span.name == "stt" or span.attributes.get("transcript.is_input") is True


def _speech_end(span: SpanRecord) -> int | None:
    waited = number(span.attributes.get("metrics.ttfb"))
    return span.end_ns - round(waited * S) if span.end_ns and waited is not None else None


def _agents(
    call: TracedCall, exchange: SpanRecord, inside: Sequence[SpanRecord], cut_by: SpanRecord | None
) -> Iterator[PipecatTurn]:
    replies = list(_replies(inside))
    heard = [span for span in inside if span.name == "stt"]
    for index, reply in enumerate(replies):
        is_last = reply is replies[-1]
        start = _first_heard(exchange, heard, reply) if index == 0 else _first_byte(reply)
        cut = is_last and _was_cut(exchange, cut_by)
        end = _end(exchange, cut, cut_by) if is_last else None
        made_of = [span for span in (reply.model, *reply.speech, *reply.led_to) if span]
        turn = Turn(
            id=made_of[0].key,
            speaker="agent",
            start_ms=call.ms(start),
            end_ms=call.ms(end) if end and start and end >= start else None,
            text=reply.text,
            interrupted=cut,
        )
        if cut and start and end:
            turn.extra = {"heard_ms": max(0, round((end - start) / NS_PER_MS)), "heard_source": "estimated"}
        yield PipecatTurn(turn, start or made_of[0].start_ns, made_of, list(stages_of(turn.id, reply, heard, index)))


def _replies(inside: Sequence[SpanRecord]) -> Iterator[Reply]:
    """Model calls that say something, each with its synthesis; speech without a model call is one too."""
    silent: list[SpanRecord] = []
    reply: Reply | None = None
    for span in sorted(inside, key=lambda one: one.start_ns or 0):
        if span.name in ("llm", "llm_response"):
            text = words(span.first("output", "text_output"))
            if text is None:
                silent.append(span)
                continue
            if reply:
                yield reply
            reply, silent = Reply(text.strip(), span, led_to=silent), []
        elif span.name == "tts" and words(span.attributes.get("text")):
            if reply is None:
                reply = Reply(str(span.attributes["text"]).strip(), None)
            elif reply.model is None:
                reply.text += " " + str(span.attributes["text"]).strip()
            reply.speech.append(span)
    if reply:
        yield reply


def _first_heard(exchange: SpanRecord, heard: Sequence[SpanRecord], reply: Reply) -> int | None:
    latency = number(exchange.attributes.get("turn.user_bot_latency_seconds"))
    over = _speech_end(heard[-1]) if heard else None
    return over + round(latency * S) if over and latency is not None else _first_byte(reply)


def _first_byte(reply: Reply) -> int | None:
    if not reply.speech or reply.speech[0].start_ns is None:
        return None
    return reply.speech[0].start_ns + round((number(reply.speech[0].attributes.get("metrics.ttfb")) or 0) * S)


def _was_cut(exchange: SpanRecord, cut_by: SpanRecord | None) -> bool:
    """The flag is also set on the turn that is open at hang-up, which nobody interrupted."""
    said = exchange.attributes.get("turn.was_interrupted") is True
    if not said or cut_by is None or exchange.attributes.get("turn.ended_by_conversation_end") is True:
        return False
    return abs((cut_by.start_ns or 0) - (exchange.end_ns or 0)) <= TOUCHES


def _end(exchange: SpanRecord, cut: bool, cut_by: SpanRecord | None) -> int | None:
    length = number(exchange.attributes.get("turn.duration_seconds"))
    if cut:
        return exchange.end_ns
    if cut_by is None or length is None or exchange.start_ns is None:
        return None  # the turn that is open at hang-up lasts until then, its speech does not
    return exchange.start_ns + round(length * S)
