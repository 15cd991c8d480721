"""The released livekit-agents holds sessions and uploads them here by itself, while every second request is refused.

It is installed into an environment of its own (a minute, once): PyAV, which it needs, holds GPL code that must not come
near what evalhub ships.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from flask import Flask
from sqlalchemy.orm import Session

from evalhub.integrations.endpoints import make_endpoint
from evalhub.models import Conversation, Project, Turn
from evalhub.services import Services
from evalhub.traces import pressure, queries
from tests.db.traces.sending import settle
from tests.serving import app_of, serving
from webui import pressure as web_pressure

pytestmark = pytest.mark.stack
FOLDER = Path(__file__).parent / "livekit"
KEY, SECRET = "APIstack", "the secret of this key pair, long enough"
Held = Callable[[str], Conversation]
ROOM_FOR = 0.3
"""s that a turn may lie beside its sound: detectors of speech wait a moment"""


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python of an environment with the released livekit-agents; another process that installs it is waited for."""
    found = FOLDER / "venv" / "bin" / "python"
    with (FOLDER / "requirements.txt").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            subprocess.run([sys.executable, "-m", "venv", FOLDER / "venv"], check=True)
            subprocess.run([found, "-m", "pip", "install", "-q", "-r", FOLDER / "requirements.txt"], check=True)
    return found


@pytest.fixture
def app(services: Services, project: Project) -> Flask:
    """The application, with a key pair of the project."""
    app = app_of(services)
    with services.work() as session:
        given = {"vendor": "livekit", "name": "LiveKit", "api_key": KEY, "secret": SECRET}
        secret_key = app.extensions["evalhub"].settings.secret_key
        make_endpoint(session, project.id, secret_key=secret_key, **given)
    return app


@pytest.fixture
def address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where it listens, and sends every second request away."""
    refused = iter([True, False] * 50)
    monkeypatch.setattr(web_pressure, "RETRY_S", 1)
    monkeypatch.setattr(web_pressure, "FRESH_S", -1)
    monkeypatch.setattr(pressure.Pressure, "refusal", property(lambda _: "wait" if next(refused) else None))
    with serving(app) as found:
        yield found


@pytest.fixture
def held(address: str, python: Path, services: Services, session: Session, project: Project) -> Held:
    """Holds one of the sessions in the folder and gives the call that arrived."""

    def hold(name: str) -> Conversation:
        where = {"LIVEKIT_OBSERVABILITY_URL": address, "LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET}
        command = [str(python), str(FOLDER / name)]
        done = subprocess.run(command, env=os.environ | where, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        settle(services)
        return queries.load_conversation(session, project.id, done.stdout.split()[-1])

    return hold


def test_a_chained_session_arrives_with_words_tools_and_sound(held: Held, services: Services) -> None:
    call = held("chained.py")
    assert [(turn.speaker, turn.agent_name, turn.interrupted) for turn in call.turns] == [
        ("agent", "front-desk", False),
        ("caller", None, None),
        ("agent", "front-desk", True),
        ("caller", None, None),
        ("agent", "policy-desk", False),
    ]
    assert call.turns[1].text == "It's A one two three four five."
    assert [(one.name, bool(one.error)) for one in call.tool_calls] == [
        ("find_order", False),
        ("start_return", True),
        ("to_policy_desk", False),
    ]
    assert call.outcome == {"resolved": False, "reason": "the label was not printed"}
    assert _who_sounds(services, call, call.turns[0]) == "agent"
    assert _who_sounds(services, call, call.turns[1]) == "caller"


def test_a_speech_to_speech_session_arrives_with_words_tools_and_sound(held: Held, services: Services) -> None:
    call = held("speech_to_speech.py")
    assert [(turn.speaker, turn.interrupted, (turn.text or "").split()[0]) for turn in call.turns] == [
        ("agent", False, "Northridge"),
        ("caller", None, "It's"),
        ("agent", True, "Good,"),
        ("caller", None, "No,"),
        ("agent", False, "You're"),
    ]
    assert [(one.name, one.result) for one in call.tool_calls] == [
        ("find_order", {"number": "A12345", "item": "snowboard"})
    ]
    assert call.outcome == {"resolved": True}
    assert _who_sounds(services, call, call.turns[0]) == "agent"
    assert _who_sounds(services, call, call.turns[1]) == "caller"


def _who_sounds(services: Services, call: Conversation, turn: Turn) -> str:
    """On whose channel of the recording there is sound while a turn lasts: one of them is silent."""
    [recording] = call.recordings
    path = services.audio.path(call.project_id, str(recording.sha256))
    sound, rate = soundfile.read(str(path), always_2d=True)
    start, end = ((at - (recording.offset_ms or 0)) / 1000 for at in (turn.start_ms or 0, turn.end_ms or 0))
    inside = sound[int((start + ROOM_FOR) * rate) : int((end - ROOM_FOR) * rate)]
    loud = np.sqrt(np.mean(inside**2, axis=0)) > 0.005
    assert loud.sum() == 1
    return str((recording.channels or [])[int(loud.argmax())])
