"""Where the time before an agent's first sound went, in a voice pipeline of the Agents SDK.

A group of speech begins with the first text that a model gave: what was still to come of models and tools then did not
hold it up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from evalhub.models import StageTiming
from evalhub.traces.formats.agents_sdk import time_ns
from evalhub.traces.formats.agents_sdk_steps import Answers, guards, streams, type_of, typed
from evalhub.traces.spans import NS_PER_MS, SpanRecord, TracedCall

STAGES = {"transcription": "stt", "function": "tool", "response": "llm_first_token", "generation": "llm_first_token"}


def stages_of(call: TracedCall, groups: Sequence[SpanRecord], answers: Answers) -> Iterator[StageTiming]:
    """The stages of every group of speech."""
    led = _led_to(call, answers)
    for group in groups:
        waits = {stage: length_ms(spans, group.start_ns) for stage, spans in led[group.key].items()}
        waits["tts_first_byte"] = _first_byte_ms(call, group)
        for position, (stage, ms) in enumerate(waits.items()):
            if ms is not None:
                key = f"{group.key}:{stage}"
                yield StageTiming(id=key, position=position, turn_id=group.key, stage=stage, ms=round(ms, 3))


def length_ms(spans: Iterable[SpanRecord], until_ns: int | None) -> float | None:
    """How long any of these, in order of start, lasted before a moment: what overlaps counts once; None for none."""
    total, counted, any_began = 0, 0, False
    for span in spans:
        if span.start_ns and span.end_ns and until_ns and span.start_ns < until_ns:
            end = min(span.end_ns, until_ns)
            total += max(0, end - max(span.start_ns, counted))
            counted, any_began = max(counted, end), True
    return total / NS_PER_MS if any_began else None


def _led_to(call: TracedCall, answers: Answers) -> dict[str | None, dict[str, list[SpanRecord]]]:
    """The steps that held a turn up, by turn and stage. Streamed transcription lasts as long as the caller does."""
    found: dict[str | None, dict[str, list[SpanRecord]]] = defaultdict(lambda: defaultdict(list))
    for span in typed(call, *STAGES):
        if not streams(span) and not guards(call, span):
            found[answers.after(span)][STAGES[type_of(span)]].append(span)
    return found


def _first_byte_ms(call: TracedCall, group: SpanRecord) -> float | None:
    sentence = next((span for span in call.children(group) if type_of(span) == "speech"), None)
    first = time_ns(sentence.attributes.get("first_content_at")) if sentence else None
    if sentence is None or not first or not sentence.start_ns:
        return None
    return (first - sentence.start_ns) / NS_PER_MS
