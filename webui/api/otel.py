"""OTLP over HTTP, and the Agents SDK's own export: spans and log records, durable before the answer.

Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp. Metrics are accepted and not kept, as it allows.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from google.protobuf import json_format
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from evalhub.errors import Problem, UnsupportedType
from evalhub.traces.formats import agents_sdk, otlp
from evalhub.traces.formats.otlp import Decoded
from evalhub.traces.inbox import SentBody, accept_spans_at_once
from webui.access import api_key
from webui.api.bodies import Packed, read_packed
from webui.context import project, services

otel = Blueprint("otel", __name__)
PROTOBUF, JSON = "application/x-protobuf", "application/json"
CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 413: 8, 415: 3, 422: 3, 429: 8, 503: 14}
"""google.rpc.Code of an HTTP status"""
INTERNAL = 13
RETRYABLE, RETRY_S = (429, 503), 5
"""LiveKit's uploader comes back only where the status says when"""
Check = Callable[..., Decoded]


def both(path: str) -> Callable[[Any], Any]:
    """A route at the standard address and at the one below /api/otel."""

    def add(view: Any) -> Any:
        return otel.post(f"/v1/{path}")(otel.post(f"/api/otel/v1/{path}")(view))

    return add


@both("traces")
@api_key("ingest")
def traces() -> Response:
    told = _accept(otlp.TRACES, otlp.check_traces)
    answer = ExportTraceServiceResponse()
    if told.rejected:
        answer.partial_success.rejected_spans = told.rejected
        answer.partial_success.error_message = "; ".join(told.reasons)
    return _written(answer)


@both("logs")
@api_key("ingest")
def logs() -> Response:
    told = _accept(otlp.LOGS, otlp.check_logs)
    answer = ExportLogsServiceResponse()
    if told.rejected:
        answer.partial_success.rejected_log_records = told.rejected
        answer.partial_success.error_message = "; ".join(told.reasons)
    return _written(answer)


@both("metrics")
@api_key("ingest")
def metrics() -> Response:
    _is_json()
    read_packed()
    return _written(ExportMetricsServiceResponse())


@otel.post("/v1/traces/ingest")
@api_key("ingest")
def agents_sdk_export() -> dict[str, object]:
    packed = read_packed()
    told = agents_sdk.decode(packed.body)
    _keep(agents_sdk.NAME, packed)
    return {"accepted": len(told.spans), "rejected": told.rejected, "reasons": told.reasons}


def status_answer(status: int, message: str, problems: list[Problem]) -> Response:
    """An error as OTLP tells it: google.rpc.Status in the encoding of the request."""
    text = "\n".join([message, *map(str, problems)])
    told = Status(code=CODES.get(status, INTERNAL), message=text)
    if status in RETRYABLE:
        told.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=RETRY_S)))
    response = _written(told)
    response.status_code = status
    return response


def _accept(kind: str, check: Check) -> Decoded:
    is_json, packed = _is_json(), read_packed()
    told = check(packed.body, json=is_json)
    _keep(kind, packed)
    return told


def _keep(kind: str, packed: Packed) -> None:
    sent = SentBody(
        format=kind,
        body=packed.sent,
        encoding=packed.encoding,
        body_bytes=len(packed.body),
        headers={"content-type": request.mimetype},
    )
    accept_spans_at_once(services(), project().id, sent)


def _is_json() -> bool:
    """The encoding of this request.

    Raises:
        UnsupportedType: neither of the two.
    """
    if request.mimetype not in (PROTOBUF, JSON):
        found = request.mimetype or "none"
        raise UnsupportedType("Unknown Content-Type.", [Problem("Content-Type", f"{PROTOBUF} or {JSON}", found)])
    return request.mimetype == JSON


def _written(message: Message) -> Response:
    """In the encoding of the request."""
    if request.mimetype == JSON:
        return Response(json_format.MessageToJson(message, indent=None), mimetype=JSON)
    return Response(message.SerializeToString(), mimetype=PROTOBUF)
