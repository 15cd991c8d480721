"""Where the time before a reply went, from what Pipecat's services say of themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from evalhub.models import StageTiming
from evalhub.traces.formats.loose import number
from evalhub.traces.spans import NS_PER_MS, SpanRecord


@dataclass
class Reply:
    """One thing the agent said: the model call, what was synthesised of it, and the model calls that led to it."""

    text: str
    model: SpanRecord | None
    speech: list[SpanRecord] = field(default_factory=list)
    led_to: list[SpanRecord] = field(default_factory=list)


def stages_of(turn_id: str, reply: Reply, heard: Sequence[SpanRecord], index: int) -> Iterator[StageTiming]:
    """Where the time before this reply went. What the model was asked before, without a word, was waited for whole."""
    waits: dict[str, float | None] = {}
    if index == 0 and heard:
        asked = reply.led_to[0] if reply.led_to else reply.model
        waits["stt"] = _ttfb_ms(heard[-1])
        waits["end_of_turn_wait"] = _gap_ms(heard[-1], asked)
    if reply.model:
        steps = [*reply.led_to, reply.model]
        first = _ttfb_ms(reply.model)
        waits["llm_first_token"] = first + sum(map(_length_ms, reply.led_to)) if first is not None else None
        waits["tool"] = sum(_gap_ms(one, two) or 0 for one, two in pairwise(steps)) or None
    waits["tts_first_byte"] = _ttfb_ms(reply.speech[0]) if reply.speech else None
    for position, (stage, ms) in enumerate(waits.items()):
        if ms is not None:
            yield StageTiming(id=f"{turn_id}:{stage}", position=position, turn_id=turn_id, stage=stage, ms=round(ms, 3))


def _ttfb_ms(span: SpanRecord) -> float | None:
    seconds = number(span.attributes.get("metrics.ttfb"))
    return seconds * 1000 if seconds is not None else None


def _length_ms(span: SpanRecord) -> float:
    return (span.end_ns - span.start_ns) / NS_PER_MS if span.start_ns and span.end_ns else 0.0


def _gap_ms(one: SpanRecord, two: SpanRecord | None) -> float | None:
    known = two is not None and one.end_ns and two.start_ns
    return max(0.0, (two.start_ns - one.end_ns) / NS_PER_MS) if known and two else None  # type: ignore[operator]
