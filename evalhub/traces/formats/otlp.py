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

Groups = Iterator[tuple[Any, str, Any]]
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
    _read(_span_groups(body, decoded, json=json), span_record, decoded.spans, decoded)
    return decoded


def decode_logs(body: bytes, *, json: bool) -> Decoded:
    """The records of an ExportLogsServiceRequest.

    Raises:
        Unreadable: the body is not such a request.
    """
    decoded = Decoded()
    _read(_log_groups(body, decoded, json=json), log_record, decoded.logs, decoded)
    return decoded


def check_traces(body: bytes, *, json: bool) -> Decoded:
    """What `decode_traces` will reject of a body, at a fraction of its work: `spans` stays empty.

    Raises:
        Unreadable: the body is not such a request.
    """
    decoded = Decoded()
    _check(_span_groups(body, decoded, json=json), check_span, decoded)
    return decoded


def check_logs(body: bytes, *, json: bool) -> Decoded:
    """What `decode_logs` will reject of a body: `logs` stays empty.

    Raises:
        Unreadable: the body is not such a request.
    """
    decoded = Decoded()
    _check(_log_groups(body, decoded, json=json), check_log, decoded)
    return decoded


def _message(kind: Any, body: bytes) -> Any:
    try:
        return kind.FromString(body)
    except DecodeError as error:
        name = kind.DESCRIPTOR.name
        raise Unreadable(f"This is no {name}.", [Problem("body", f"{name} as protobuf", str(error))]) from error


def _span_groups(body: bytes, decoded: Decoded, *, json: bool) -> Groups:
    """Resource, scope name and spans of every group, in either encoding."""
    if json:
        yield from otlp_json.spans(body, decoded.reject)
        return
    for group in _message(ExportTraceServiceRequest, body).resource_spans:
        yield from ((group.resource, scoped.scope.name, scoped.spans) for scoped in group.scope_spans)


def _log_groups(body: bytes, decoded: Decoded, *, json: bool) -> Groups:
    """The same of log records."""
    if json:
        yield from otlp_json.logs(body, decoded.reject)
        return
    for group in _message(ExportLogsServiceRequest, body).resource_logs:
        yield from ((group.resource, scoped.scope.name, scoped.log_records) for scoped in group.scope_logs)


def _read(groups: Groups, read: Callable[..., Any], found: list[Any], decoded: Decoded) -> None:
    for resource, scope, messages in groups:
        shared = attributes_of(resource.attributes)
        for message in messages:
            try:
                found.append(read(message, shared, scope))
            except Rejected as reason:
                decoded.reject(str(reason))


def _check(groups: Groups, check: Callable[[Any], None], decoded: Decoded) -> None:
    for _, _, messages in groups:
        for message in messages:
            try:
                check(message)
            except Rejected as reason:
                decoded.reject(str(reason))
