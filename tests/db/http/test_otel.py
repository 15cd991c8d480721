"""OTLP over HTTP: answers as the specification has them, bodies kept before the answer, faults in its own terms."""

import gzip
import json
import shutil
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evalhub.models import InboxItem
from evalhub.traces import pressure
from tests.db.http.conftest import Cast, Program
from webui.api.otel import JSON, PROTOBUF

pytestmark = pytest.mark.db
TRACE, SPAN = bytes(range(1, 17)), bytes(range(1, 9))


def a_body(*spans: tuple[bytes, bytes]) -> bytes:
    request = ExportTraceServiceRequest()
    scoped = request.resource_spans.add().scope_spans.add()
    for trace_id, span_id in spans or [(TRACE, SPAN)]:
        scoped.spans.add(trace_id=trace_id, span_id=span_id, name="chat", start_time_unix_nano=1_700_000_000 * 10**9)
    return request.SerializeToString()


@pytest.fixture
def post(nobody: FlaskClient, cast: Cast) -> Any:
    """Posts as exporters do."""

    def send(path: str, body: bytes, media_type: str = PROTOBUF, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        auth = {"Authorization": f"Bearer {cast.keys['ingest']}"} | named
        return nobody.post(path, data=body, content_type=media_type, headers=auth)

    return send


def kept(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(InboxItem)) or 0


@pytest.mark.parametrize("path", ["/v1/traces", "/api/otel/v1/traces"])
def test_all_taken_is_an_empty_answer_of_the_same_type(post: Any, session: Session, path: str) -> None:
    answer = post(path, a_body())
    assert (answer.status_code, answer.mimetype, answer.data) == (200, PROTOBUF, b"")
    assert kept(session) == 1


def test_json_is_answered_in_json(post: Any) -> None:
    answer = post("/v1/traces", b'{"resourceSpans": []}', JSON)
    assert (answer.status_code, answer.mimetype, answer.json) == (200, JSON, {})


def test_good_spans_are_taken_and_bad_ones_counted_with_a_reason(post: Any, session: Session) -> None:
    answer = post("/v1/traces", a_body((TRACE, SPAN), (b"short", SPAN), (TRACE, bytes(8))))
    told = ExportTraceServiceResponse.FromString(answer.data).partial_success
    assert (answer.status_code, told.rejected_spans) == (200, 2)
    assert "trace id: expected 16 bytes" in told.error_message
    assert kept(session) == 1


def test_packed_bodies_are_kept_as_they_came(post: Any, session: Session) -> None:
    sent = gzip.compress(a_body())
    assert post("/v1/traces", sent, Content_Encoding="gzip").status_code == 200
    assert session.execute(select(InboxItem.body, InboxItem.encoding)).all() == [(sent, "gzip")]


def test_logs_and_metrics_are_accepted(post: Any, session: Session) -> None:
    assert post("/v1/logs", b"").status_code == 200
    assert post("/v1/metrics", b"\x01\x02 nobody reads it").status_code == 200
    assert session.scalars(select(InboxItem.format)).all() == ["otlp_logs"]


@pytest.mark.parametrize(
    ("body", "media_type", "headers", "status", "told"),
    [
        (b"\xff\xff", PROTOBUF, {}, 400, "ExportTraceServiceRequest"),
        (b"{", JSON, {}, 400, "not JSON"),
        (b'{"resourceSpans": 3}', JSON, {}, 400, "resourceSpans"),
        (b"", "text/plain", {}, 415, "application/x-protobuf"),
        (b"", PROTOBUF, {"Content_Encoding": "br"}, 415, "gzip"),
        (gzip.compress(bytes(20 << 20)), PROTOBUF, {"Content_Encoding": "gzip"}, 413, "larger than"),
        (b"no gzip", PROTOBUF, {"Content_Encoding": "gzip"}, 400, "gzip"),
        (b"", PROTOBUF, {"Authorization": "Bearer ehk_guess"}, 401, "API key"),
    ],
)
def test_faults_are_a_google_rpc_status(
    post: Any, session: Session, body: bytes, media_type: str, headers: dict[str, str], status: int, told: str
) -> None:
    answer = post("/v1/traces", body, media_type, **headers)
    assert answer.status_code == status
    message = answer.json["message"] if answer.mimetype == JSON else Status.FromString(answer.data).message
    assert told in message
    assert kept(session) == 0


def test_keys_come_in_every_form_that_exporters_have(nobody: FlaskClient, cast: Cast) -> None:
    key = cast.keys["ingest"]
    for auth in ({"headers": {"x-api-key": key}}, {"auth": ("evalhub", key)}, {"auth": (key, "")}):
        assert nobody.post("/v1/traces", data=a_body(), content_type=PROTOBUF, **auth).status_code == 200


def test_the_agents_sdk_exports_here(post: Any, session: Session) -> None:
    items = [{"object": "trace", "id": "trace_1"}, {"object": "who knows"}]
    answer = post("/v1/traces/ingest", json.dumps({"data": items}).encode(), JSON)
    assert (answer.status_code, answer.json["accepted"], answer.json["rejected"]) == (200, 1, 1)
    assert session.scalars(select(InboxItem.format)).all() == ["agents_sdk"]


@pytest.mark.parametrize("limit", ["MOST_WAITING", "MOST_WAITING_BYTES"])
def test_when_reading_falls_behind_senders_are_asked_to_come_back(
    post: Any, session: Session, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(pressure, limit, -1)
    answer = post("/v1/traces", a_body())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert Status.FromString(answer.data).code == 14
    assert kept(session) == 0


def test_a_disk_that_is_nearly_full_takes_nothing(api: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    answer = api("POST", "conversations", json={"id": "call-1"})
    assert answer.status_code == 503
    assert "nearly full" in answer.json["detail"]


def test_the_pressure_can_be_watched(nobody: FlaskClient, cast: Cast, post: Any) -> None:
    post("/v1/traces", a_body())
    answer = nobody.get("/metrics", headers={"x-api-key": cast.keys["full"]})
    assert "evalhub_inbox_waiting_bodies 1.0" in answer.text
    assert nobody.get("/metrics", headers={"x-api-key": cast.keys["ingest"]}).status_code == 403


def test_a_file_of_spans_is_imported_like_any_other(api: Program, session: Session) -> None:
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "ab" * 16, "spanId": "cd" * 8}]}]}]})
    answer = api("POST", "import", data=body, content_type=JSON)
    assert (answer.status_code, [one["id"] for one in answer.json["conversations"]]) == (202, ["ab" * 16])
    assert session.scalars(select(InboxItem.format)).all() == ["otlp_traces"]
