"""OTLP/HTTP bodies, protobuf and JSON: traces and logs to records.

Both encodings are read through the same messages. What is wrong with one span or record rejects that one and is told;
what is wrong with the body as a whole refuses it.
Source: https://opentelemetry.io/docs/specs/otlp/ and opentelemetry-proto, v1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from evalhub.errors import Problem, Unreadable
from evalhub.traces.formats import otlp_json
from evalhub.traces.formats.otlp_records import (
    Rejected,
    attributes_of,
    check_log,
    check_span,
    log_record,
    span_record,
)
from evalhub.traces.spans import LogRecord, SpanRecord

TRACES, LOGS = "otlp_traces", "otlp_logs"
TOLD = 5
"""so many rejections are told one by one"""


@dataclass(kw_only=True)
class Decoded:
    """The records of a body, and why others were not taken."""

    spans: list[SpanRecord] = field(default_factory=list)
    logs: list[LogRecord] = field(default_factory=list)
    rejected: int = 0
    reasons: list[str] = field(default_factory=list)

    def reject(self, reason: str) -> None:
        """Count one record that cannot be taken."""
        self.rejected += 1
        if len(self.reasons) < TOLD:
            self.reasons.append(reason)


def decode_traces(body: bytes, *, json: bool) -> Decoded:
    """The spans of an ExportTraceServiceRequest.

    Raises:
        Unreadable: the body is not such a request.
    """
    decoded = Decoded()
    groups = otlp_json.spans(body, decoded.reject) if json else _spans(_message(ExportTraceServiceRequest, body))
    _read(groups, span_record, decoded.spans, decoded)
    return decoded


def decode_logs(body: bytes, *, json: bool) -> Decoded:
    """The records of an ExportLogsServiceRequest.

    Raises:
        Unreadable: the body is not such a request.
    """
    decoded = Decoded()
    groups = otlp_json.logs(body, decoded.reject) if json else _logs(_message(ExportLogsServiceRequest, body))
    _read(groups, log_record, decoded.logs, decoded)
    return decoded


def check_traces(body: bytes, *, json: bool) -> Decoded:
    """What `decode_traces` will reject of a body, at a fraction of its work: `spans` stays empty.

    Raises:
        Unreadable: the body is not such a request.
    """
    decoded = Decoded()
    groups = otlp_json.spans(body, decoded.reject) if json else _spans(_message(ExportTraceServiceRequest, body))
    _check(groups, check_span, decoded)
    return decoded


def check_logs(body: bytes, *, json: bool) -> Decoded:
    """What `decode_logs` will reject of a body: `logs` stays empty.

    Raises:
        Unreadable: the body is not such a request.
    """
    decoded = Decoded()
    groups = otlp_json.logs(body, decoded.reject) if json else _logs(_message(ExportLogsServiceRequest, body))
    _check(groups, check_log, decoded)
    return decoded


def _message(kind: Any, body: bytes) -> Any:
    try:
        return kind.FromString(body)
    except DecodeError as error:
        name = kind.DESCRIPTOR.name
        raise Unreadable(f"This is no {name}.", [Problem("body", f"{name} as protobuf", str(error))]) from error


def _spans(request: Any) -> Iterator[tuple[Any, str, Any]]:
    for group in request.resource_spans:
        for scoped in group.scope_spans:
            yield group.resource, scoped.scope.name, scoped.spans


def _logs(request: Any) -> Iterator[tuple[Any, str, Any]]:
    for group in request.resource_logs:
        for scoped in group.scope_logs:
            yield group.resource, scoped.scope.name, scoped.log_records


def _read(groups: Iterator[tuple[Any, str, Any]], read: Callable[..., Any], found: list[Any], decoded: Decoded) -> None:
    for resource, scope, messages in groups:
        shared = attributes_of(resource.attributes)
        for message in messages:
            try:
                found.append(read(message, shared, scope))
            except Rejected as reason:
                decoded.reject(str(reason))


def _check(groups: Iterator[tuple[Any, str, Any]], check: Callable[[Any], None], decoded: Decoded) -> None:
    for _, _, messages in groups:
        for message in messages:
            try:
                check(message)
            except Rejected as reason:
                decoded.reject(str(reason))
