"""What a recorder promises to the program it runs in: light, never in the way, and nothing is lost in silence."""

import ast
import json
import logging
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from evalhub import recorders
from evalhub.recorders import call as call_module
from evalhub.recorders import sending
from evalhub.recorders.call import Call
from evalhub.recorders.realtime import RealtimeCall

FOLDER = Path(recorders.__file__).parent
NOWHERE = {"url": "http://127.0.0.1:9", "api_key": "key"}
MOST_LINES = 30


def test_nothing_heavy_is_imported() -> None:
    """Of other packages, nothing at all: whoever copies the folder installs nothing."""
    program = (
        "import sys; before = set(sys.modules); import evalhub.recorders.websocket;"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) - sys.stdlib_module_names == {"evalhub"}


def test_the_folder_can_be_copied() -> None:
    """Its files import each other relatively, Python, and the client they record."""
    for path in FOLDER.glob("*.py"):
        found = [
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        names = {node.module.split(".")[0] for node in found if isinstance(node, ast.ImportFrom) and not node.level}
        names |= {alias.name.split(".")[0] for node in found if isinstance(node, ast.Import) for alias in node.names}
        assert names - sys.stdlib_module_names <= {"agents", "pipecat"}, path


@pytest.mark.parametrize("name", ["agents_sdk", "pipecat", "websocket"])
def test_a_recorder_is_short(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    code = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    lines = [line for node in code for line in ast.unparse(node).splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES


def test_without_an_address_a_call_is_not_recorded_and_says_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EVALHUB_URL", raising=False)
    with Call("call-1") as call:
        call.caller(b"\0\0", 8_000)
    assert "set EVALHUB_URL" in caplog.text


def test_a_call_that_cannot_be_sent_is_kept_and_named(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TRIES", 1)
    call = Call("call-1", **NOWHERE)
    call.caller(b"\1\0" * 800, 8_000)
    call.close(wait_s=20)
    assert f"python -m evalhub.recorders {call.folder}" in caplog.text
    assert (call.folder / "caller.pcm").read_bytes() == b"\1\0" * 800
    assert "key" not in (call.folder / "notes.jsonl").read_text()


def test_a_server_that_hangs_holds_nobody_up(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection and never answers: the call is over all the same, and is kept."""
    monkeypatch.setattr(sending, "TRIES", 1)
    monkeypatch.setattr(sending, "TIMEOUT_S", 5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        call = Call("call-1", url=f"http://127.0.0.1:{server.getsockname()[1]}", api_key="key")
        call.caller(b"\1\0" * 800, 8_000)
        call.close()
        connection, _ = server.accept()
        assert any(thread.name == "evalhub-recorder" for thread in threading.enumerate())  # it waits, not its caller
        connection.close()
        call.close(wait_s=20)
    assert f"python -m evalhub.recorders {call.folder}" in caplog.text


def test_more_than_can_be_written_is_dropped_and_counted_not_waited_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that stands still holds up the recorder alone."""
    monkeypatch.setattr(sending, "TRIES", 1)
    monkeypatch.setattr(call_module, "MOST_WAITING", 10)
    call, disk, stands = Call("call-1", **NOWHERE), threading.Event(), threading.Event()
    call.later(lambda _: (stands.set(), disk.wait(20)))
    stands.wait(20)
    for _ in range(100):
        call.caller(b"\1\0", 8_000)
    assert call.lost == 90
    disk.set()
    call.close(wait_s=20)
    assert "pieces of call call-1 were not recorded" in caplog.text


def test_what_cannot_be_recorded_is_counted_and_does_not_disturb(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TRIES", 1)
    call = RealtimeCall("call-1", **NOWHERE)
    for odd in ("no json", "[]", {"type": "response.done"}, b"\xff"):
        call.received(odd)  # type: ignore[arg-type]
    call.caller(b"\0\0", 8_000)
    call.caller(b"\0\0", 16_000)
    call.close(wait_s=20)
    call.caller(b"\0\0", 8_000)
    assert "5 pieces of call call-1 were not recorded" in caplog.text


def test_events_go_along_without_their_sound_and_with_its_length(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in G.711, which is told apart by what the session says."""
    caplog.set_level(logging.CRITICAL)
    monkeypatch.setattr(sending, "TRIES", 1)
    call = RealtimeCall(**NOWHERE)
    phone = {"id": "sess_1", "input_audio_format": "g711_ulaw", "output_audio_format": "g711_alaw"}
    call.received({"type": "session.created", "session": phone})
    call.sent(json.dumps({"type": "input_audio_buffer.append", "audio": "/" * 1600}))
    call.received({"type": "response.audio.delta", "item_id": "item_1", "delta": "1" * 800})
    call.close(wait_s=20)
    events = [json.loads(line)["event"] for line in (call.folder / "events.jsonl").read_text().splitlines()]
    assert [(event.get("audio"), event.get("delta"), event.get("audio_ms")) for event in events] == [
        (None, None, None),
        ("", None, 150.0),
        (None, "", 75.0),
    ]
    assert [(call.folder / f"{side}.pcm").stat().st_size for side in ("caller", "agent")] == [2400, 1200]
    assert call.id == "sess_1"


def test_a_program_that_forgets_to_close_sends_all_the_same() -> None:
    """Here to nobody: its last words name the folder."""
    program = (
        "from evalhub.recorders import sending; sending.TRIES = 1\n"
        "from evalhub.recorders.call import Call\n"
        f"Call('call-1', **{NOWHERE}).caller(bytes(800), 8000)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "python -m evalhub.recorders" in done.stderr
