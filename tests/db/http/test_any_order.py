"""Sound before, between, after or without the spans, and parts interleaved: in the end every call is the same."""

import io
import wave
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from evalhub.accounts.keys import make_key
from evalhub.models import Conversation, Project
from evalhub.services import Services
from evalhub.traces.formats.native_dump import dump
from evalhub.traces.inbox import parse_waiting
from evalhub.traces.queries import load_conversation
from tests.db.http.conftest import Program
from tests.db.traces.sending import START, TRACE, settle, span
from tests.db.traces.sending import body as otlp_body
from tests.pure.traces.samples import SAMPLES
from tests.pure.traces.traced import addresses, bodies, traced_calls

pytestmark = pytest.mark.db
REALTIME = "openai_realtime/agents-sdk-websocket"
DIALECTS = [
    REALTIME,
    "livekit",
    "pipecat",
    "openinference",
    "otel_genai/json_latest",
    "otel_genai/proto_latest",
    "openai_agents",
]
NOT_COMPARED = ("url", "metadata")
Request = tuple[str, str, dict[str, Any]]


def sound() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(8_000)
        out.writeframes(b"\1\0\2\0" * 8_000)
    return file.getvalue()


@pytest.fixture
def program(app: Flask, services: Services) -> Callable[[str], tuple[Project, Program]]:
    """A program with a project of its own."""

    def make(name: str) -> tuple[Project, Program]:
        with services.work() as session:
            project = Project(slug=name, name=name)
            session.add(project)
            session.flush()
            token = make_key(session, project.id, name=name, scope="ingest", days=None, by="a test")[1]
        return project, Program(app.test_client(), token)

    return make


def requests_of(folder: str) -> list[Request]:
    """The requests of a real client."""
    if folder == REALTIME:
        return realtime_parts()
    sent_to, kinds = addresses(folder), {".pb": "application/x-protobuf", ".json": "application/json"}
    found = []
    for path, body in bodies(folder):
        kind = kinds[".json" if ".json" in path.name else ".pb"]
        found.append(("POST", f"/..{sent_to[path.name[:3]]}", {"data": body, "content_type": kind}))
    return found


def realtime_parts() -> list[Request]:
    """A log in three parts."""
    [path] = (SAMPLES / REALTIME).glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    parts = [b"".join(lines[start : start + 70]) for start in range(0, len(lines), 70)]
    return [("POST", "conversations/call-1/realtime-events", {"data": part}) for part in parts]


def put(call: str, began: datetime) -> Request:
    query = {"started_at": began.isoformat(), "channels": "caller,agent"}
    return "PUT", f"conversations/{call}/recordings/stereo", {"data": sound(), "query_string": query}


def orders(parts: list[Request], extra: Request) -> dict[str, list[Request]]:
    half = len(parts) // 2
    return {
        "sound-last": [*parts, extra],
        "sound-first": [extra, *parts],
        "between": [*parts[:half], extra, *parts[half:]],
        "backwards": [extra, *reversed(parts)],
    }


def stored(
    services: Services, project: Project, program: Program, requests: list[Request], call: str, *, stepwise: bool = True
) -> dict[str, Any]:
    """What a conversation is after these requests, read after every one of them or only at the end."""
    for number, (method, path, request) in enumerate(requests, 1):
        answer = _post(program, path, request) if ".." in path else program(method, path, **request)
        assert answer.status_code < 300, answer.text
        if stepwise or number == len(requests):
            settle(services)
            parse_waiting(services)
    with services.sessions() as session:
        found = dump(load_conversation(session, project.id, call))
    return {name: value for name, value in found.items() if name not in NOT_COMPARED}


def _post(program: Program, path: str, request: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {program.token}"}
    return program.client.post(path.removeprefix("/.."), headers=headers, **request)


def largest(folder: str) -> tuple[str, datetime]:
    """The id of the call with the most spans, and when it began."""
    if folder == REALTIME:
        return "call-1", datetime.fromtimestamp(1795417961.274, UTC)
    if folder == "openai_agents":
        return "call_2f81", datetime.fromisoformat("2026-11-23T08:00:00+00:00")
    call = max(traced_calls(folder), key=lambda call: len(call.spans))
    assert call.started_at
    return call.id, call.started_at


@pytest.mark.parametrize("folder", DIALECTS)
def test_sound_and_spans_in_any_order(
    folder: str, services: Services, program: Callable[[str], tuple[Project, Program]]
) -> None:
    call, began = largest(folder)
    whole = orders(requests_of(folder), put(call, began + timedelta(seconds=1)))
    found = {
        name: stored(services, *program(name), requests, call, stepwise=name in ("between", "backwards"))
        for name, requests in whole.items()
    }
    wanted = found["sound-last"]
    [stereo] = [recording for recording in wanted["recordings"] if recording["track"] == "stereo"]
    assert stereo["channels"] == ["caller", "agent"]
    if folder != "openai_agents":
        assert stereo["offset_ms"] == pytest.approx(1000, abs=110)  # a log begins with the first sound in it
    for name in ("sound-first", "between"):
        assert found[name] == wanted, name
    assert found["backwards"]["turns"] == wanted["turns"]


def test_sound_alone_is_a_call(services: Services, program: Callable[[str], tuple[Project, Program]]) -> None:
    """It began when its sound began, once it is over."""
    project, sender = program("alone")
    began = datetime.fromisoformat("2026-11-27T10:00:00+00:00")
    found = stored(services, project, sender, [put("x", began), ("POST", "conversations/x/end", {})], "x")
    assert found["started_at"].startswith("2026-11-27T10:00:00")
    with services.sessions() as session:
        assert session.scalar(select(Conversation.state).filter_by(project_id=project.id)) == "ended"


def test_sound_under_another_name_of_the_call_is_laid_right(
    services: Services, program: Callable[[str], tuple[Project, Program]]
) -> None:
    """It comes under the id of a trace, of which a better name is told only later."""
    project, sender = program("renamed")
    began = datetime.fromtimestamp(START / 1e9 + 2, UTC)
    body = otlp_body(span(0, **{"gen_ai.conversation.id": "better"}))
    spans = ("POST", "/../v1/traces", {"data": body, "content_type": "application/json"})
    [recording] = stored(services, project, sender, [put(TRACE, began), spans], "better")["recordings"]
    assert (recording["track"], recording["offset_ms"]) == ("stereo", 2000)


def test_an_offset_that_is_said_later_counts(
    services: Services, program: Callable[[str], tuple[Project, Program]]
) -> None:
    project, sender = program("offset")
    began = datetime.fromisoformat("2026-11-27T10:00:00+00:00")
    native = {"json": {"id": "x", "started_at": "2026-11-27T09:59:58Z"}}
    by_offset = ("PUT", "conversations/x/recordings/stereo", {"data": sound(), "query_string": {"offset_ms": 40}})
    requests = [put("x", began), ("POST", "conversations", native)]
    assert stored(services, project, sender, requests, "x")["recordings"][0]["offset_ms"] == 2000
    assert stored(services, project, sender, [by_offset], "x")["recordings"][0]["offset_ms"] == 40


@pytest.mark.parametrize("text", ["yesterday", "2026-11-27T10:00:00", "", "9" * 400])
def test_a_moment_that_is_none_is_refused(ingest: Program, text: str) -> None:
    answer = ingest("PUT", "conversations/x/recordings/stereo", data=sound(), query_string={"started_at": text})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["path"] == "started_at"


def test_words_sent_under_another_name_of_the_call_belong_to_it(
    services: Services, program: Callable[[str], tuple[Project, Program]]
) -> None:
    """Its agent names the session, its spans name session and call; whichever comes first."""
    words = {"turns": [{"id": "t1", "speaker": "caller", "text": "Hi.", "start_ms": 0, "end_ms": 9}]}
    names = {"session.id": "session-1", "gen_ai.conversation.id": "call-1"}
    body = otlp_body(span(0, **names))
    spans = ("POST", "/../v1/traces", {"data": body, "content_type": "application/json"})
    parts: list[Request] = [
        ("POST", "conversations", {"json": {"id": "session-1"} | words}),
        ("POST", "conversations/session-1/events", {"json": {"feedback": [{"name": "csat", "value": 5}]}}),
    ]
    found = [
        stored(services, *program(f"named-{number}"), order, "session-1", stepwise=stepwise)
        for number, (order, stepwise) in enumerate(
            [
                ([spans, *parts], True),
                ([*parts, spans], True),
                ([*parts, spans], False),
                ([parts[0], spans, parts[1]], True),
            ]
        )
    ]
    assert [(one["id"], [turn["text"] for turn in one["turns"]]) for one in found] == [("call-1", ["Hi."])] * 4
    assert [len(one["feedback"]) for one in found] == [1] * 4
    with services.sessions() as session:
        assert set(session.scalars(select(Conversation.id))) == {"call-1"}
