"""Conversations over HTTP: what was acknowledged is kept, what is wrong is refused whole, what is read was sent."""

import gzip
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import orjson
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from evalhub.models import Conversation, InboxItem
from evalhub.services import Services
from evalhub.traces.formats import native
from evalhub.traces.recordings.forget import forget_doomed
from tests.db.http.conftest import Program
from webui.api import bodies

pytestmark = pytest.mark.db
SAMPLES = Path(__file__).resolve().parents[3] / "sample_traces"
LOGS = sorted((SAMPLES / "openai_realtime").glob("*/*.jsonl"))
Parse = Callable[[], int]


def make_body(**overrides: object) -> dict[str, object]:
    turns = [
        {"speaker": "agent", "start_ms": 0, "end_ms": 900, "text": "Hello"},
        {"speaker": "caller", "start_ms": 1200, "end_ms": 2000, "text": "A snowboard"},
    ]
    return {"id": "call-1", "started_at": "2026-11-01T10:00:00Z", "turns": turns} | overrides


def send(api: Program, **overrides: object) -> TestResponse:
    return api("POST", "conversations", json=make_body(**overrides))


def path(conversation_id: str, rest: str = "") -> str:
    return f"conversations/{quote(conversation_id, safe='')}{rest}"


def stored(session: Session) -> tuple[int, int]:
    """(conversations, bodies) that are kept."""
    session.rollback()
    counts = [session.scalar(select(func.count()).select_from(model)) for model in (Conversation, InboxItem)]
    return counts[0], counts[1]


def test_what_is_sent_is_acknowledged(ingest: Program) -> None:
    answer = send(ingest)
    assert answer.status_code == 202
    url = "http://localhost/p/demo/conversations/call-1"
    assert answer.json == {"id": "call-1", "url": url, "state": "received", "warnings": []}


def test_an_unknown_field_is_reported_and_kept(api: Program, parse: Parse) -> None:
    answer = send(api, tool_call=[{"name": "find_order"}])
    assert answer.json["warnings"] == ["unknown field `tool_call`, did you mean `tool_calls`?"]
    parse()
    assert api("GET", path("call-1")).json["metadata"]["extra"] == {"tool_call": [{"name": "find_order"}]}


def test_every_fault_is_named_and_nothing_is_kept(api: Program, session: Session) -> None:
    turns = [{"speaker": "robot"}, {"speaker": "agent", "start_ms": "soon"}]
    answer = send(api, turns=turns)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert [error["path"] for error in answer.json["errors"]] == ["turns[0].speaker", "turns[1].start_ms"]
    assert "caller" in answer.json["errors"][0]["expected"]
    assert "robot" in answer.json["errors"][0]["got"]
    assert stored(session) == (0, 0)


@pytest.mark.parametrize("part", ["", "/events", "/end", "/feedback", "/realtime-events"])
def test_what_is_not_json_is_refused(api: Program, session: Session, part: str) -> None:
    where = path("call-1", part) if part else "conversations"
    answer = api("POST", where, data=b'{"id": "call-1", "turns": [')
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert "line 1" in answer.json["detail"]
    assert stored(session) == (0, 0)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"7", b'"call"', b"\xff", b"{}", b'{"id": ""}', b'{"id": 7}'])
def test_odd_bodies_are_refused_in_words(api: Program, session: Session, body: bytes) -> None:
    answer = api("POST", "conversations", data=body)
    assert answer.status_code in (400, 422)
    assert answer.json["errors"]
    assert stored(session) == (0, 0)


def test_a_packed_body_is_unpacked(api: Program, parse: Parse) -> None:
    packed = gzip.compress(orjson.dumps(make_body()))
    assert api("POST", "conversations", data=packed, headers={"Content-Encoding": "gzip"}).status_code == 202
    parse()
    assert len(api("GET", path("call-1")).json["turns"]) == 2


def test_a_body_packed_in_pieces_is_unpacked_whole(api: Program) -> None:
    body = orjson.dumps(make_body())
    packed = gzip.compress(body[:40]) + gzip.compress(body[40:])
    answer = api("POST", "conversations", data=packed, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 202


@pytest.mark.parametrize("broken", [b"no gzip", gzip.compress(b'{"id": "call-1"}', mtime=0)[:-4], b""])
def test_broken_gzip_is_refused(api: Program, session: Session, broken: bytes) -> None:
    answer = api("POST", "conversations", data=broken, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 400
    assert stored(session) == (0, 0)


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_an_unknown_encoding_is_refused(api: Program, encoding: str) -> None:
    answer = api("POST", "conversations", data=b"x", headers={"Content-Encoding": encoding})
    assert answer.status_code == 415
    assert answer.json["errors"] == [{"path": "Content-Encoding", "expected": "gzip or none", "got": encoding}]


def test_what_is_too_large_is_refused_while_it_is_read(api: Program, session: Session) -> None:
    bomb = gzip.compress(bytes(bodies.MAX_BODY + 1), compresslevel=1)
    assert len(bomb) < bodies.MAX_BODY / 100
    packed = api("POST", "conversations", data=bomb, headers={"Content-Encoding": "gzip"})
    plain = api("POST", "conversations", data=bytes(bodies.MAX_BODY + 1))
    assert (packed.status_code, plain.status_code) == (413, 413)
    assert stored(session) == (0, 0)


def test_the_same_body_twice_is_one_conversation(api: Program, parse: Parse, session: Session) -> None:
    assert [send(api).status_code for _ in range(2)] == [202, 202]
    parse()
    first = api("GET", path("call-1")).json
    send(api)
    parse()
    assert api("GET", path("call-1")).json == first
    assert len(first["turns"]) == 2
    assert stored(session)[0] == 1


def test_parts_may_come_before_the_conversation_in_any_order(ingest: Program, api: Program, parse: Parse) -> None:
    assert ingest("POST", path("call-1", "/feedback"), json={"name": "csat", "value": 4}).status_code == 202
    assert ingest("POST", path("call-1", "/end"), json={"outcome": {"resolved": True}}).status_code == 202
    assert ingest("PUT", path("call-1", "/recordings/caller"), data=b"sound").status_code == 201
    event = {"turns": [{"speaker": "agent", "start_ms": 3000, "end_ms": 4000, "text": "Bye"}]}
    assert ingest("POST", path("call-1", "/events"), json=event).status_code == 202
    send(ingest)
    parse()
    call = api("GET", path("call-1")).json
    assert [turn["text"] for turn in call["turns"]] == ["Hello", "A snowboard", "Bye"]
    assert (call["feedback"][0]["value"], call["outcome"]["resolved"], call["state"]) == (4, True, "ended")
    assert call["recordings"][0]["track"] == "caller"


def test_an_end_needs_no_body(api: Program, parse: Parse) -> None:
    send(api)
    assert api("POST", path("call-1", "/end")).status_code == 202
    parse()
    assert api("GET", path("call-1")).json["state"] == "ended"


def test_a_fault_in_a_part_keeps_nothing(api: Program, session: Session) -> None:
    answer = api("POST", path("call-1", "/feedback"), json={"value": 4})
    assert (answer.status_code, answer.json["errors"][0]["path"]) == (422, "name")
    assert stored(session) == (0, 0)


IDS = [
    "a/b",
    "a//b",
    "/a",
    "a/",
    "sip://x?y=1#z",
    "50% off",
    "über 北京",
    "a b",
    "a+b",
    "...",
    "a/events",
    "é" * 255,
]


@pytest.mark.parametrize("name", IDS)
def test_ids_are_the_clients_own(api: Program, parse: Parse, name: str) -> None:
    assert send(api, id=name).json["id"] == name
    assert api("POST", path(name, "/end")).json["id"] == name
    parse()
    call = api("GET", path(name)).json
    assert (call["id"], call["state"], len(call["turns"])) == (name, "ended", 2)
    assert api("PUT", path(name, "/recordings/mixed"), data=b"sound").json["id"] == name
    assert api("DELETE", path(name)).status_code == 204


@pytest.mark.parametrize("name", ["x" * 256, "a\x00b", "a\nb", ".."])
@pytest.mark.parametrize(
    ("method", "rest"), [("POST", "/end"), ("PUT", "/recordings/mixed"), ("GET", ""), ("DELETE", "")]
)
def test_ids_that_cannot_be_are_refused(api: Program, session: Session, name: str, method: str, rest: str) -> None:
    answer = api(method, path(name, rest), data=b"" if method == "POST" else None)
    assert answer.status_code in (400, 404, 422)
    assert answer.mimetype == "application/problem+json"
    assert stored(session) == (0, 0)


def test_what_is_read_can_be_sent_again(api: Program, parse: Parse) -> None:
    body = orjson.loads((SAMPLES / "native/snowboard-return/snowboard-return.json").read_bytes())
    assert api("POST", "conversations", json=body).json["warnings"] == []
    parse()
    read = api("GET", path(body["id"]))
    again = native.parse(read.data, None).conversations[0]
    assert not again.warnings
    assert {name: read.json[name] for name in ("id", "turns", "tool_calls", "expectations", "agent", "prompt")} == {
        name: body[name] for name in ("id", "turns", "tool_calls", "expectations", "agent", "prompt")
    }


def test_what_is_not_there_is_a_problem_in_json(api: Program) -> None:
    for rest in ("", "/scores", "/evaluations"):
        answer = api("GET", path("nobody", rest))
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
        assert "nobody" in answer.json["detail"]


def test_a_list_goes_on_by_its_cursor(api: Program, parse: Parse) -> None:
    for number in range(5):
        send(api, id=f"call-{number}", started_at=f"2026-11-01T10:0{number}:00Z")
    parse()
    seen, cursor = [], {}
    while cursor is not None:
        page = api("GET", "conversations", query_string={"limit": 2} | cursor).json
        seen += [item["id"] for item in page["items"]]
        cursor = {"cursor": page["next"]} if page["next"] else None
    assert seen == ["call-4", "call-3", "call-2", "call-1", "call-0"]


def test_a_list_is_narrowed(api: Program, parse: Parse) -> None:
    send(api, id="ours", agent={"name": "desk", "version": "2"})
    send(api, id="theirs", agent={"name": "other"}, turns=[])
    parse()
    for query in ({"agent": "desk"}, {"version": "2"}, {"q": "snowboard"}, {"agent": "desk", "from": "2026-11-01"}):
        items = api("GET", "conversations", query_string=query).json["items"]
        assert [item["id"] for item in items] == ["ours"]
    assert api("GET", "conversations", query_string={"to": "2026-10-31"}).json["items"] == []


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "201"}, {"limit": "²"}, {"cursor": "x"}, {"from": "soon"}, {"verdict": "good"}]
)
def test_a_question_that_makes_no_sense_is_refused(api: Program, query: dict[str, str]) -> None:
    answer = api("GET", "conversations", query_string=query)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["path"] == next(iter(query))


def test_a_new_conversation_has_no_scores_yet(api: Program, parse: Parse) -> None:
    send(api)
    parse()
    assert api("GET", path("call-1", "/scores")).json == {"items": []}
    assert isinstance(api("GET", path("call-1", "/evaluations")).json["items"], list)


def test_deleting_takes_the_sound_along_and_late_senders_are_refused(
    api: Program, parse: Parse, services: Services
) -> None:
    send(api)
    sha256 = api("PUT", path("call-1", "/recordings/caller"), data=b"sound").json["sha256"]
    sound = next(services.settings.audio_dir.rglob(sha256))
    parse()
    assert api("DELETE", path("call-1")).status_code == 204
    forget_doomed(services)
    assert not sound.exists()
    assert api("GET", path("call-1")).status_code == 404
    late = [
        send(api),
        api("PUT", path("call-1", "/recordings/caller"), data=b"sound"),
        api("POST", path("call-1", "/end")),
    ]
    assert [answer.status_code for answer in late] == [409, 409, 409]
    assert "was deleted" in late[0].json["detail"]
    assert list(services.settings.audio_dir.rglob(sha256)) == []


def test_sound_that_another_call_uses_stays(api: Program, services: Services) -> None:
    for name in ("one", "two"):
        sha256 = api("PUT", path(name, "/recordings/caller"), data=b"sound").json["sha256"]
    api("DELETE", path("one"))
    forget_doomed(services)
    assert api("HEAD", path("two", "/recordings/caller")).headers["ETag"] == f'"{sha256}"'
    assert list(services.settings.audio_dir.rglob(sha256))


def test_a_body_that_still_waits_is_deleted_too(api: Program, parse: Parse, session: Session) -> None:
    send(api)
    api("DELETE", path("call-1"))
    assert parse() == 0
    assert stored(session) == (0, 0)


def test_another_project_sees_nothing_and_may_use_the_same_id(api: Program, foreign: Program, parse: Parse) -> None:
    send(api)
    api("PUT", path("call-1", "/recordings/caller"), data=b"sound")
    parse()
    for method, rest in (("GET", ""), ("GET", "/scores"), ("HEAD", "/recordings/caller"), ("DELETE", "")):
        assert foreign(method, path("call-1", rest)).status_code == 404
    assert foreign("GET", "conversations").json["items"] == []
    send(foreign, turns=[])
    parse()
    assert len(api("GET", path("call-1")).json["turns"]) == 2
    assert "turns" not in foreign("GET", path("call-1")).json or not foreign("GET", path("call-1")).json["turns"]


def test_many_conversations_in_one_file(ingest: Program, api: Program, parse: Parse) -> None:
    lines = b"\n".join(orjson.dumps(make_body(id=f"call-{number}")) for number in range(3))
    answer = ingest("POST", "import", data=lines, content_type="application/jsonl")
    assert answer.status_code == 202
    assert [receipt["id"] for receipt in answer.json["conversations"]] == ["call-0", "call-1", "call-2"]
    parse()
    assert len(api("GET", "conversations").json["items"]) == 3


def test_one_fault_refuses_the_whole_file(ingest: Program, session: Session) -> None:
    lines = orjson.dumps(make_body()) + b"\n" + orjson.dumps({"id": "call-2", "turns": [{"speaker": "robot"}]})
    answer = ingest("POST", "import", data=lines)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["path"].startswith("line 2")
    assert stored(session) == (0, 0)


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.parent.name)
def test_a_realtime_log_becomes_a_conversation(ingest: Program, api: Program, parse: Parse, log: Path) -> None:
    answer = ingest("POST", "import", data=log.read_bytes())
    assert answer.status_code == 202
    (receipt,) = answer.json["conversations"]
    parse()
    call = api("GET", path(receipt["id"])).json
    assert {turn["speaker"] for turn in call["turns"]} == {"caller", "agent"}


def test_a_realtime_log_in_pieces_is_one_conversation(ingest: Program, api: Program, parse: Parse) -> None:
    lines = LOGS[0].read_bytes().splitlines()
    for piece in (lines[: len(lines) // 2], lines[len(lines) // 2 :]):
        assert ingest("POST", path("piecewise", "/realtime-events"), data=b"\n".join(piece)).status_code == 202
    ingest("POST", path("whole", "/realtime-events"), data=b"\n".join(lines))
    parse()
    texts = [[turn.get("text") for turn in api("GET", path(name)).json["turns"]] for name in ("piecewise", "whole")]
    assert texts[0] == texts[1]


def test_a_file_nobody_knows_is_refused_with_the_formats_that_are_read(ingest: Program) -> None:
    answer = ingest("POST", "import", data=b"a,b,c\n1,2,3\n")
    assert answer.status_code == 415
    assert "native" in answer.json["detail"]


def test_a_wrong_method_is_a_problem_in_json(api: Program) -> None:
    answer = api("PATCH", path("call-1"))
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")


@pytest.mark.parametrize("ending", ["scores", "evaluations"])
def test_an_id_may_end_like_an_address(api: Program, ending: str) -> None:
    for one in ("run", f"run/{ending}"):
        api("POST", "conversations", json={"id": one})
    assert api("GET", f"conversations/run/{ending}").json["id"] == f"run/{ending}"
    assert api("GET", f"conversations/run/{ending}/{ending}").json == {"items": []}
