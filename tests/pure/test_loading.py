"""What processes load, and when: what most never need not at all, what all need before they are forked."""

import inspect
import subprocess
import sys

import pytest

from evalhub.jobs import JOBS

SERVING = "import sys, webui, webui.access, evalhub.integrations.endpoints; print(*sys.modules)"
RINGING = "import sys; from webui.doorbell import *; CeleryDoorbell(Settings.from_env()); print(*sys.modules)"
WORKING = """
import sys
from workers.app import app
app.Worker(queues='ingest', concurrency=1)
print(*sys.modules)
"""


def loaded_by(script: str) -> set[str]:
    env = {"EVALHUB_BROKER_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=env)
    return set(done.stdout.split())


def test_the_web_loads_cryptography_only_to_open_a_secret() -> None:
    loaded = loaded_by(SERVING)
    assert {"webui.access", "evalhub.sealing"} <= loaded
    assert not {"cryptography", "jwt"} & loaded


def test_what_ringing_needs_is_loaded_before_processes_are_forked() -> None:
    assert "kombu.transport.redis" in loaded_by(RINGING)


def test_what_the_jobs_of_a_worker_need_is_loaded_before_processes_are_forked() -> None:
    loaded = loaded_by(WORKING)
    assert {"evalhub.traces.span_inbox", "kombu.transport.redis"} <= loaded
    assert "evalhub.evaluations.judging" not in loaded


@pytest.mark.parametrize("name", JOBS)
def test_every_job_takes_the_services_first(name: str) -> None:
    assert next(iter(inspect.signature(JOBS[name].load()).parameters)) == "services"
