"""The door of vendors: who gets in, what is kept, what is let pass, what is refused."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from evalhub.integrations.endpoints import make_endpoint, rotate_secret
from evalhub.models import Conversation, ConversationAlias, InboxItem, IntegrationEndpoint, Project, Usage
from evalhub.services import Services
from evalhub.traces.deletion import delete_conversation
from evalhub.traces.queries import load_conversation
from tests.db.http.conftest import Program
from tests.pure.traces.samples import SAMPLES
from webui import vendor_access

pytestmark = pytest.mark.db
SECRET = "the vendor's secret"
REPORT = (SAMPLES / "vapi/end-of-call-report/vapi_end_of_call_report.json").read_bytes()
ENDED = (SAMPLES / "retell/call-ended/retell_call_ended.json").read_bytes()
ANALYZED = (SAMPLES / "retell/call-analyzed/retell_call_analyzed.json").read_bytes()
STATUS = (SAMPLES / "twilio/call-status/twilio_call_status.form").read_bytes()
RECORDING = (SAMPLES / "twilio/recording-status/twilio_recording_status.form").read_bytes()
SID = "CA0123456789abcdef0123456789abcdef"
Make = Callable[..., IntegrationEndpoint]


@pytest.fixture(autouse=True)
def _forget_guesses() -> None:
    vendor_access.wrong.storage.reset()


@pytest.fixture
def make(services: Services, project: Project) -> Make:
    """Makes an endpoint of demo whose secret is SECRET."""

    def made(vendor: str, **settings: object) -> IntegrationEndpoint:
        with services.work() as session:
            given = {"vendor": vendor, "name": vendor, "secret": SECRET, "settings": settings}
            return make_endpoint(session, project.id, secret_key=services.settings.secret_key, **given)[0]

    return made


def address(endpoint: IntegrationEndpoint) -> str:
    return f"/api/v1/webhooks/{endpoint.vendor}/{endpoint.public_id}"


def vapi(
    client: FlaskClient, endpoint: IntegrationEndpoint, body: bytes = REPORT, secret: str = SECRET
) -> TestResponse:
    headers = {"X-Vapi-Secret": secret, "Content-Type": "application/json"}
    return client.post(address(endpoint), data=body, headers=headers)


def retell(client: FlaskClient, endpoint: IntegrationEndpoint, body: bytes) -> TestResponse:
    now = str(round(time.time() * 1000))
    digest = hmac.digest(SECRET.encode(), body + now.encode(), "sha256").hex()
    return client.post(address(endpoint), data=body, headers={"X-Retell-Signature": f"v={now},d={digest}"})


def twilio(
    client: FlaskClient, endpoint: IntegrationEndpoint, body: bytes, base: str = "http://localhost"
) -> TestResponse:
    said = "".join(name + value for name, value in sorted(parse_qsl(body.decode(), keep_blank_values=True)))
    digest = hmac.digest(SECRET.encode(), (base + address(endpoint) + said).encode(), "sha1")
    headers = {"X-Twilio-Signature": base64.b64encode(digest).decode()}
    return client.post(
        address(endpoint), data=body, headers=headers, content_type="application/x-www-form-urlencoded; charset=UTF-8"
    )


def message(**fields: object) -> bytes:
    return json.dumps({"message": {"call": {"id": "c1"}, "timestamp": 1795418700000} | fields}).encode()


def kept(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(InboxItem)) or 0


def test_a_report_becomes_a_call(
    nobody: FlaskClient, make: Make, parse: Callable[[], int], session: Session, project: Project, api: Program
) -> None:
    answer = vapi(nobody, make("vapi"))
    assert (answer.status_code, answer.json["id"]) == (200, "0198c1f2-7d5a-7c31-9a4e-5b2f6f0c1d11")
    assert kept(session) == 1
    parse()
    call = load_conversation(session, project.id, answer.json["id"])
    assert (call.state, call.end_reason, len(call.turns)) == ("ended", "end_signal", 5)
    assert api("GET", f"conversations/{call.id}").json["outcome"]["ended_by"] == "caller"


def test_what_is_not_signed_with_its_secret_is_nobodys(nobody: FlaskClient, make: Make, session: Session) -> None:
    mine, other = make("vapi"), make("vapi")
    wrong = vapi(nobody, mine, secret="guess")
    nowhere = nobody.post("/api/v1/webhooks/vapi/guess", data=REPORT, headers={"X-Vapi-Secret": SECRET})
    elsewhere = nobody.post(address(mine).replace("vapi", "retell"), data=REPORT, headers={"X-Vapi-Secret": SECRET})
    livekit = nobody.post(address(mine).replace("vapi", "livekit"), data=REPORT)
    assert {answer.status_code for answer in (wrong, nowhere, elsewhere, livekit)} == {401}
    assert len({answer.text for answer in (wrong, nowhere, elsewhere, livekit)}) == 1
    assert "Settings, Integrations" in wrong.json["detail"]
    assert kept(session) == 0
    assert vapi(nobody, other).status_code == 200


def test_nothing_is_read_before_the_signature_is(nobody: FlaskClient, make: Make) -> None:
    for vendor in ("vapi", "retell", "twilio"):
        assert nobody.post(address(make(vendor)), data=b"{ no json").status_code == 401
    assert vapi(nobody, make("vapi"), b"{ no json").status_code == 400


def test_a_key_or_a_session_is_no_signature(api: Program, make: Make) -> None:
    assert api("POST", address(make("vapi")).removeprefix("/api/v1/"), data=REPORT).status_code == 401


def test_a_rotated_secret_ends_the_old_one(nobody: FlaskClient, make: Make, services: Services) -> None:
    endpoint = make("vapi")
    with services.work() as session:
        key = services.settings.secret_key
        _, new = rotate_secret(session, endpoint.project_id, endpoint.id, secret_key=key)
    assert vapi(nobody, endpoint).status_code == 401
    assert vapi(nobody, endpoint, secret=new).status_code == 200


def test_a_secret_that_cannot_be_read_any_more_asks_to_come_back(
    nobody: FlaskClient, make: Make, services: Services
) -> None:
    endpoint = make("vapi")
    with services.work() as session:
        session.execute(update(IntegrationEndpoint).values(sealed_secret=b"sealed elsewhere"))
    assert vapi(nobody, endpoint).status_code == 503


def test_guesses_are_counted_for_their_address_alone(nobody: FlaskClient, make: Make) -> None:
    mine, other = make("vapi"), make("vapi")
    answers = [vapi(nobody, mine, b"{}", secret="guess").status_code for _ in range(61)]
    assert answers == [401] * 60 + [429]
    assert vapi(nobody, mine).status_code == 429
    assert vapi(nobody, other).status_code == 200


def test_large_and_packed_bodies_are_refused(nobody: FlaskClient, make: Make) -> None:
    assert vapi(nobody, make("vapi"), b" " * ((16 << 20) + 1)).status_code == 413
    packed = nobody.post(address(make("vapi")), data=REPORT, headers={"Content-Encoding": "gzip"})
    assert packed.status_code == 415


def test_use_is_noted(nobody: FlaskClient, make: Make, session: Session) -> None:
    endpoint = make("vapi")
    vapi(nobody, endpoint, secret="guess")
    used = select(IntegrationEndpoint.last_used_at)
    assert session.scalar(used) is None
    session.rollback()
    vapi(nobody, endpoint)
    assert session.scalar(used) is not None


@pytest.mark.parametrize(
    "kind", ["assistant-request", "tool-calls", "transfer-destination-request", "handoff-destination-request"]
)
def test_questions_are_refused_with_what_to_do(nobody: FlaskClient, make: Make, session: Session, kind: str) -> None:
    answer = vapi(nobody, make("vapi"), message(type=kind))
    assert answer.status_code == 422
    assert "Send such messages to your own server" in answer.json["detail"]
    assert kept(session) == 0


@pytest.mark.parametrize("kind", ["transcript", "speech-update", "conversation-update", "hang", "something-new"])
def test_live_messages_pass_and_are_not_kept(nobody: FlaskClient, make: Make, session: Session, kind: str) -> None:
    answer = vapi(nobody, make("vapi"), message(type=kind))
    assert (answer.status_code, answer.json) == (200, {"ignored": True})
    assert kept(session) == 0


def test_a_call_shows_once_it_runs(
    nobody: FlaskClient, make: Make, parse: Callable[[], int], session: Session, project: Project
) -> None:
    vapi(nobody, make("vapi"), message(type="status-update", status="in-progress"))
    parse()
    call = load_conversation(session, project.id, "c1")
    assert (call.state, call.turns, call.started_at) == ("open", [], None)


def test_a_call_that_is_told_again_is_told_once(
    nobody: FlaskClient, make: Make, parse: Callable[[], int], session: Session, project: Project
) -> None:
    endpoint = make("retell")
    for body in (ENDED, ENDED, ANALYZED, ENDED):
        assert retell(nobody, endpoint, body).status_code == 200
        parse()
    call = load_conversation(session, project.id, "call_7f2a90c1b3")
    assert (len(call.turns), len(call.tool_calls), call.outcome["resolved"]) == (5, 1, True)
    spent = session.scalar(select(func.sum(Usage.quantity)).where(Usage.meter == "cost_usd"))
    assert spent == pytest.approx(0.023)


@pytest.mark.parametrize("event", ["transcript_updated", "chat_ended", "something_new"])
def test_events_that_tell_nothing_new_pass(nobody: FlaskClient, make: Make, session: Session, event: str) -> None:
    body = json.dumps({"event": event, "call": {"call_id": "c1"}}).encode()
    assert retell(nobody, make("retell"), body).json == {"ignored": True}
    assert kept(session) == 0


def test_a_call_that_was_deleted_does_not_come_back(
    nobody: FlaskClient, make: Make, parse: Callable[[], int], services: Services, project: Project
) -> None:
    endpoint = make("retell")
    retell(nobody, endpoint, ENDED)
    parse()
    with services.work() as session:
        delete_conversation(session, project.id, "call_7f2a90c1b3", by="test")
    assert retell(nobody, endpoint, ANALYZED).json == {"ignored": True}


def test_twilio_is_checked_by_the_address_it_knows(nobody: FlaskClient, make: Make, session: Session) -> None:
    public = "https://hub.example.com"
    endpoint = make("twilio", public_url=public)
    assert twilio(nobody, endpoint, STATUS).status_code == 401
    answer = twilio(nobody, endpoint, STATUS, base=public)
    assert (answer.status_code, answer.data) == (204, b"")
    assert kept(session) == 1


def status(value: str, number: int, **fields: str) -> bytes:
    said = {"CallSid": SID, "CallStatus": value, "SequenceNumber": str(number), "Direction": "inbound", **fields}
    return urlencode(said).encode()


def test_callbacks_count_in_their_own_order(
    nobody: FlaskClient, make: Make, parse: Callable[[], int], session: Session, project: Project
) -> None:
    endpoint = make("twilio")
    late = status("in-progress", 2, Timestamp="Mon, 23 Nov 2026 07:24:59 +0000")
    for body in (STATUS, RECORDING, late, status("ringing", 1), STATUS):
        assert twilio(nobody, endpoint, body).status_code == 204
        parse()
    call = load_conversation(session, project.id, SID)
    assert (call.outcome, call.state) == ({"reason": "completed"}, "ended")
    assert call.meta["call_sid"] == SID


def test_a_callback_changes_nothing_that_the_agent_told(
    nobody: FlaskClient, make: Make, parse: Callable[[], int], session: Session, project: Project, api: Program
) -> None:
    own = {"id": SID, "started_at": "2026-11-23T07:25:01.250Z", "user_id": "u-7", "outcome": {"resolved": True}}
    api("POST", "conversations", json=own)
    parse()
    twilio(nobody, make("twilio"), STATUS)
    parse()
    call = load_conversation(session, project.id, SID)
    assert (call.started_at.isoformat(), call.user_id) == ("2026-11-23T07:25:01.250000+00:00", "u-7")
    assert call.outcome == {"resolved": True}
    assert call.meta["platform"] == "twilio"


def test_a_stream_adds_its_sound_to_a_call_that_has_its_turns(
    parse: Callable[[], int], session: Session, project: Project, api: Program
) -> None:
    api("POST", "conversations", json={"id": SID, "turns": [{"speaker": "agent", "text": "Hello."}]})
    log = (SAMPLES / "twilio_media_stream/barge-in/twilio_media_stream.jsonl").read_bytes()
    for _ in range(2):
        assert api("POST", "import", data=log).status_code == 202
        parse()
    call = load_conversation(session, project.id, SID)
    assert [turn.text for turn in call.turns] == ["Hello."]
    assert [recording.track for recording in call.recordings] == ["agent", "caller"]


def test_a_phone_leg_joins_the_call_that_names_it(
    nobody: FlaskClient, make: Make, parse: Callable[[], int], session: Session, project: Project
) -> None:
    phone, platform = make("twilio"), make("retell")
    twilio(nobody, phone, STATUS)
    parse()
    retell(nobody, platform, ENDED)
    parse()
    twilio(nobody, phone, RECORDING)
    parse()
    assert session.scalars(select(Conversation.id)).all() == ["call_7f2a90c1b3"]
    assert session.scalar(select(ConversationAlias.conversation_id).filter_by(alias=SID)) == "call_7f2a90c1b3"


def test_a_phone_leg_that_waits_while_it_is_named_joins_too(
    nobody: FlaskClient, make: Make, parse: Callable[[], int], session: Session, project: Project
) -> None:
    """Both report at the moment the call is over."""
    phone, platform = make("twilio"), make("retell")
    retell(nobody, platform, ENDED)
    twilio(nobody, phone, STATUS)
    parse()
    assert session.scalars(select(Conversation.id)).all() == ["call_7f2a90c1b3"]
    assert set(session.scalars(select(InboxItem.state))) == {"parsed"}
    assert (load_conversation(session, project.id, SID).meta or {})["call_sid"] == SID
