"""Pipecat's own tracing and our recorder, in a real pipeline against the running server: nothing is lost."""

import fcntl
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub.accounts.keys import make_key
from evalhub.models import Project, Span
from evalhub.services import Services
from evalhub.traces.inbox import parse_waiting
from evalhub.traces.queries import load_conversation
from tests.db.traces.sending import settle
from tests.serving import app_of, refuse_every_second, serving

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("pipecat")]
FOLDER = Path(__file__).parent / "pipecat"
ROOT = FOLDER.parents[2]
WITHIN_MS = 60
PAUSE_S = 0.3
"""what is shorter is no pause: a busy machine stutters"""


@pytest.fixture(scope="session")
def python() -> str:
    """The Python of an environment with Pipecat, made once (about 25 s)."""
    environment = FOLDER / ".venv"
    with (FOLDER / "requirements.txt").open() as wanted:
        fcntl.flock(wanted, fcntl.LOCK_EX)
        if not (environment / "made").exists():
            subprocess.run([sys.executable, "-m", "venv", environment], check=True)
            install = [environment / "bin" / "pip", "install", "--quiet", "-r", wanted.name]
            done = subprocess.run(install, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"NO PIPECAT: it could not be installed: {done.stderr[-300:]}")
            (environment / "made").touch()
    return str(environment / "bin" / "python")


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    with serving(app_of(services)) as found:
        yield found


@pytest.mark.parametrize("server", ["well", "refusing"])
def test_a_call_through_pipecat(
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    python: str,
    address: str,
    services: Services,
    session: Session,
    project: Project,
    tmp_path: Path,
) -> None:
    with services.work() as own:
        key = make_key(own, project.id, name="pipecat", scope="ingest", days=None, by="a test")[1]
    if server == "refusing":
        refuse_every_second(monkeypatch)
    command = [python, FOLDER / "call.py", address, key, tmp_path / "played.json"]
    done = subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    settle(services)
    parse_waiting(services)
    spans = Counter(session.scalars(select(Span.name)))
    assert spans == {"conversation": 1, "turn": 2, "stt": 2, "llm": 2, "tts": 2}
    call = load_conversation(session, project.id, "call-1")
    assert [(turn.speaker, turn.text) for turn in call.turns] == [
        ("caller", "What are your hours?"),
        ("agent", "We are open from nine to five on every day but Sunday."),
        ("caller", "Wait, only on Sunday."),
        ("agent", "On Sunday we are closed."),
    ]
    [recording] = call.recordings
    both, rate = soundfile.read(services.audio.path(project.id, str(recording.sha256)), dtype="int16")
    played = json.loads((tmp_path / "played.json").read_text())
    zero = played["caller"][0][0] * 1000
    for channel, side in enumerate(("caller", "agent")):
        told = [[begin * 1000 - zero, (begin + length) * 1000 - zero] for begin, length in played[side]]
        assert sounding(both, rate, channel) == [pytest.approx(interval, abs=WITHIN_MS) for interval in told], side
    first_heard = np.flatnonzero(both[:, 1])[0] / rate * 1000 + (recording.offset_ms or 0)
    assert call.turns[1].start_ms == pytest.approx(first_heard, abs=WITHIN_MS)
    assert call.state == "ended"


def sounding(both: np.ndarray, rate: int, channel: int) -> list[list[float]]:
    """From when to when a channel is not silent, in ms from the caller's first sound."""
    zero, at = np.flatnonzero(both[:, 0])[0], np.flatnonzero(both[:, channel])
    gaps = np.flatnonzero(np.diff(at) > rate * PAUSE_S)
    edges = zip([at[0], *at[gaps + 1]], [*at[gaps], at[-1]], strict=True)
    return [[(start - zero) / rate * 1000, (end - zero) / rate * 1000] for start, end in edges]
