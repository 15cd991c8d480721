"""LiveKit's own upload, as the released uploader put it on the wire (sample_traces/livekit_upload), in any order."""

import json
import time
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evalhub.bundled import bundled
from evalhub.integrations.endpoints import make_endpoint
from evalhub.models import Conversation, InboxItem, IntegrationEndpoint, Project, Recording, SpanLog
from evalhub.services import Services
from evalhub.traces import pressure, queries
from evalhub.traces.deletion import delete_conversation
from evalhub.traces.formats.native_dump import dump
from tests.db.http.conftest import Cast, Program
from tests.db.traces.sending import send, settle, span

pytestmark = pytest.mark.db
ROOM = "RM_0fe76e8b7cf6"
KEY, SECRET = "APItest", "the secret of this key pair, long enough"
RECORDED_AT = datetime(2026, 11, 27, 8, 52, 51, 120_000, tzinfo=UTC)
RECORDINGS = "/observability/recordings/v0"
FOLDER = bundled("sample_traces") / "livekit_upload"
SENT: list[dict[str, Any]] = [json.loads(line) for line in (FOLDER / "requests.jsonl").read_text().splitlines()]
Post = Callable[..., Any]


def token(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """As `AccessToken.to_jwt` writes it; a claim given as None is left out."""
    now = int(time.time())
    whole = {"observability": {"write": True}, "sub": "", "iss": KEY, "nbf": now, "exp": now + 6 * 3600} | claims
    return jwt.encode({name: claim for name, claim in whole.items() if claim is not None}, secret, algorithm)


@pytest.fixture
def endpoint(services: Services, project: Project, cast: Cast) -> IntegrationEndpoint:
    """The key pair of project demo."""
    return pair(services, project.id, KEY, SECRET)


def pair(services: Services, project_id: int, api_key: str, secret: str) -> IntegrationEndpoint:
    with services.work() as session:
        given = {"vendor": "livekit", "name": "LiveKit", "api_key": api_key, "secret": secret}
        return make_endpoint(session, project_id, secret_key=services.settings.secret_key, **given)[0]


@pytest.fixture
def post(nobody: FlaskClient, endpoint: IntegrationEndpoint) -> Post:
    """Posts with a token of the project's key pair, or with the headers given."""

    def send(path: str, body: bytes, content_type: str = "application/x-protobuf", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        auth = {"Authorization": f"Bearer {token()}"} | named
        return nobody.post(path, data=body, content_type=content_type, headers=auth)

    return send


def replay(post: Post, requests: Iterable[dict[str, Any]]) -> None:
    """Sends these again as they were sent."""
    for sent in requests:
        headers = {name.lower(): value for name, value in sent["headers"]}
        packed = {"Content_Encoding": "gzip"} if headers.get("content-encoding") == "gzip" else {}
        answer = post(sent["path"], (FOLDER / sent["body_file"]).read_bytes(), headers["content-type"], **packed)
        assert answer.status_code == 200, (sent["path"], answer.data)


def only(*kinds: str) -> list[dict[str, Any]]:
    return [sent for sent in SENT if any(f"/{kind}/" in sent["path"] for kind in kinds)]


def stored(services: Services, project: Project) -> Conversation:
    settle(services)
    with services.sessions() as session:
        assert session.scalars(select(Conversation.id).filter_by(project_id=project.id)).all() == [ROOM]
        return queries.load_conversation(session, project.id, ROOM)


def told(conversation: Conversation) -> list[tuple[str, str | None, str | None]]:
    return [(turn.speaker, turn.agent_name, turn.text) for turn in conversation.turns]


WORDS = [
    ("agent", "front-desk", "Northridge Outdoor, thanks for calling. How can I help you today?"),
    ("caller", None, "It's A one two three four five."),
    (
        "agent",
        "front-desk",
        "Good, I have the snowboard here. I'll pass you to our policy desk, and they will finish this with you.",
    ),
    ("caller", None, "No, I only stood on it in the living room."),
    ("agent", "policy-desk", "You're welcome. Goodbye."),
]


def test_the_whole_session_is_one_call_with_words_tools_and_sound(
    post: Post, services: Services, project: Project
) -> None:
    replay(post, SENT)
    call = stored(services, project)
    assert told(call) == WORDS
    assert (call.agent_name, call.architecture, call.state) == ("returns-desk", "chained", "ended")
    assert [(one.name, one.result, one.error) for one in call.tool_calls] == [
        ("find_order", {"number": "A12345", "item": "snowboard"}, None),
        ("start_return", None, "the label printer is out of paper"),
        ("to_policy_desk", "", None),
    ]
    assert [(one.from_agent, one.to_agent) for one in call.handoffs] == [("front-desk", "policy-desk")]
    assert (call.outcome, call.tags) == ({"resolved": False, "reason": "the label was not printed"}, ["label:sent"])
    assert (call.meta or {})["livekit_tags"] == {"label:sent": {"parcel": "P-1"}}


def test_usage_is_counted_once(post: Post, services: Services, project: Project) -> None:
    replay(post, SENT)
    totals: dict[str, float] = {}
    for row in stored(services, project).usage:
        totals[f"{row.model} {row.meter}"] = totals.get(f"{row.model} {row.meter}", 0) + row.quantity
    assert totals == {
        "scripted-llm input_tokens": 280,
        "scripted-llm cached_input_tokens": 320,
        "scripted-llm output_tokens": 100,
        "sampled-voice characters": 189,
        "scripted-stt audio_seconds": 5.992,
    }


def test_the_sound_lies_where_it_was_recorded(post: Post, services: Services, project: Project) -> None:
    replay(post, SENT)
    call = stored(services, project)
    [recording] = call.recordings
    assert (recording.track, recording.channels, recording.media_type) == ("stereo", ["caller", "agent"], "audio/ogg")
    began = call.started_at + timedelta(milliseconds=recording.offset_ms or 0)
    assert abs(began - RECORDED_AT) <= timedelta(milliseconds=1)
    sound = services.audio.path(project.id, str(recording.sha256)).read_bytes()
    assert sound.startswith(b"OggS")
    assert sound in (FOLDER / "006.body.multipart").read_bytes()


@pytest.mark.parametrize(
    "order",
    [
        pytest.param([*only("recordings"), *only("traces", "logs")], id="recording first"),
        pytest.param([*only("logs"), *only("recordings"), *only("traces")], id="spans last"),
        pytest.param([*reversed(SENT)], id="backwards"),
        pytest.param([*SENT, *SENT], id="twice"),
    ],
)
def test_the_order_changes_nothing(
    post: Post, services: Services, project: Project, order: list[dict[str, Any]]
) -> None:
    for sent in order:
        replay(post, [sent])
        settle(services)
    ends = dump(stored(services, project))
    assert [turn["text"] for turn in ends["turns"]] == [text for _, _, text in WORDS]
    assert (len(ends["tool_calls"]), len(ends["handoffs"]), len(ends["recordings"])) == (3, 1, 1)
    assert ends["recordings"][0]["offset_ms"] == 7


@pytest.mark.parametrize("kinds", [("recordings",), ("logs",), ("traces",), ("recordings", "logs")])
def test_each_part_alone_tells_what_it_knows(
    post: Post, services: Services, project: Project, kinds: tuple[str, ...]
) -> None:
    replay(post, only(*kinds))
    call = stored(services, project)
    assert told(call) == WORDS
    assert [one.name for one in call.tool_calls] == ["find_order", "start_return", "to_policy_desk"]
    assert len(call.recordings) == ("recordings" in kinds)
    assert call.state == "ended"


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        pytest.param(lambda now: token(exp=now - 120), "expired", id="expired"),
        pytest.param(lambda now: token(nbf=now + 120), "not valid yet", id="of the future"),
        pytest.param(lambda _: token(exp=None), "lacks", id="for ever"),
        pytest.param(lambda _: token("another secret that is long enough too"), "not signed", id="another secret"),
        pytest.param(lambda _: token("", algorithm="none"), "not signed", id="unsigned"),
        pytest.param(lambda _: token(SECRET * 2, algorithm="HS512"), "not signed", id="another algorithm"),
        pytest.param(lambda _: token(iss="APIother"), "not signed", id="a key nobody stored"),
        pytest.param(lambda _: token(iss=None), "not signed", id="nobody's"),
        pytest.param(lambda _: token(iss="API\x00"), "not signed", id="a name that cannot be stored"),
        pytest.param(lambda _: token(observability={"write": False}), "grant", id="may not write"),
        pytest.param(lambda _: token(observability=None, video={"roomJoin": True}), "grant", id="joins a room"),
        pytest.param(lambda _: "ehk_guessed", "not signed", id="no token"),
    ],
)
def test_other_tokens_open_nothing(post: Post, session: Session, sent: Callable[[int], str], why: str) -> None:
    made = sent(int(time.time()))
    for path, content_type in ((SENT[0]["path"], "application/x-protobuf"), (RECORDINGS, "multipart/form-data")):
        answer = post(path, b"", content_type, Authorization=f"Bearer {made}")
        assert answer.status_code == 401
        assert why in Status.FromString(answer.data).message
    assert session.scalar(select(func.count()).select_from(InboxItem)) == 0


def test_clocks_may_differ_by_a_minute(post: Post) -> None:
    now = int(time.time())
    for sent in (token(nbf=now + 30), token(exp=now - 30)):
        assert post(SENT[0]["path"], b"", Authorization=f"Bearer {sent}").status_code == 200


def test_a_token_writes_to_the_project_of_its_key_pair_alone(
    post: Post, services: Services, project: Project, cast: Cast, session: Session
) -> None:
    pair(services, cast.other.id, "APItheirs", "the secret of another project, as long")
    theirs = token(secret="the secret of another project, as long", iss="APItheirs")
    for sent in only("recordings"):
        body = (FOLDER / sent["body_file"]).read_bytes()
        content_type = dict(map(tuple, sent["headers"]))["Content-Type"]
        assert post(RECORDINGS, body, content_type, Authorization=f"Bearer {theirs}").status_code == 200
    settle(services)
    assert session.execute(select(Conversation.project_id, Conversation.id)).all() == [(cast.other.id, ROOM)]
    mixed = token(secret="the secret of another project, as long")
    assert post(RECORDINGS, b"", "multipart/form-data", Authorization=f"Bearer {mixed}").status_code == 401


def test_a_deleted_key_pair_is_turned_away_at_once(post: Post, services: Services) -> None:
    assert post(SENT[0]["path"], b"").status_code == 200
    with services.work() as session:
        [found] = session.scalars(select(IntegrationEndpoint))
        assert found.last_used_at
        session.delete(found)
    assert post(SENT[0]["path"], b"").status_code == 401


def multipart(*parts: tuple[str, bytes], end: bytes = b"--frontier--\r\n") -> bytes:
    whole = b"".join(
        b'--frontier\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n\r\n%s\r\n'
        % (name.encode(), content)
        for name, content in parts
    )
    return whole + end


def header() -> bytes:
    body = (FOLDER / "006.body.multipart").read_bytes()
    start = body.index(b"\r\n\r\n") + 4
    return body[start : body.index(b"\r\n--", start)]


FORM = "multipart/form-data; boundary=frontier"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "why"),
    [
        pytest.param(b"", "application/x-protobuf", 415, "multipart/form-data", id="another type"),
        pytest.param(b"x", "multipart/form-data", 415, "multipart/form-data", id="no boundary"),
        pytest.param(b"x", FORM, 400, "ends too early", id="nothing"),
        pytest.param(multipart(), FORM, 400, "no header", id="no parts"),
        pytest.param(multipart(("audio", b"OggS"), ("header", header())), FORM, 400, "first", id="header last"),
        pytest.param(multipart(("header", b"\xff\xff")), FORM, 400, "no header of a LiveKit", id="no protobuf"),
        pytest.param(multipart(("header", b"")), FORM, 400, "names no call", id="a header that names no call"),
        pytest.param(multipart(("header", header()), ("chat_history", b"{")), FORM, 400, "not JSON", id="no JSON"),
        pytest.param(multipart(("header", header()), ("audio", b"O"), end=b""), FORM, 400, "too early", id="cut off"),
        pytest.param(multipart(*[("header", header())] * 17), FORM, 413, "built too large", id="many parts"),
        pytest.param(b"--frontier\r\n" + b"x" * (4 << 20), FORM, 413, "built too large", id="endless headers"),
    ],
)
def test_a_broken_upload_leaves_nothing(
    post: Post, session: Session, body: bytes, content_type: str, status: int, why: str
) -> None:
    answer = post(RECORDINGS, body, content_type)
    assert (answer.status_code, answer.mimetype) == (status, "application/x-protobuf")
    assert why in Status.FromString(answer.data).message
    for table in (InboxItem, Conversation, Recording):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def test_an_upload_without_sound_declares_none(post: Post, services: Services, project: Project) -> None:
    assert post(RECORDINGS, multipart(("header", header()), ("what is new", b"?")), FORM).status_code == 200
    assert stored(services, project).recordings == []


def test_what_was_deleted_stays_deleted(post: Post, services: Services, project: Project) -> None:
    replay(post, only("recordings"))
    stored(services, project)
    with services.work() as session:
        delete_conversation(session, project.id, ROOM, by="test")
    answer = post(RECORDINGS, multipart(("header", header())), FORM)
    assert (answer.status_code, "was deleted" in Status.FromString(answer.data).message) == (409, True)


def test_the_uploader_is_told_when_to_come_back(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressure, "MOST_WAITING", -1)
    answer = post(RECORDINGS, multipart(("header", header())), FORM)
    retry = RetryInfo()
    assert answer.status_code == 503
    assert Status.FromString(answer.data).details[0].Unpack(retry)
    assert retry.retry_delay.seconds == 5


def test_sound_streams_through_without_being_held(
    nobody: FlaskClient, endpoint: IntegrationEndpoint, session: Session, tmp_path: Path
) -> None:
    headers = {"Authorization": f"Bearer {token()}", "Content-Type": FORM}
    block, times = b"\r\n--not a frontier" * (1 << 16), 48
    with (tmp_path / "upload").open("wb") as file:
        file.write(multipart(("header", header()), ("audio", b"OggS"), end=b"")[:-2])
        file.writelines([block] * times)
        file.write(b"\r\n--frontier--\r\n")
    with (tmp_path / "upload").open("rb") as file:
        tracemalloc.start()
        answer = nobody.post(RECORDINGS, input_stream=file, headers=headers)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert answer.status_code == 200
    assert session.scalar(select(Recording.size_bytes)) == len(block) * times + 4
    assert most < 24 << 20


def test_a_session_report_is_imported_like_any_file(api: Program, services: Services, session: Session) -> None:
    report = (bundled("sample_traces") / "livekit" / "session_report.json").read_bytes()
    answer = api("POST", "import", data=report, content_type="application/json")
    assert (answer.status_code, [one["id"] for one in answer.json["conversations"]]) == (202, ["RM_f2df268199f3"])
    settle(services)
    call = queries.load_conversation(session, 1, "RM_f2df268199f3")
    assert (len(call.turns), len(call.tool_calls), call.state) == (9, 4, "ended")


def test_a_report_that_came_before_a_better_name_goes_along(
    post: Post, services: Services, session: Session, project: Project
) -> None:
    """Its sound goes along too."""
    replay(post, only("recordings"))
    settle(services)
    named = {"gen_ai.conversation.id": ROOM, "evalhub.conversation.id": "call-7"}
    send(services, project, span(0, **named))
    assert session.scalars(select(Conversation.id)).all() == ["call-7"]
    assert session.scalars(select(Recording.conversation_id)).all() == ["call-7"]
    assert session.scalars(select(SpanLog.conversation_id)).all() == ["call-7"]
    replay(post, only("recordings"))
    settle(services)
    assert session.scalars(select(Conversation.id)).all() == ["call-7"]
