"""One log from many bodies: parts of a session as they arrived, some of them twice."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable
from dataclasses import replace

import orjson

from evalhub.traces.bodies import warning
from evalhub.traces.formats.realtime.envelope import Event, read_events

MAX_SPAN_S = 31 * 24 * 3600.0
CLIENT = frozenset(
    {
        *(
            "session.update",
            "session.start",
            "session.close",
            "session.input_audio.append",
            "session.input_audio_buffer.append",
            "transcription_session.update",
        ),
        *("input_audio_buffer.append", "input_audio_buffer.commit", "input_audio_buffer.clear"),
        *("conversation.item.create", "conversation.item.retrieve", "conversation.item.truncate"),
        *("conversation.item.delete", "response.create", "response.cancel", "response.item.create"),
        *("output_audio_buffer.clear", "transport.dtmf.send"),
    }
)
"""types a client sends: their event ids, where they have any, need not be unique"""


def read_log(bodies: Iterable[bytes], warnings: list[dict[str, str]]) -> list[Event]:
    """Every event once, in order of time where all have one; times of all or none.

    Raises:
        BadInput: a body holds no events, or is not readable.
    """
    merged: list[Event] = []
    seen: set[Hashable] = set()
    for body in _different(bodies):
        events = read_events(body, warnings)
        merged += _fresh(events, seen)
        seen.update(key for event in events if (key := _key(event)))
    return _in_order(merged, warnings)


def _different(bodies: Iterable[bytes]) -> list[bytes]:
    return list({hashlib.sha256(body).digest(): body for body in bodies}.values())


def _fresh(events: list[Event], seen: set[Hashable]) -> list[Event]:
    """Events that no earlier body held; within a body the server never says a thing twice."""
    fresh, here = [], set(seen)
    for event in events:
        key = _key(event)
        if key not in here or key is None:
            fresh.append(event)
        if key is not None and event.type not in CLIENT and "event_id" in event.data:
            here.add(key)
    return fresh


def _key(event: Event) -> Hashable | None:
    """What makes an event the same as another; None where nothing can tell."""
    event_id = event.data.get("event_id")
    if isinstance(event_id, str) and event.type not in CLIENT:
        return event_id, event.type
    if event.time is None and not isinstance(event_id, str):
        return None
    return str(event_id), event.type, event.time, orjson.dumps(event.data)


def _in_order(events: list[Event], warnings: list[dict[str, str]]) -> list[Event]:
    known = [event.time for event in events if event.time is not None]
    if len(known) * 2 <= len(events) or max(known) - min(known) > MAX_SPAN_S:
        if known:
            warnings.append(
                warning("", "the times of this log cannot be used: most events have none, or years lie between")
            )
        return [replace(event, time=None) for event in events]
    timed, now = [], known[0]
    for event in events:
        now = event.time if event.time is not None else now
        timed.append(replace(event, time=now))
    return sorted(timed, key=lambda event: event.time or 0.0)
