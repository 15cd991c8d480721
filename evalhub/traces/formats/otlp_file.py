"""Files of OTLP requests: one in protobuf, or in JSON one or one a line, as collectors write them."""

from __future__ import annotations

import re
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from evalhub.errors import BadInput
from evalhub.traces.formats import Parsed, otlp
from evalhub.traces.formats.otlp import Decoded
from evalhub.traces.formats.peek import first_object

NAME = "otlp"
JSON_KEYS = {"resourceSpans": otlp.TRACES, "resourceLogs": otlp.LOGS}
PROTOBUF = re.compile(rb"\x0a[\x80-\xff]{0,4}[\x00-\x7f]\x0a[\x80-\xff]{0,4}[\x00-\x7f]\x0a")
"""a message in a message in a message: a request, a group of it, its resource, an attribute of that"""
SIGNS = (b"telemetry.sdk", b"service.name")


def recognises(head: bytes, media_type: str | None) -> bool:  # noqa: ARG001  (the content decides)
    """Whether the first object is a request of OTLP, or the bytes look like one in protobuf."""
    if any(isinstance(first_object(head).get(key), type) for key in JSON_KEYS):
        return True
    return PROTOBUF.match(head) is not None and any(sign in head for sign in SIGNS)


def decode(body: bytes) -> Decoded:
    """The records of every request in a file.

    Raises:
        Unreadable: one of them is none.
    """
    found = Decoded()
    for kind, request, is_json in requests(body):
        read = otlp.decode_traces if kind == otlp.TRACES else otlp.decode_logs
        part = read(request, json=is_json)
        found.spans += part.spans
        found.logs += part.logs
        found.rejected += part.rejected
        found.reasons += part.reasons
    return found


def requests(body: bytes) -> list[tuple[str, bytes, bool]]:
    """Each request with its kind, and whether it is JSON. Metrics are none: as over HTTP they are not kept.

    Raises:
        Unreadable: this is neither encoding.
    """
    if not body.lstrip().startswith(b"{"):
        return [] if _is_metrics(body) else [(_kind_of_protobuf(body), body, False)]
    lines = [line for line in body.splitlines() if line.strip()]
    whole = lines if len(lines) > 1 and all(first_object(line) for line in lines) else [body]
    return [
        (_kind_of_json(request), request, True) for request in whole if "resourceMetrics" not in first_object(request)
    ]


def parse(body: bytes, conversation_id: str | None) -> Parsed:  # noqa: ARG001  (spans name their calls themselves)
    """The calls in one file.

    Raises:
        Unreadable: it holds no OTLP.
    """
    from evalhub.traces.traced_files import parse_records

    return parse_records([decode(body)])


def _kind_of_json(request: bytes) -> str:
    fields: dict[str, Any] = first_object(request)
    return next((kind for key, kind in JSON_KEYS.items() if key in fields), otlp.TRACES)


def _is_metrics(body: bytes) -> bool:
    """All requests have the same outer shape; only metrics have a name where the others have something else."""
    try:
        request = ExportMetricsServiceRequest.FromString(body)
    except (DecodeError, UnicodeDecodeError):
        return False
    metrics = [one for group in request.resource_metrics for scoped in group.scope_metrics for one in scoped.metrics]
    return bool(metrics) and all(one.name.isprintable() and one.name and one.WhichOneof("data") for one in metrics)


def _kind_of_protobuf(body: bytes) -> str:
    """Both requests have the same outer shape; what is no span in one of them is a record in the other."""
    try:
        told = otlp.check_traces(body, json=False)
        records = len(otlp.decode_logs(body, json=False).logs) if told.rejected else 0
    except BadInput:
        return otlp.LOGS
    return otlp.LOGS if told.rejected and told.rejected == records else otlp.TRACES
