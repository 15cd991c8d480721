"""OTLP messages to records: values of any shape become JSON."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from typing import Any

from evalhub.traces.spans import LogRecord, SpanRecord

STATUS = {1: "ok", 2: "error"}
LATEST_NS = (1 << 63) - 1
TRACE_BYTES, SPAN_BYTES = 16, 8
NO_TRACE, NO_SPAN = bytes(TRACE_BYTES), bytes(SPAN_BYTES)


class Rejected(ValueError):
    """One span or record that can never be taken, with the reason."""


def span_record(message: Any, resource: Mapping[str, Any], scope: str) -> SpanRecord:
    """A span.

    Raises:
        Rejected: an id or a time that no span can have.
    """
    trace_id, span_id, parent_id = message.trace_id, message.span_id, message.parent_span_id
    start_ns, end_ns, status = message.start_time_unix_nano, message.end_time_unix_nano, message.status
    _check(message, trace_id, span_id, max(start_ns, end_ns))
    return SpanRecord(
        trace_id=trace_id.hex(),
        span_id=span_id.hex(),
        parent_id=parent_id.hex() if parent_id.strip(b"\0") else None,
        name=message.name,
        start_ns=start_ns or None,
        end_ns=end_ns or None,
        status=STATUS.get(status.code),
        message=status.message or None,
        attributes=attributes_of(message.attributes),
        events=[_event(event) for event in message.events] if message.events else [],  # to ask is half of a loop's time
        resource=resource,
        scope=scope,
    )


def check_span(message: Any) -> None:
    """Whether `span_record` will take it.

    Raises:
        Rejected: it will not.
    """
    latest_ns = max(message.start_time_unix_nano, message.end_time_unix_nano)
    _check(message, message.trace_id, message.span_id, latest_ns)
    for event in message.events or ():
        _time(event.time_unix_nano, event.name)


def _check(message: Any, trace_id: bytes, span_id: bytes, latest_ns: int) -> None:
    if len(trace_id) != TRACE_BYTES or trace_id == NO_TRACE:
        raise Rejected(f"span {message.name!r}: trace id: expected 16 bytes, not all 0; got {trace_id.hex()!r}")
    if len(span_id) != SPAN_BYTES or span_id == NO_SPAN:
        raise Rejected(f"span {message.name!r}: span id: expected 8 bytes, not all 0; got {span_id.hex()!r}")
    _time(latest_ns, message.name)


def check_log(message: Any) -> None:
    """Whether `log_record` will take it.

    Raises:
        Rejected: it will not.
    """
    _time(message.time_unix_nano or message.observed_time_unix_nano, "log record")


def log_record(message: Any, resource: Mapping[str, Any], scope: str) -> LogRecord:
    """A log record; one without a time of its own has the time it was observed."""
    named = "event.name" if not message.event_name else ""
    attributes = attributes_of(message.attributes)
    return LogRecord(
        trace_id=_id(message.trace_id, TRACE_BYTES),
        span_id=_id(message.span_id, SPAN_BYTES),
        time_ns=_time(message.time_unix_nano or message.observed_time_unix_nano, "log record"),
        name=message.event_name or str(attributes.get(named, "")),
        severity=message.severity_text or None,
        body=value_of(message.body),
        attributes=attributes,
        resource=resource,
        scope=scope,
    )


def _id(sent: bytes, length: int) -> str | None:
    """A log record with an id that no span can have belongs to none (opentelemetry-proto, logs.proto)."""
    return sent.hex() if len(sent) == length and any(sent) else None


def attributes_of(pairs: Iterable[Any]) -> dict[str, Any]:
    """Key-value pairs as a dictionary; of a key that comes twice the last value counts."""
    return {pair.key: pair.value.string_value or value_of(pair.value) for pair in pairs}  # most values are text


def value_of(value: Any) -> Any:
    """An AnyValue as JSON: bytes as base64, numbers that JSON lacks by their names, nothing as null."""
    kind = value.WhichOneof("value")
    match kind:
        case "double_value":
            return value.double_value if math.isfinite(value.double_value) else str(value.double_value)
        case "array_value":
            return [value_of(item) for item in value.array_value.values]
        case "kvlist_value":
            return attributes_of(value.kvlist_value.values)
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case None:
            return None
        case _:
            return getattr(value, kind)


def _event(event: Any) -> dict[str, Any]:
    time_ns = _time(event.time_unix_nano, event.name)
    return {"name": event.name, "time_ns": time_ns, "attributes": attributes_of(event.attributes)}


def _time(time_ns: int, name: str) -> int | None:
    if time_ns > LATEST_NS:
        raise Rejected(f"{name!r}: time: expected unix nanoseconds before the year 2262; got {time_ns}")
    return time_ns or None
