"""From the bytes of a log to its events, whatever envelope they were logged in.

A line is a bare event, an envelope `{t, dir, event}` with many spellings, or a websocket frame of a browser's HAR
file; a whole HAR file and a JSON list are read too. Events carry no wall-clock time of their own: the time is the
envelope's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from evalhub.errors import BadInput, Problem, Unreadable, describe
from evalhub.traces.bodies import read_json, warning
from evalhub.traces.formats.realtime.fields import listed

EVENT_TYPE = re.compile(
    r"(session|conversation|response|input_audio_buffer|output_audio_buffer|rate_limits|mcp_list_tools"
    r"|transcription_session|transport)\.[a-z_.]+|error|info"
)
TIMES = ("t", "ts", "time", "timestamp", "received_at", "created_at")
PAYLOADS = ("event", "payload", "message", "data")
DTMF = "input_audio_buffer.dtmf_event_received"
FRACTIONS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""a number above the first is not seconds but that fraction of them"""
LATEST = 4_102_444_800.0


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it went over the wire. `time` is unix seconds, or seconds from an unknown start."""

    type: str
    data: dict[str, Any]
    time: float | None


def read_events(body: bytes, warnings: list[dict[str, str]]) -> list[Event]:
    """The events of one body in the order of its lines; what is no event is skipped with a warning.

    Raises:
        Unreadable: neither JSON lines nor JSON. A last line that is cut off is forgiven.
        BadInput: there is JSON, but no event in it.
    """
    values = list(read_values(body, warnings))
    frames = [frame for value in values for frame in _frames(value)]
    events = [event for frame in frames if (event := _unwrap(frame)) is not None]
    if not events:
        got = describe(values[0]) if values else "nothing"
        raise BadInput("There are no events in this log.", [Problem("body", "Realtime or Live API events", got)])
    if len(events) < len(frames):
        warnings.append(warning("", f"{len(frames) - len(events)} entries of the log are no Realtime or Live events"))
    return events


def read_values(body: bytes, warnings: list[dict[str, str]]) -> Iterator[Any]:
    """The JSON values of a body: one a line, or a whole one. A last line that is cut off is noted.

    Raises:
        Unreadable: neither.
    """
    lines = [(number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip()]
    try:
        first = read_json(lines[0][1], warnings, place=f"line {lines[0][0]}") if lines else None
    except Unreadable:
        yield read_json(body, warnings)
        return
    if lines:
        yield first
    for number, line in lines[1:]:
        try:
            yield read_json(line, warnings, place=f"line {number}")
        except Unreadable:
            if number != lines[-1][0]:
                raise
            warnings.append(warning(f"line {number}", "the log ends in the middle of an event"))


def _frames(value: Any) -> Iterator[Any]:
    """The single entries of a line: itself, the items of a list, the websocket messages of a HAR file."""
    if isinstance(value, list):
        yield from value
    elif isinstance(value, dict) and "log" in value:
        for entry in listed(value, "log", "entries"):
            yield from listed(entry, "_webSocketMessages")
    else:
        yield value


def _unwrap(frame: Any) -> Event | None:
    if not isinstance(frame, dict):
        return None
    inner = next((found for key in PAYLOADS if (found := _event(frame.get(key)))), None)
    if is_event(frame) and (inner is None or inner["type"] != frame["type"]):
        return Event(frame["type"], frame, None if frame["type"] == DTMF else _time(frame))
    return Event(inner["type"], inner, _time(frame)) if inner else None


def _event(payload: Any) -> dict[str, Any] | None:
    """The event in an envelope, which may be JSON text."""
    if isinstance(payload, str) and payload.startswith("{"):
        try:
            payload = read_json(payload.encode(), [])
        except Unreadable:
            return None
    return payload if is_event(payload) else None


def is_event(value: Any) -> bool:
    """Whether this is a Realtime or Live event, by its type."""
    kind = value.get("type") if isinstance(value, dict) else None
    return isinstance(kind, str) and EVENT_TYPE.fullmatch(kind) is not None


def _time(envelope: dict[str, Any]) -> float | None:
    found = next((envelope[key] for key in TIMES if envelope.get(key) is not None), None)
    if isinstance(found, str):
        found = _iso(found)
    if isinstance(found, bool) or not isinstance(found, int | float) or found < 0:
        return None
    seconds = next((found / parts for least, parts in FRACTIONS if found > least), float(found))
    return seconds if seconds <= LATEST else None


def _iso(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
