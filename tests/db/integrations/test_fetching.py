"""Sound that reports link to: fetched where that is allowed, from where that is allowed, or said why not."""

import io
import json
import wave
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from evalhub.integrations.endpoints import delete_endpoint, make_endpoint
from evalhub.models import Conversation, DoomedAudio, IntegrationEndpoint, Project, Recording, RecordingFetch
from evalhub.outbound import Guard
from evalhub.services import Services
from evalhub.sweep import sweep
from evalhub.traces.deletion import delete_conversation
from evalhub.traces.inbox import parse_waiting
from evalhub.traces.receive import receive_recording, receive_report
from evalhub.traces.recordings.fetching import WAITS, fetch_waiting
from tests.pure.outbound.servers import Answer, certificate_for, sends, server

pytestmark = pytest.mark.db
HERE = Guard(("127.0.0.1",))
Report = Callable[..., None]


def sound(ms: int = 100) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((2, 2, 8000, 0, "NONE", ""))
        out.writeframes(bytes(4 * 8 * ms))
    return file.getvalue()


@pytest.fixture
def endpoint(services: Services, project: Project) -> IntegrationEndpoint:
    """An endpoint of Vapi that may fetch."""
    with services.work() as session:
        given = {"vendor": "vapi", "name": "desk", "settings": {"fetch_recordings": True}}
        return make_endpoint(session, project.id, secret_key="s", **given)[0]


@pytest.fixture
def report(services: Services, endpoint: IntegrationEndpoint) -> Report:
    """A call whose report links to `url` comes in and is read."""

    def come(url: str, endpoint: IntegrationEndpoint = endpoint) -> None:
        message = {"type": "end-of-call-report", "call": {"id": "c1"}, "startedAt": "2026-11-23T07:25:00Z",
                   "endedAt": "2026-11-23T07:25:16Z", "artifact": {"stereoRecordingUrl": url}}  # fmt: skip
        with services.work() as session:
            body = json.dumps({"message": message}).encode()
            receive_report(session, endpoint.project_id, "vapi", body, endpoint_id=endpoint.id)
        parse_waiting(services)

    return come


def row(session: Session) -> RecordingFetch | None:
    session.rollback()
    session.expunge_all()
    return session.scalars(select(RecordingFetch)).one_or_none()


def recording(session: Session) -> Recording | None:
    session.rollback()
    session.expunge_all()
    return session.scalars(select(Recording)).one_or_none()


def warnings(session: Session) -> list[str]:
    session.rollback()
    found = session.scalar(select(Conversation.warnings)) or []
    return [one["message"] for one in found if one["path"].startswith("recordings.")]


def make_due(services: Services) -> None:
    with services.work() as session:
        session.execute(update(RecordingFetch).values(due_at=func.now()))


def test_a_linked_recording_becomes_the_call_s_own(services: Services, session: Session, report: Report) -> None:
    body = sound()
    with server(sends(body)) as (port, asked):
        report(f"http://127.0.0.1:{port}/call.wav?signature=1")
        declared = recording(session)
        assert (declared.track, declared.sha256, declared.channels) == ("stereo", None, ["caller", "agent"])
        assert fetch_waiting(services, HERE) == 1
        report(f"http://127.0.0.1:{port}/call.wav?signature=2")
        assert fetch_waiting(services, HERE) == 0
    assert len(asked) == 1
    kept = recording(session)
    assert services.audio.path(kept.project_id, kept.sha256).read_bytes() == body
    assert (kept.offset_ms, kept.size_bytes) == (0, len(body))
    assert (row(session).state, warnings(session)) == ("done", [])


def test_nothing_is_fetched_unless_the_endpoint_allows_it(
    services: Services, session: Session, report: Report, endpoint: IntegrationEndpoint
) -> None:
    with services.work() as work:
        work.execute(update(IntegrationEndpoint).values(settings={"fetch_recordings": False}))
    report("https://storage.example.invalid/call.wav")
    assert (row(session), recording(session)) == (None, None)


def test_a_private_address_is_refused_and_said_on_the_call(
    services: Services, session: Session, report: Report
) -> None:
    with server(sends(sound())) as (port, asked):
        report(f"https://127.0.0.1:{port}/latest/meta-data?secret=1")
        fetch_waiting(services)
    assert asked == []
    assert row(session).state == "failed"
    [said] = warnings(session)
    assert said == (
        "the recording could not be fetched from 127.0.0.1: 127.0.0.1 lies at a private address (127.0.0.1), which is "
        "not fetched from"
    )


def test_the_installation_names_private_hosts_that_are_fine(
    services: Services, session: Session, report: Report
) -> None:
    allowing = replace(services, settings=replace(services.settings, private_hosts=("127.0.0.0/8",)))
    with server(sends(sound())) as (port, _):
        report(f"http://127.0.0.1:{port}/call.wav")
        fetch_waiting(allowing)
    assert row(session).state == "done"


def test_what_fails_is_tried_again_with_growing_waits_and_then_said(
    services: Services, session: Session, report: Report
) -> None:
    with server(sends(b"", 503)) as (port, asked):
        report(f"http://127.0.0.1:{port}/call.wav")
        for tries, wait in enumerate(WAITS, 1):
            assert fetch_waiting(services, HERE) == 1
            found = row(session)
            assert (found.state, found.attempt, found.reason) == ("waiting", tries, "127.0.0.1 answered 503")
            assert session.scalar(select(RecordingFetch.due_at - func.now())) > wait - timedelta(seconds=20)
            assert fetch_waiting(services, HERE) == 0
            make_due(services)
        assert warnings(session) == []
        fetch_waiting(services, HERE)
    assert len(asked) == 5
    assert (row(session).state, len(warnings(session))) == ("failed", 1)


def test_a_later_report_tries_again_and_takes_back_what_was_said(
    services: Services, session: Session, report: Report
) -> None:
    with server(sends(b"", 403)) as (port, _):
        report(f"http://127.0.0.1:{port}/call.wav")
        fetch_waiting(services, HERE)
    assert warnings(session) == ["the recording could not be fetched from 127.0.0.1: 127.0.0.1 answered 403"]
    with server(sends(sound())) as (port, _):
        report(f"http://127.0.0.1:{port}/call.wav")
        fetch_waiting(services, HERE)
    assert (row(session).state, warnings(session)) == ("done", [])


@pytest.mark.parametrize("answer", [sends(b""), sends(b"", 404)])
def test_what_is_not_there_yet_is_waited_for(
    services: Services, session: Session, report: Report, answer: Answer
) -> None:
    with server(answer) as (port, _):
        report(f"http://127.0.0.1:{port}/call.wav")
        fetch_waiting(services, HERE)
    assert row(session).state == "waiting"


def test_what_a_dead_worker_held_is_found_by_the_sweep(services: Services, session: Session, report: Report) -> None:
    rings: list[str] = []
    report("https://storage.example.invalid/call.wav")
    with services.work() as work:
        work.execute(update(RecordingFetch).values(lease_owner="dead", lease_until=text("now() + interval '1 minute'")))
    assert fetch_waiting(services, HERE) == 0
    with services.work() as work:
        work.execute(update(RecordingFetch).values(lease_until=text("now() - interval '1 second'")))
    sweep(replace(services, ring=lambda job, **_: rings.append(job)))
    assert "fetch_recordings" in rings
    assert fetch_waiting(services, HERE) == 1


def test_a_row_that_kills_its_workers_is_given_up(services: Services, session: Session, report: Report) -> None:
    report("https://storage.example.invalid/call.wav")
    with services.work() as work:
        work.execute(update(RecordingFetch).values(attempt=5))
    fetch_waiting(services, HERE)
    assert (row(session).state, row(session).reason) == ("failed", "it did not come in 5 tries")


def test_what_was_deleted_meanwhile_leaves_no_sound(
    services: Services, session: Session, report: Report, project: Project
) -> None:
    def deletes(request: object) -> None:
        with services.work() as work:
            delete_conversation(work, project.id, "c1", by="test")
        sends(sound())(request)  # type: ignore[arg-type]

    with server(deletes) as (port, _):
        report(f"http://127.0.0.1:{port}/call.wav")
        fetch_waiting(services, HERE)
    assert (row(session), recording(session)) == (None, None)
    assert session.scalar(select(func.count()).select_from(DoomedAudio)) == 1


def test_sound_that_somebody_sent_is_not_replaced(
    services: Services, session: Session, report: Report, project: Project
) -> None:
    with services.work() as work:
        sent = Recording(project_id=project.id, conversation_id="c1", track="stereo")
        receive_recording(services, work, sent, [sound(200)])
    report("https://storage.example.invalid/call.wav")
    assert row(session) is None


def test_without_its_endpoint_nothing_is_fetched(
    services: Services, session: Session, report: Report, endpoint: IntegrationEndpoint
) -> None:
    report("https://storage.example.invalid/call.wav")
    with services.work() as work:
        delete_endpoint(work, endpoint.project_id, endpoint.id)
    fetch_waiting(services, HERE)
    assert row(session).reason == "its endpoint was deleted"


def test_twilio_is_shown_its_account_and_nobody_else_is(
    services: Services, session: Session, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "api.twilio.com"
    certificate = certificate_for(name, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    guard = Guard((name, "127.0.0.1"), resolve=lambda *_: ["127.0.0.1"])
    ours = replace(services, settings=replace(services.settings, secret_key="s"))
    with services.work() as work:
        given = {"vendor": "twilio", "name": "phone", "secret": "token", "settings": {"fetch_recordings": True}}
        made = make_endpoint(work, project.id, secret_key="s", **given)[0]
    with server(sends(sound()), certificate) as (port, asked):
        for host, sid in ((f"https://{name}:{port}", "CA1"), (f"https://{name}.evil.example:{port}", "CA2")):
            body = f"CallSid={sid}&AccountSid=AC1&RecordingSid=RE1&RecordingUrl={host}/RE1&RecordingChannels=2"
            body += "&RecordingStartTime=Mon%2C+23+Nov+2026+07%3A25%3A03+%2B0000"
            body += "&CallStatus=in-progress&Timestamp=Mon%2C+23+Nov+2026+07%3A25%3A00+%2B0000"
            with services.work() as work:
                receive_report(work, project.id, "twilio", body.encode(), endpoint_id=made.id)
        parse_waiting(services)
        fetch_waiting(ours, Guard((*guard.private_hosts, f"{name}.evil.example"), resolve=guard.resolve))
    assert [(one.path, one.headers["Authorization"]) for one in asked] == [
        ("/RE1.wav?RequestedChannels=2", "Basic QUMxOnRva2Vu")
    ]
    states = session.execute(select(RecordingFetch.conversation_id, RecordingFetch.state).order_by("conversation_id"))
    assert states.all() == [("CA1", "done"), ("CA2", "waiting")]
    assert session.scalar(select(Recording.offset_ms).filter_by(conversation_id="CA1")) == 3000
