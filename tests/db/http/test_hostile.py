"""What only an attacker, or a client gone wrong, sends: a clear refusal, or a value that is stored and harmless."""

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evalhub.analysis import analyse
from evalhub.models import AudioAnalysis, Conversation, InboxItem, Span
from evalhub.services import Services
from evalhub.traces.inbox import parse_waiting
from tests.db.http.conftest import As, Program
from tests.db.traces.sending import body as otlp_body
from tests.db.traces.sending import settle, span

pytestmark = pytest.mark.db
DEEP = 5_000
REFUSED = {400, 413, 415, 422}
Send = Callable[[str, bytes, str], Any]
DOORS = {
    "native": ("api/v1/conversations", "application/json"),
    "events": ("api/v1/conversations/x/events", "application/json"),
    "feedback": ("api/v1/conversations/x/feedback", "application/json"),
    "realtime": ("api/v1/conversations/x/realtime-events", "application/x-ndjson"),
    "import": ("api/v1/import", "application/json"),
    "traces": ("v1/traces", "application/json"),
    "logs": ("v1/logs", "application/json"),
    "agents": ("v1/traces/ingest", "application/json"),
}
HOLES = {
    "native": '{"id": "x", "metadata": {"hole": %s}}',
    "events": '{"turns": [], "metadata": {"hole": %s}}',
    "feedback": '{"name": "csat", "value": %s}',
    "realtime": '{"t": 1, "event": {"type": "session.created", "session": {"id": "s", "tracing": {"metadata": %s}}}}',
    "import": '{"id": "x", "metadata": {"hole": %s}}',
    "traces": '{"resourceSpans": [{"scopeSpans": [{"hole": %s, "spans": []}]}]}',
    "logs": '{"resourceLogs": [{"scopeLogs": [{"hole": %s, "logRecords": []}]}]}',
    "agents": '{"data": [{"object": "trace", "id": "trace_1", "workflow_name": "w", "metadata": {"hole": %s}}]}',
}
"""a body of each door with room for a value that a stranger chooses"""


@pytest.fixture
def send(ingest: Program) -> Send:
    def post(path: str, body: bytes, kind: str, **headers: str) -> Any:
        headers |= {"Authorization": f"Bearer {ingest.token}"}
        return ingest.client.post(f"/{path}", data=body, content_type=kind, headers=headers)

    return post


def read_all(services: Services) -> None:
    settle(services)
    parse_waiting(services)


@pytest.mark.parametrize("door", DOORS)
def test_nesting_without_end(send: Send, services: Services, door: str) -> None:
    path, kind = DOORS[door]
    for nested in ("[" * DEEP + "1" + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP):
        answer = send(path, (HOLES[door] % nested).encode(), kind)
        assert answer.status_code in REFUSED | {200, 202}, answer.text
    read_all(services)


def test_nesting_without_end_in_protobuf(send: Send, services: Services) -> None:
    request = ExportTraceServiceRequest()
    value = request.resource_spans.add().scope_spans.add().spans.add().attributes.add(key="deep").value
    for _ in range(20):
        value = value.array_value.values.add()
    shallow = request.SerializeToString()
    assert send("v1/traces", shallow, "application/x-protobuf").status_code == 200
    deep = b"\n\x05\n\x03" * 50_000
    assert send("v1/traces", deep, "application/x-protobuf").status_code in REFUSED
    read_all(services)


@pytest.mark.parametrize("door", DOORS)
def test_a_bomb_is_refused_while_it_is_unpacked(send: Send, session: Session, door: str) -> None:
    """100 MiB in 100 kB."""
    path, kind = DOORS[door]
    bomb = gzip.compress(b" " * (100 << 20), compresslevel=9)
    answer = send(path, bomb, kind, **{"Content-Encoding": "gzip"})  # type: ignore[call-arg]
    assert answer.status_code == 413
    assert session.scalar(select(func.count()).select_from(InboxItem)) == 0


@pytest.mark.parametrize("door", DOORS)
def test_bytes_that_are_no_utf8(send: Send, services: Services, door: str) -> None:
    path, kind = DOORS[door]
    for text in (b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80"):
        answer = send(path, HOLES[door].encode() % (b'"' + text + b'"'), kind)
        assert answer.status_code in REFUSED | {200, 202}, answer.text
    read_all(services)


TEXTS = [r"\u0000", r"\u001b[2J", r"\ud800", "\u202e", "\u2028"]
VALUES = [*(f'"{text}"' for text in TEXTS), *(f'{{"{text}": 1}}' for text in TEXTS), "1" * 400, "1e999", "-0.0", "NaN"]


@pytest.mark.parametrize("door", DOORS)
def test_odd_characters_and_numbers(send: Send, services: Services, door: str) -> None:
    path, kind = DOORS[door]
    for value in VALUES:
        answer = send(path, (HOLES[door] % value).encode(), kind)
        assert answer.status_code in REFUSED | {200, 202}, (value, answer.text)
    read_all(services)


def test_a_hundred_thousand_attributes(send: Send, services: Services, session: Session, signed_in: As) -> None:
    """They are kept, and the page of the call still opens."""
    many = {f"key.{number}": "value" for number in range(100_000)}
    answer = send("v1/traces", otlp_body(span(0, **many)), "application/json")
    assert answer.status_code == 200, answer.text
    read_all(services)
    [kept] = session.scalars(select(Span.attributes))
    assert kept
    assert len(kept) == 100_000
    [call] = session.scalars(select(Conversation.id))
    lead = signed_in("lead")
    assert lead.get(f"/p/demo/conversations/{call}").status_code == 200
    assert lead.get(f"/p/demo/conversations/{call}/spans").status_code == 200


IDS = ["../../etc/passwd", "..%2f..%2fx", "C:\\x", "a/../b", "/", "//", "x?y#z", "<b>", "__proto__", "%00x", "é" * 200]


@pytest.mark.parametrize("name", IDS)
def test_ids_that_look_like_paths(api: Program, send: Send, services: Services, signed_in: As, name: str) -> None:
    """Everywhere the same id, nowhere a place on a disk."""
    address = f"conversations/{quote(name, safe='')}"
    sent = [api("POST", "conversations", json={"id": name}), api("POST", f"{address}/end")]
    sent.append(api("PUT", f"{address}/recordings/caller", data=b"RIFF" + bytes(99)))
    attributes = {"gen_ai.conversation.id": name}
    send("v1/traces", otlp_body(span(0, **attributes)), "application/json")
    read_all(services)
    assert {answer.status_code for answer in sent} <= REFUSED | {201, 202, 404, 308}
    if sent[0].status_code == 202:
        assert api("GET", address).json["id"] == name
        page = signed_in("lead").get(f"/p/demo/{address}")
        assert page.status_code == 200
    files = [path for path in services.settings.audio_dir.rglob("*") if path.is_file()]
    assert all(services.settings.audio_dir in path.resolve().parents for path in files)


def test_keys_that_mean_something_elsewhere(send: Send, services: Services, session: Session, signed_in: As) -> None:
    keys = ["__proto__", "constructor", "toString", "__class__", "{{7*7}}", "'; drop table span; --", "", "a" * 5_000]
    answer = send("v1/traces", otlp_body(span(0, **dict.fromkeys(keys, "x"))), "application/json")
    assert answer.status_code == 200
    read_all(services)
    [call] = session.scalars(select(Conversation.id))
    [kept] = session.scalars(select(Span.attributes))
    assert kept
    assert {"__proto__", "constructor", "{{7*7}}"} <= kept.keys()
    lead = signed_in("lead")
    assert "49" not in lead.get(f"/p/demo/conversations/{call}/spans").text.split("data-")[0]
    assert lead.get(f"/p/demo/conversations/{call}/raw.json").json["spans"][0]["attributes"]["__proto__"] == "x"


NO_SOUND = {
    "text": b"this is no sound",
    "page": b"<html><script>alert(1)</script>",
    "program": b"\x7fELF" + bytes(500),
    "riff of nothing": b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(40),
    "wav with a rate of 0": b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0" + bytes(8) + b"\2\0\x10\0data\0\0\0\0",
    "ogg cut off": b"OggS\0\2" + bytes(20),
    "webm of noise": b"\x1a\x45\xdf\xa3" + bytes(range(256)),
    "mp3 header alone": b"\xff\xfb\x90\x64",
}


@pytest.mark.parametrize("name", NO_SOUND)
def test_sound_that_is_none(api: Program, services: Services, session: Session, signed_in: As, name: str) -> None:
    """It is kept, said to be unreadable and why, and never handed to a browser as anything but sound."""
    answer = api("PUT", "conversations/x/recordings/caller", data=NO_SOUND[name], content_type="text/html")
    assert answer.status_code == 201
    sha256 = answer.json["sha256"]
    analyse(services, 1, sha256)
    [found] = session.scalars(select(AudioAnalysis))
    assert found.state == "unreadable"
    assert found.reason
    lead = signed_in("lead")
    assert lead.get("/p/demo/conversations/x").status_code == 200
    heard = lead.get(f"/p/demo/recordings/{sha256}")
    assert heard.headers["X-Content-Type-Options"] == "nosniff"
    assert not heard.mimetype.startswith("text/")


def test_a_log_that_says_its_sound_was_endless(api: Program, services: Services) -> None:
    """No memory is taken for sound that is not there."""
    lengths = [1e12, -5, "x", 1e300, None, 5e6]
    event = {"type": "input_audio_buffer.append", "audio": ""}
    lines = [{"t": 1e9 + n, "event": event | {"audio_ms": lengths[n % 6]}} for n in range(3000)]
    answer = api("POST", "conversations/x/realtime-events", data="\n".join(map(json.dumps, lines)))
    assert answer.status_code == 202
    read_all(services)
    assert api("GET", "conversations/x").json.get("recordings", []) == []


def test_base64_that_is_none_in_a_log(api: Program, services: Services) -> None:
    audio = base64.b64encode(bytes(9)).decode()[:-3] + "*"
    line = json.dumps({"t": 1e9, "event": {"type": "input_audio_buffer.append", "audio": audio}})
    assert api("POST", "conversations/x/realtime-events", data=line).status_code == 202
    read_all(services)
    assert api("GET", "conversations/x").status_code == 200
