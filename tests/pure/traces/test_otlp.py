"""OTLP bodies: both encodings say the same, and one bad record does not take the others with it."""

import base64
import json
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from evalhub.errors import Unreadable
from evalhub.traces.formats.otlp import decode_logs, decode_traces
from tests.pure.traces.traced import addresses, bodies

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"


def span_json(**overrides):
    return {"traceId": TRACE, "spanId": SPAN, "name": "chat", "startTimeUnixNano": "1700000000000000000"} | overrides


def body(*spans, **resource):
    attributes = [{"key": key, "value": value} for key, value in resource.items()]
    scoped = [{"scope": {"name": "s"}, "spans": list(spans)}]
    return json.dumps({"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": scoped}]}).encode()


def values(*typed):
    attributes = [{"key": f"a{index}", "value": value} for index, value in enumerate(typed)]
    [span] = decode_traces(body(span_json(attributes=attributes)), json=True).spans
    return list(span.attributes.values())


def test_a_span_of_the_specification_is_read():
    decoded = decode_traces(body(span_json(parentSpanId=SPAN.upper(), status={"code": 2, "message": "no"})), json=True)
    [span] = decoded.spans
    assert (span.trace_id, span.span_id, span.parent_id) == (TRACE, SPAN, SPAN)
    assert (span.status, span.message, span.start_ns, span.scope) == ("error", "no", 1_700_000_000_000_000_000, "s")


def test_values_of_every_shape_become_json():
    nested = {"kvlistValue": {"values": [{"key": "k", "value": {"arrayValue": {"values": [{"intValue": 1}]}}}]}}
    given = ({"intValue": "9007199254740993"}, {"boolValue": False}, {"arrayValue": {}}, {}, nested)
    assert values(*given) == [9_007_199_254_740_993, False, [], None, {"k": [1]}]


def test_what_json_and_postgresql_lack_is_kept_as_text():
    assert values({"doubleValue": "NaN"}, {"stringValue": "a\x00b"}, {"bytesValue": "AAE="}) == [
        "nan",
        "a\\u0000b",
        "AAE=",
    ]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"traceId": "00" * 16}, "trace id"),
        ({"spanId": "abcd"}, "span id"),
        ({"spanId": "not hex"}, "spans[0]"),
        ({"startTimeUnixNano": str(1 << 63)}, "time"),
    ],
)
def test_one_bad_span_is_rejected_alone_and_told(fault, told):
    decoded = decode_traces(body(span_json(**fault), span_json(name="good")), json=True)
    assert ([span.name for span in decoded.spans], decoded.rejected) == (["good"], 1)
    assert told in decoded.reasons[0]


@pytest.mark.parametrize("broken", [b"{", b"[]", b'{"resourceSpans": 1}', b'{"resourceSpans": [{"resource": 3}]}'])
def test_json_that_is_no_request_is_refused(broken):
    with pytest.raises(Unreadable):
        decode_traces(broken, json=True)


def test_bytes_that_are_no_protobuf_are_refused():
    with pytest.raises(Unreadable, match="ExportTraceServiceRequest"):
        decode_traces(b"\xff\xff\xff", json=False)


def test_an_empty_request_holds_nothing():
    assert decode_traces(b"", json=False).spans == decode_traces(b"{}", json=True).spans == []


def test_unknown_fields_are_ignored():
    assert decode_traces(body(span_json(flavour="new", links=[{"traceId": "zz"}])), json=True).rejected == 0


def test_protobuf_ids_are_written_as_hex():
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.parent_span_id = bytes.fromhex(TRACE), bytes.fromhex(SPAN), b"\0" * 8
    [found] = decode_traces(request.SerializeToString(), json=False).spans
    assert (found.key, found.parent_id, found.start_ns) == (f"{TRACE}:{SPAN}", None, None)


def test_a_log_record_without_a_time_has_the_time_it_was_observed():
    record = {"observedTimeUnixNano": "17", "eventName": "gen_ai.choice", "traceId": TRACE, "body": {}}
    given = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    [log] = decode_logs(json.dumps(given).encode(), json=True).logs
    assert (log.time_ns, log.name, log.trace_id, log.span_id, log.body) == (17, "gen_ai.choice", TRACE, None, None)


RECORDED = [
    (address, path, body)
    for folder in ("livekit", "pipecat", "openinference", "openinference/full_audio", "otel_genai/proto_latest")
    for path, body in bodies(folder)
    if (address := addresses(folder)[path.name[:3]]).endswith(("/v1/traces", "/v1/logs"))
]


@pytest.mark.parametrize(
    ("address", "body"), [pytest.param(a, b, id=f"{p.parent.name}-{p.name}") for a, p, b in RECORDED]
)
def test_what_clients_sent_as_protobuf_says_the_same_as_json(address: str, body: bytes) -> None:
    kind, decode = (ExportTraceServiceRequest, decode_traces)
    if address.endswith("logs"):
        kind, decode = (ExportLogsServiceRequest, decode_logs)
    as_json = json.dumps(_with_hex_ids(MessageToDict(kind.FromString(body)))).encode()
    decoded = decode(body, json=False)
    assert decoded.spans or decoded.logs
    assert decode(as_json, json=True) == decoded


def _with_hex_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_hex_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = {key: base64.b64decode(value[key]).hex() for key in ("traceId", "spanId", "parentSpanId") if key in value}
    return {key: _with_hex_ids(item) for key, item in value.items()} | ids
