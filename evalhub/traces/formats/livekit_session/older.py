"""What releases before 1.3 say in another way: the end of speech, who spoke, how long the agent waited, hand-offs.

Read from livekit-agents 1.2.14, whose turns are `assistant_turn` and `realtime_assistant_turn`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from evalhub.models import Handoff
from evalhub.traces.formats.livekit_report import unix_ns
from evalhub.traces.formats.loose import words
from evalhub.traces.spans import SpanRecord, TracedCall

TURNS = ("assistant_turn", "realtime_assistant_turn")
WAITS = {"transcription": "lk.transcription_delay", "end_of_turn": "lk.end_of_utterance_delay"}
LABEL = "lk.agent_label"


def spoken_ns(span: SpanRecord) -> tuple[int | None, int | None]:
    """When speech began and ended: a detector of silence ends the span late, and notes the true end."""
    told = (unix_ns(span.attributes.get(f"lk.{side}_time")) for side in ("start", "end"))
    start, end = told
    return start or span.start_ns, end or span.end_ns


def agent_at(call: TracedCall, span: SpanRecord) -> str | None:
    """The agent that was active when this span began."""
    active = [one for one in _activities(call) if (one.start_ns or 0) <= (span.start_ns or 0)]
    return words(active[-1].attributes.get(LABEL)) if active else None


def waits_before(call: TracedCall, span: SpanRecord) -> dict[str, Any]:
    """Seconds waited for the caller's turn that this one answers: they stand on that turn, unless another answered."""
    if span.name not in TURNS:
        return {}
    turns = (one for one in reversed(call.spans) if one.name in ("user_turn", *TURNS))
    last = next((one for one in turns if (one.start_ns or 0) < (span.start_ns or 0)), None)
    if last is None or last.name in TURNS:
        return {}
    return {name: last.attributes.get(attribute) for name, attribute in WAITS.items()}


def handoffs(call: TracedCall) -> Iterator[Handoff]:
    """Each time another agent became active."""
    known = [(one, label) for one in _activities(call) if (label := words(one.attributes.get(LABEL)))]
    for position, ((_, before), (span, after)) in enumerate(pairwise(known)):
        if before != after:
            yield Handoff(
                id=span.key,
                position=position,
                from_agent=before,
                to_agent=after,
                at_ms=call.ms(span.start_ns),
                kind="transfer",
            )


def _activities(call: TracedCall) -> list[SpanRecord]:
    return [span for span in call.spans if span.name in ("start_agent_activity", "resume_agent_activity")]
