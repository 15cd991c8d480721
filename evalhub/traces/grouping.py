"""Which call a span belongs to. A trace is not a conversation: it may be a whole call, one turn, or one run.

Traces are joined by the best key that any of their spans names; a trace that names none is a call of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from evalhub.traces.spans import LogRecord, SpanRecord, TracedCall

KEYS = (
    "evalhub.conversation.id",
    "gen_ai.conversation.id",
    "session.id",
    "conversation.id",
    "langfuse.session.id",
    "group_id",
    "room_id",
)
"""best first; several may be there and differ"""
RANKED = tuple(enumerate(KEYS))
LONGEST = 255
ROOM = "RM_"
"""how LiveKit's rooms begin; what others call a room may see many calls"""


def keys_of(record: SpanRecord | LogRecord) -> list[tuple[int, str]]:
    """The session keys a record or its resource names, each with its rank: 0 is the best."""
    own, shared = record.attributes, record.resource
    return [
        (rank, text)
        for rank, name in RANKED
        if (value := own.get(name) or shared.get(name)) and (text := _usable(name, value))
    ]


def _usable(name: str, value: Any) -> str | None:
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    fits = 0 < len(text) <= LONGEST and text.isprintable() and text not in (".", "..")
    return text if fits and (name != "room_id" or text.startswith(ROOM)) else None


@dataclass
class _Gathered:
    spans: list[SpanRecord] = field(default_factory=list)
    logs: list[LogRecord] = field(default_factory=list)


def calls_of(spans: Iterable[SpanRecord], logs: Iterable[LogRecord] = ()) -> list[TracedCall]:
    """The calls in these records, each with all of its traces. Records twice there count once, the last one wins."""
    latest = {span.key: span for span in spans}.values()
    call_of_trace = trace_calls(latest)
    call_of_key = {key: call_of_trace[span.trace_id] for span in latest for _, key in keys_of(span)}
    gathered: dict[str, _Gathered] = defaultdict(_Gathered)
    for span in latest:
        gathered[call_of_trace[span.trace_id]].spans.append(span)
    for log in logs:
        if log.trace_id in call_of_trace:
            gathered[call_of_trace[log.trace_id]].logs.append(log)
        elif key := call_key(log):
            gathered[call_of_key.get(key, key)].logs.append(log)
    return [TracedCall(id=call, spans=found.spans, logs=found.logs) for call, found in gathered.items()]


def call_key(log: LogRecord) -> str | None:
    """The best session key of a record that belongs to no trace."""
    return min(keys_of(log), default=(0, None))[1]


def trace_calls(spans: Iterable[SpanRecord]) -> dict[str, str]:
    """The id of the call of each trace: its best key, else its own id."""
    best: dict[str, tuple[int, str]] = {}
    for span in spans:
        ranked = min(keys_of(span), default=(len(KEYS), span.trace_id))
        best[span.trace_id] = min(best.get(span.trace_id, ranked), ranked)
    return {trace: key for trace, (_, key) in best.items()}
