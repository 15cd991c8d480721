"""The turns of a LiveKit session: what the caller said, and each stretch that the agent really spoke.

One `agent_turn` may speak several times, with tools in between: each `agent_speaking` is a turn of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhub.models import StageTiming, Turn
from evalhub.traces.formats.heard import first_words
from evalhub.traces.formats.livekit_session.older import agent_at, spoken_ns, waits_before
from evalhub.traces.formats.loose import mapping, number, words
from evalhub.traces.spans import SpanRecord, TracedCall

CALLER = ("user_turn",)
AGENT = ("agent_turn", "assistant_turn", "realtime_assistant_turn")
S = 1000
"""ms"""


@dataclass
class LiveKitTurn:
    """A turn, the span it was found in, and when its speech began."""

    turn: Turn
    holder: str
    spoken_ns: int | None = None
    stages: list[StageTiming] = field(default_factory=list)


def pii(span: SpanRecord, name: str) -> Any:
    """An attribute that may be redacted, by its name now and in older releases."""
    return span.first(f"lk.pii.{name}", f"lk.{name}")


def turns_of(call: TracedCall) -> Iterator[LiveKitTurn]:
    """Every turn of both sides, in order of start."""
    found = [*_callers(call), *(one for span in call.spans if span.name in AGENT for one in _agents(call, span))]
    for position, one in enumerate(sorted(found, key=lambda one: (one.turn.start_ms or 0, one.turn.id))):
        one.turn.position = position
        yield one


def _callers(call: TracedCall) -> Iterator[LiveKitTurn]:
    for span in call.spans:
        if span.name in CALLER:
            yield LiveKitTurn(_caller(call, span, _speaking(call, span, "user_speaking")), span.key, span.start_ns)
        elif span.name == "user_speaking" and _holder_name(call, span) not in CALLER:
            yield LiveKitTurn(_caller(call, span, [span]), span.key, span.start_ns)


def _caller(call: TracedCall, span: SpanRecord, spoken: Sequence[SpanRecord]) -> Turn:
    times = [spoken_ns(one) for one in spoken]
    started = min((start for start, _ in times if start), default=span.start_ns)
    ended = max((end for _, end in times if end), default=None)
    text = words(pii(span, "user_transcript"))
    return Turn(id=span.key, speaker="caller", start_ms=call.ms(started), end_ms=call.ms(ended), text=text)


def _agents(call: TracedCall, span: SpanRecord) -> Iterator[LiveKitTurn]:
    spoken = _speaking(call, span, "agent_speaking")
    said = _said(call, span, len(spoken))
    for index, (part, text) in enumerate(zip(spoken, said, strict=True)):
        cut = span.attributes.get("lk.interrupted") is True and part is spoken[-1]
        started, ended = spoken_ns(part)
        turn = Turn(
            id=part.key,
            speaker="agent",
            agent_name=words(span.attributes.get("gen_ai.agent.name")) or agent_at(call, span),
            start_ms=call.ms(started),
            end_ms=call.ms(ended),
            text=text,
            interrupted=cut,
        )
        if cut:
            _note_heard(turn, span, _generated_ms(call, span, part))
        before = spoken[index - 1].end_ns if index else None
        yield LiveKitTurn(turn, span.key, part.start_ns, list(_stages(call, span, part, before)))


def _said(call: TracedCall, span: SpanRecord, count: int) -> list[str | None]:
    """The text of each stretch: of its model call where there is one for each, else all of it with the last."""
    nodes = (words(pii(node, "response.text")) for node in call.children(span) if node.name == "llm_node")
    texts: list[str | None] = [text.strip() for text in nodes if text]
    if len(texts) == count:
        return texts
    whole = words(pii(span, "response.text")) or " ".join(filter(None, texts))
    return [*[None] * (count - 1), whole.strip() or None] if count else []


def _note_heard(turn: Turn, span: SpanRecord, generated_ms: float) -> None:
    """How much of it was played before the caller cut in, and which words that may have been."""
    position = number(span.attributes.get("lk.playout.position"))
    if position is None and turn.start_ms is not None and turn.end_ms is not None:
        position = (turn.end_ms - turn.start_ms) / S  # what was spoken is what was played
    source = words(span.attributes.get("lk.interruption.source"))
    turn.extra = {"interruption_source": source} if source else None
    if position is None:
        return
    turn.extra = (turn.extra or {}) | {"heard_ms": round(position * S), "heard_source": "playout"}
    if turn.text and generated_ms:
        turn.heard_text = first_words(turn.text, position * S / generated_ms)


def _generated_ms(call: TracedCall, span: SpanRecord, part: SpanRecord) -> float:
    """How long the speech of this stretch would have been: what its synthesis says of it."""
    begun = [one for one in _nodes(call, span, "tts_node") if (one.start_ns or 0) <= (part.start_ns or 0)]
    requests = [one for node in begun[-1:] for one in call.descendants(node) if one.name == "tts_request"]
    lengths = (number(mapping(one.attributes.get("lk.tts_metrics")).get("audio_duration")) for one in requests)
    return sum(length * S for length in lengths if length)


def _stages(call: TracedCall, span: SpanRecord, part: SpanRecord, before: int | None) -> Iterator[StageTiming]:
    """Where the time before this stretch went. The wait for the end of the caller's turn counts with the first one."""
    since = before or span.start_ns or 0
    waits = {} if before else _waits(call, span)
    models = [one for one in _nodes(call, span, "llm_node") if since <= (one.start_ns or 0) <= (part.start_ns or 0)]
    tools = [one for one in _nodes(call, span, "function_tool") if since <= (one.start_ns or 0) <= (part.start_ns or 0)]
    realtime = [
        one for one in _nodes(call, span, "realtime_inference") if since <= (one.start_ns or 0) <= (part.start_ns or 0)
    ]
    speech = [one for one in _nodes(call, span, "tts_node") if since <= (one.start_ns or 0) <= (part.start_ns or 0)]
    waits["llm_first_token"] = _first(models, "lk.response.ttft", sum(map(_length_ms, models[:-1]))) or _spoke(realtime)
    waits["tool"] = sum(map(_length_ms, tools)) or None
    waits["tts_first_byte"] = _first(speech, "lk.response.ttfb", 0.0)
    for position, (stage, ms) in enumerate(waits.items()):
        if ms is not None:
            yield StageTiming(
                id=f"{part.key}:{stage}", position=position, turn_id=part.key, stage=stage, ms=round(ms, 3)
            )


def _waits(call: TracedCall, span: SpanRecord) -> dict[str, float | None]:
    told = {name: span.attributes.get(f"lk.{name}_delay") for name in ("transcription", "end_of_turn")}
    told = told if any(value is not None for value in told.values()) else waits_before(call, span)
    heard, over = (number(told.get(name)) for name in ("transcription", "end_of_turn"))
    waited = over - (heard or 0) if over is not None else None
    return {
        "stt": heard * S if heard is not None else None,
        "end_of_turn_wait": max(0.0, waited) * S if waited is not None else None,
    }


def _first(nodes: Sequence[SpanRecord], name: str, earlier_ms: float) -> float | None:
    """Until the last of them gave its first output; those before it were waited for whole."""
    seconds = number(nodes[-1].attributes.get(name)) if nodes else None
    return earlier_ms + seconds * S if seconds is not None else None


def _spoke(nodes: Sequence[SpanRecord]) -> float | None:
    """Until a speech-to-speech model gave its first sound; -1 says that it gave none."""
    seconds = number(mapping(nodes[-1].attributes.get("lk.realtime_model_metrics")).get("ttft")) if nodes else None
    return seconds * S if seconds is not None and seconds >= 0 else None


def _length_ms(span: SpanRecord) -> float:
    return (span.end_ns - span.start_ns) / 1e6 if span.start_ns and span.end_ns else 0.0


def _nodes(call: TracedCall, span: SpanRecord, name: str) -> list[SpanRecord]:
    return [one for one in call.children(span) if one.name == name]


def _speaking(call: TracedCall, span: SpanRecord, name: str) -> list[SpanRecord]:
    own = call.descendants(span, but=lambda one: one.name in (*CALLER, *AGENT))
    return [one for one in own if one.name == name]


def _holder_name(call: TracedCall, span: SpanRecord) -> str | None:
    holder = call.parent(span)
    return holder.name if holder else None
