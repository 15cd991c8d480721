"""Recordings: streamed in and checked, played by range, heard only by who may hear them."""

import base64
import hashlib
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import psycopg
import pytest
import soundfile
import soxr
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from evalhub.analysis import analyse
from evalhub.audio import aside
from evalhub.evaluations.running import run_due
from evalhub.labeling.claiming import claim
from evalhub.models import AudioAnalysis, Conversation, Evaluation, Project, Recording, Score
from evalhub.services import Services
from tests.db.http.conftest import As, Cast, Program
from tests.db.labeling.making import add_rubric, make_queue
from tests.pure.audio.calls import SECONDS, clean_tracks
from tests.pure.audio.sound import RATE, write

pytestmark = pytest.mark.db
SOUND = b"RIFF" + bytes(range(256)) * 40
SHA256 = hashlib.sha256(SOUND).hexdigest()
CALLER = "conversations/call-1/recordings/caller"
CHROMIUM = Path(__file__).parents[2] / "pure/audio/recorded"
PLAYED = f"/p/demo/recordings/{SHA256}"


def digest(sound: bytes) -> dict[str, str]:
    return {"Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(sound).digest()).decode()}:"}


def files(services: Services) -> list[str]:
    folder = services.settings.audio_dir
    return [path.name for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


@pytest.fixture
def clean_file(tmp_path: Path) -> Path:
    return write(tmp_path / "call.wav", *clean_tracks())


@pytest.fixture
def viewer(api: Program, signed_in: As) -> FlaskClient:
    """A viewer of a call that has sound."""
    api("PUT", CALLER, data=SOUND)
    return signed_in("viewer")


def test_sound_is_new_once(ingest: Program, services: Services) -> None:
    first, again = (ingest("PUT", CALLER, data=SOUND, headers=digest(SOUND)) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json == {"id": "call-1", "track": "caller", "sha256": SHA256}
    assert files(services) == [SHA256]


def test_sound_that_changed_on_its_way_is_refused(ingest: Program, services: Services) -> None:
    answer = ingest("PUT", CALLER, data=SOUND, headers=digest(b"something else"))
    assert answer.status_code == 422
    assert answer.json["errors"][0] == {
        "path": "sha256",
        "expected": hashlib.sha256(b"something else").hexdigest(),
        "got": SHA256,
    }
    assert files(services) == []


@pytest.mark.parametrize(
    ("where", "headers", "body", "place"),
    [
        (CALLER.replace("caller", "both"), {}, SOUND, "track"),
        (f"{CALLER}?channels=caller,robot", {}, SOUND, "channels[1]"),
        (f"{CALLER}?offset_ms=soon", {}, SOUND, "offset_ms"),
        (f"{CALLER}?rate=8k", {}, SOUND, "rate"),
        (f"{CALLER}?encoding=mp4", {}, SOUND, "encoding"),
        (CALLER, {"Content-Digest": "sha-256=:abc:"}, SOUND, "Content-Digest"),
        (CALLER, {}, b"", "body"),
    ],
)
def test_what_makes_no_sense_is_refused(
    ingest: Program, services: Services, where: str, headers: dict[str, str], body: bytes, place: str
) -> None:
    answer = ingest("PUT", where, data=body, headers=headers)
    assert (answer.status_code, answer.json["errors"][0]["path"]) == (422, place)
    with services.work() as session:
        assert session.scalars(select(Recording)).all() == []


def test_packed_sound_is_not_taken_for_sound(ingest: Program, services: Services) -> None:
    assert ingest("PUT", CALLER, data=SOUND, headers={"Content-Encoding": "gzip"}).status_code == 415
    assert files(services) == []


def test_head_tells_whether_it_is_there(api: Program) -> None:
    assert api("HEAD", CALLER).status_code == 404
    api("PUT", CALLER, data=SOUND)
    there = api("HEAD", CALLER)
    assert (there.status_code, there.headers["ETag"]) == (200, f'"{SHA256}"')


def test_new_sound_of_a_track_takes_the_place_of_the_old(api: Program) -> None:
    api("PUT", CALLER, data=b"the first")
    assert api("PUT", CALLER, data=SOUND).status_code == 201
    assert api("HEAD", CALLER).headers["ETag"] == f'"{SHA256}"'


def test_what_is_declared_is_kept(api: Program, services: Services) -> None:
    api(
        "PUT",
        "conversations/call-1/recordings/stereo?channels=agent,caller&offset_ms=-20&rate=8000&encoding=mulaw",
        data=SOUND,
    )
    with services.work() as session:
        kept = session.scalars(select(Recording)).one()
        assert (kept.channels, kept.offset_ms) == (["agent", "caller"], -20)
        assert (kept.declared_rate, kept.declared_encoding) == (8000, "mulaw")


def test_the_whole_sound(viewer: FlaskClient) -> None:
    answer = viewer.get(PLAYED)
    assert (answer.status_code, answer.data) == (200, SOUND)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "audio/wav"
    assert "private" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-99", 0, 100), ("bytes=100-", 100, len(SOUND)), ("bytes=-10", len(SOUND) - 10, len(SOUND)),
     ("bytes=10000-99999", 10_000, len(SOUND))],
)  # fmt: skip
def test_a_piece_of_the_sound(viewer: FlaskClient, asked: str, start: int, stop: int) -> None:
    answer = viewer.get(PLAYED, headers={"Range": asked})
    assert (answer.status_code, answer.data) == (206, SOUND[start:stop])
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(SOUND)}"
    assert answer.headers["Content-Length"] == str(stop - start)


def test_a_piece_beyond_the_end_is_refused(viewer: FlaskClient) -> None:
    assert viewer.get(PLAYED, headers={"Range": f"bytes={len(SOUND)}-"}).status_code == 416


def test_headerless_sound_is_played_behind_a_header(api: Program, signed_in: As) -> None:
    raw = b"\xff" * 8000
    sha256 = api("PUT", f"{CALLER}?rate=8000&encoding=mulaw", data=raw).json["sha256"]
    viewer = signed_in("viewer")
    whole = viewer.get(f"/p/demo/recordings/{sha256}").data
    assert (whole[:4], whole[-8000:]) == (b"RIFF", raw)
    piece = viewer.get(f"/p/demo/recordings/{sha256}", headers={"Range": "bytes=40-60"})
    assert (piece.status_code, piece.data) == (206, whole[40:61])


def test_what_a_browser_has_is_not_sent_again(viewer: FlaskClient) -> None:
    etag = viewer.get(PLAYED).headers["ETag"]
    again = viewer.get(PLAYED, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert viewer.get(PLAYED, headers={"If-None-Match": '"other"'}).status_code == 200
    stale = viewer.get(PLAYED, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (stale.status_code, len(stale.data)) == (200, len(SOUND))


@pytest.mark.parametrize("name", ["0" * 64, "../../secret", "..%2f..%2fsecret", SHA256.upper()])
def test_what_is_no_recording_here_is_not_found(viewer: FlaskClient, name: str) -> None:
    assert viewer.get(f"/p/demo/recordings/{name}").status_code == 404
    assert viewer.get(f"/p/demo/recordings/{name}/peaks").status_code == 404


def test_sound_of_another_project_is_not_heard(viewer: FlaskClient, signed_in: As) -> None:
    assert signed_in("stranger").get(PLAYED).status_code == 404
    assert signed_in("stranger").get(f"/p/other/recordings/{SHA256}").status_code == 404


@pytest.mark.parametrize(("curve", "why"), [("peaks", "not been read yet"), ("contour", "not been measured yet")])
def test_sound_that_nobody_has_read_yet_has_no_curves(viewer: FlaskClient, curve: str, why: str) -> None:
    answer = viewer.get(f"{PLAYED}/{curve}")
    assert answer.status_code == 404
    assert why in answer.text


def test_the_contour_says_how_to_read_it(
    api: Program, signed_in: As, services: Services, project: Project, clean_file: Path
) -> None:
    sha256 = api("PUT", CALLER.replace("caller", "stereo"), data=clean_file.read_bytes()).json["sha256"]
    analyse(services, project.id, sha256)
    found = signed_in("viewer").get(f"/p/demo/recordings/{sha256}/contour").json
    [caller, agent] = [np.frombuffer(base64.b64decode(one["pitch"]), np.uint8) for one in found["channels"]]
    assert len(caller) == len(agent) == SECONDS * found["per_second"]
    hz = found["floor_hz"] * 2 ** ((agent[agent > 0] - 1.0) / found["steps_per_octave"])
    assert np.median(hz) == pytest.approx(140, rel=0.05)
    assert signed_in("labeler").get(f"/p/demo/recordings/{sha256}/contour").status_code == 403


def test_a_labeler_hears_the_calls_that_are_theirs(
    api: Program, signed_in: As, parse: Callable[[], int], services: Services, project: Project, cast: Cast
) -> None:
    api("POST", "conversations", json={"id": "call-1", "turns": [{"speaker": "agent", "start_ms": 0, "end_ms": 9}]})
    api("PUT", CALLER, data=SOUND)
    api("POST", "conversations/call-1/end")
    parse()
    labeler = signed_in("labeler")
    addresses = (PLAYED, f"{PLAYED}/peaks", "/p/demo/conversations/call-1/timeline.json")
    assert [labeler.get(address).status_code for address in addresses] == [403, 403, 403]
    with services.work() as session:
        add_rubric(session, project.id)
        queue = make_queue(session, project.id, calls=1)
        claim(session, project_id=project.id, queue_id=queue.id, user_id=cast.people["labeler"].id)
    assert [labeler.get(address).status_code for address in addresses] == [200, 404, 200]
    assert "verdict" not in labeler.get(addresses[2]).text


def test_a_call_that_is_nothing_but_sound_has_a_time_and_a_length(
    api: Program, signed_in: As, parse: Callable[[], int], services: Services, project: Project
) -> None:
    sound = BytesIO()
    soundfile.write(sound, [0.1] * 16_000, 8_000, format="WAV")
    sha256 = api("PUT", CALLER, query_string={"offset_ms": "500"}, data=sound.getvalue()).json["sha256"]
    api("POST", "conversations/call-1/end")
    parse()
    analyse(services, project.id, sha256)
    with services.sessions() as session:
        call = session.get_one(Conversation, (project.id, "call-1"))
        assert (call.duration_ms, call.started_at) == (2_500, call.created_at)
        assert call.meta == {"started_at_basis": "received"}


def test_what_a_browser_recorded_is_measured_and_played_as_it_came(
    api: Program, services: Services, signed_in: As
) -> None:
    """WebM with Opus, as MediaRecorder writes it: the packets are taken out for measuring, the file stays."""
    made = (CHROMIUM / "chromium-156-left-440hz-right-880hz.webm").read_bytes()
    sha256 = api("PUT", CALLER.replace("caller", "stereo"), data=made, content_type="audio/webm").json["sha256"]
    analyse(services, 1, sha256)
    with services.sessions() as session:
        found = session.scalars(select(AudioAnalysis)).one()
    assert (found.state, found.codec) == ("ready", "WEBM/OPUS")
    played = signed_in("lead").get(f"/p/demo/recordings/{sha256}")
    assert (played.mimetype, played.data) == ("audio/webm", made)


def test_a_file_that_lost_pages_is_played_in_time(
    api: Program, services: Services, signed_in: As, tmp_path: Path
) -> None:
    """Browsers play what is left of it in one go, and so too early beside its waveform and turns."""
    whole = write(tmp_path / "a.ogg", *clean_tracks(), subtype="OPUS").read_bytes().split(b"OggS")
    sha256 = api("PUT", CALLER.replace("caller", "stereo"), data=b"OggS".join(whole[:9] + whole[12:])).json["sha256"]
    analyse(services, 1, sha256)
    lead = signed_in("lead")
    played = lead.get(f"/p/demo/recordings/{sha256}").data
    assert soundfile.info(BytesIO(played)).duration == pytest.approx(23.0, abs=0.05)
    piece = lead.get(f"/p/demo/recordings/{sha256}", headers={"Range": "bytes=4000-4999"})
    assert (piece.status_code, piece.data) == (206, played[4000:5000])


@pytest.fixture
def sounding(
    api: Program, parse: Callable[[], int], services: Services, project: Project, clean_file: Path
) -> Callable[[], int]:
    """Runs the checks of sound of an ended call, and says of how many."""
    api("POST", "conversations", json={"id": "call-1", "turns": [{"speaker": "agent", "start_ms": 0, "end_ms": 9}]})
    api("PUT", CALLER.replace("caller", "stereo"), data=clean_file.read_bytes())
    api("POST", "conversations/call-1/end")
    parse()
    return lambda: run_due(services, project.id, "call-1", "audio")


def test_a_full_disk_leaves_a_reason_and_nothing_half_measured(
    sounding: Callable[[], int], services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "IN_MEMORY", 1)
    with file_size_limit(4096):
        assert sounding() > 0
    checks = select(Evaluation).where(Evaluation.kind_of_work == "audio")
    with services.sessions() as session:
        waiting = session.scalars(checks).all()
        assert {(one.status, one.reason_code, one.lease_owner) for one in waiting} == {("pending", "no_room", None)}
        assert all("No room for temporary files in" in (one.reason or "") and one.not_before for one in waiting)
        assert (session.scalars(select(AudioAnalysis)).all(), session.scalars(select(Score)).all()) == ([], [])
    with services.work() as session:
        session.execute(update(Evaluation).values(not_before=None))
    sounding()
    with services.sessions() as session:
        assert "done" in {one.status for one in session.scalars(checks)}


def test_a_crash_while_a_recording_is_read_is_a_reason_on_every_row(
    sounding: Callable[[], int], services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalhub.analysis.analyse_file", raising(RuntimeError("the voice detector gave up")))
    sounding()
    with services.sessions() as session:
        rows = session.scalars(select(Evaluation).where(Evaluation.kind_of_work == "audio")).all()
    assert {(row.status, row.reason_code, row.lease_owner) for row in rows} == {("failed", "crashed", None)}
    assert {row.reason for row in rows} == {"RuntimeError: the voice detector gave up"}


def test_a_database_that_goes_away_meanwhile_fails_nothing(
    sounding: Callable[[], int], services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease ends and all is run again."""
    away = OperationalError("select 1", None, psycopg.OperationalError("the connection is lost"))
    monkeypatch.setattr("evalhub.analysis.analyse_file", raising(away))
    with pytest.raises(OperationalError):
        sounding()
    with services.sessions() as session:
        rows = session.scalars(select(Evaluation).where(Evaluation.kind_of_work == "audio")).all()
    assert {(row.status, row.reason) for row in rows} == {("running", None)}


def raising(error: Exception) -> Callable[..., None]:
    def read(*_: object) -> None:
        raise error

    return read


@contextmanager
def file_size_limit(most: int) -> Iterator[None]:
    """Files of this process grow no further, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_two_mono_recordings_are_measured_as_one_call(
    api: Program, parse: Callable[[], int], services: Services, project: Project, tmp_path: Path
) -> None:
    caller, agent = clean_tracks()
    late = write(tmp_path / "agent.wav", soxr.resample(agent[4 * RATE :], RATE, 8_000), rate=8_000)
    api("PUT", CALLER, data=write(tmp_path / "caller.wav", caller).read_bytes())
    agents = CALLER.replace("caller", "agent")
    api("PUT", agents, query_string={"offset_ms": "4000"}, data=late.read_bytes())
    api("POST", "conversations/call-1/end")
    parse()
    run_due(services, project.id, "call-1", "audio")
    with services.sessions() as session:
        rows = {row.metric: row for row in session.scalars(select(Score).filter_by(subject_type="conversation"))}
    assert rows["recording_check.clean"].verdict == "pass"
    latency = rows["turn_latency_ms.p50"]
    assert (latency.basis, latency.counts["n"], latency.value) == ("audio", 4, pytest.approx(750, abs=30))
    assert rows["f0_median_hz"].value == pytest.approx(140, rel=0.05)
