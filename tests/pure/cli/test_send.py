"""`evalhub send`: what goes over the wire, what is tried again, what is checked before."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from evalhub.cli import main
from evalhub.errors import BadInput, SetupError
from evalhub.offline import Loaded, load
from evalhub.sending import Server, name_channels, send, size_of
from tests.pure.traces.samples import SAMPLES

MONOTONE = SAMPLES / "native" / "monotone"
SOUND = MONOTONE / "monotone.opus"


class Recorder:
    """A server's side of the wire: keeps what came, answers in turn, and says yes when nothing else is asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.came: list[tuple[str, str, bytes, httpx.Headers]] = []
        self.waits: list[float] = []
        self.counted = 0
        transport = httpx.MockTransport(self.handle)
        self.server = Server("http://evalhub.test", "key", sleep=self.waits.append, transport=transport)
        self.server.on_bytes = self.count

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        self.came.append((request.method, path, request.read(), request.headers))
        answer = self.answers.pop(0) if self.answers else httpx.Response(202, json={"id": "x", "url": "http://page"})
        if isinstance(answer, Exception):
            raise answer
        return answer

    def count(self, bytes_out: int) -> None:
        self.counted += bytes_out

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path, _, _ in self.came]


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[Path], Loaded]:
    return lambda path: load([path], tmp_path)[0]


def test_a_conversation_goes_with_its_recording(loaded: Callable[[Path], Loaded]) -> None:
    wire, one = Recorder(), loaded(MONOTONE)
    [sent] = send(wire.server, one)
    assert sent.url == "http://page"
    recording = "/api/v1/conversations/companion-0301/recordings/stereo?channels=caller%2Cagent"
    assert wire.asked == [("POST", "/api/v1/conversations"), ("PUT", recording)]
    (_, _, body, head), (_, _, sound, headers) = wire.came
    assert (json.loads(body)["id"], head["authorization"]) == ("companion-0301", "Bearer key")
    assert sound == SOUND.read_bytes()
    digest = base64.b64encode(hashlib.sha256(sound).digest()).decode()
    assert headers["content-digest"] == f"sha-256=:{digest}:"
    assert headers["content-length"] == str(len(sound))
    assert wire.counted == size_of(one) == len(body) + len(sound)


def test_a_session_report_goes_with_the_recording_beside_it(tmp_path: Path) -> None:
    report = json.loads((SAMPLES / "livekit" / "session_report.json").read_bytes())
    report |= {"audio_recording_path": "/at/the/agent/audio.ogg", "audio_recording_started_at": 1795418323.0}
    (tmp_path / "session_report.json").write_text(json.dumps(report))
    (tmp_path / "audio.ogg").write_bytes(SOUND.read_bytes())
    wire, [one] = Recorder(), load([tmp_path], tmp_path)
    send(wire.server, one)
    recording = "/api/v1/conversations/RM_f2df268199f3/recordings/stereo?channels=caller%2Cagent&offset_ms=152"
    assert wire.asked == [("POST", "/api/v1/import"), ("PUT", recording)]
    assert wire.counted == size_of(one)


def test_a_recording_alone_becomes_a_conversation_that_is_over(loaded: Callable[[Path], Loaded]) -> None:
    wire, one = Recorder(), loaded(SOUND)
    name_channels(one, ["agent", "caller"])
    send(wire.server, one)
    name = f"monotone-{hashlib.sha256(SOUND.read_bytes()).hexdigest()[:8]}"
    assert [path.split("?")[0] for _, path in wire.asked] == [
        "/api/v1/conversations",
        f"/api/v1/conversations/{name}/recordings/stereo",
        f"/api/v1/conversations/{name}/end",
    ]
    assert json.loads(wire.came[0][2]) == {"id": name, "origin": "upload"}
    assert wire.asked[1][1].endswith("?channels=agent%2Ccaller&offset_ms=0")


def test_channels_have_to_be_as_many_as_the_file_has(loaded: Callable[[Path], Loaded]) -> None:
    with pytest.raises(BadInput, match="2 names"):
        name_channels(loaded(SOUND), ["caller"])


def test_a_realtime_log_goes_to_its_own_address_and_ends(loaded: Callable[[Path], Loaded]) -> None:
    wire, one = Recorder(), loaded(SAMPLES / "openai_realtime" / "live-api")
    send(wire.server, one)
    base = "/api/v1/conversations/sess_L1"
    assert wire.asked == [("POST", f"{base}/realtime-events"), ("POST", f"{base}/end")]
    assert wire.came[0][2] == one.body


def test_an_id_is_quoted(tmp_path: Path) -> None:
    wire, path = Recorder(), tmp_path / "x.json"
    path.write_text('{"id": "a/b c"}')
    send(wire.server, load([path], tmp_path)[0])
    assert wire.asked[1] == ("POST", "/api/v1/conversations/a%2Fb%20c/end")


def test_what_the_server_cannot_take_now_is_sent_again_when_it_says() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=1000))
    wire = Recorder(
        httpx.Response(429, headers={"Retry-After": "7"}),
        httpx.Response(503, headers={"Retry-After": date}),
        httpx.Response(502),
        httpx.ReadTimeout("slow"),
    )
    assert wire.server.post("/x", b"{}") == {"id": "x", "url": "http://page"}
    assert wire.waits == [7.0, 60.0, 2.0, 4.0]
    assert len(wire.came) == 5


def test_a_file_that_is_sent_again_goes_out_whole(tmp_path: Path) -> None:
    wire = Recorder(httpx.Response(503, headers={"Retry-After": "0"}))
    wire.server.put_file("/x", SOUND, {}, {})
    assert [body for _, _, body, _ in wire.came] == [SOUND.read_bytes()] * 2


@pytest.mark.parametrize(
    ("answers", "error", "said"),
    [
        ([httpx.Response(401, json={"detail": "no such key"})], SetupError, "no such key"),
        ([httpx.Response(404)], SetupError, "Is this the address of evalhub?"),
        ([httpx.Response(500)], SetupError, "answers 500"),
        ([httpx.Response(503)] * 6, SetupError, "answers 503"),
        ([httpx.ConnectError("refused")], SetupError, "Is it running?"),
        ([httpx.Response(413, json={"detail": "too large"})], BadInput, "too large"),
        (
            [httpx.Response(422, json={"detail": "wrong", "errors": [{"path": "id", "expected": "text", "got": "1"}]})],
            BadInput,
            "id: expected text, got 1",
        ),
    ],
)
def test_a_refusal_is_told_in_words(answers: list[Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said.replace("?", r"\?")):
        Recorder(*answers).server.post("/x", b"{}")


def test_an_address_without_a_scheme_is_named() -> None:
    with pytest.raises(SetupError, match="no address"):
        Server("localhost:8390", "key")


def run(*arguments: Any) -> Result:
    return CliRunner(env={"EVALHUB_API_KEY": "", "EVALHUB_URL": ""}).invoke(main, ["send", *map(str, arguments)])


def test_check_tells_what_is_odd_and_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '{"id": "a", "tool_call": [], "recordings": [{"track": "agent", "path": "no.wav"}]}'
    )
    result = run("--check", tmp_path)
    assert result.exit_code == 0
    assert "unknown field `tool_call`, did you mean `tool_calls`?" in result.output
    assert "there is no recording no.wav" in result.output


def test_check_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"id": "a", "turns": [{"speaker": "x"}]}')
    result = run("--check", tmp_path, SOUND)
    assert result.exit_code == 2
    assert "turns[0].speaker: expected caller | agent" in result.output
    assert "monotone.opus" in result.output


def test_a_recording_beside_its_conversation_is_not_sent_twice() -> None:
    result = run("--check", MONOTONE / "monotone.json", SOUND)
    assert (result.exit_code, result.output.count("well")) == (0, 1)


def test_without_a_key_it_says_where_to_get_one() -> None:
    result = run(SOUND)
    assert (result.exit_code, "EVALHUB_API_KEY" in result.stderr) == (2, True)
