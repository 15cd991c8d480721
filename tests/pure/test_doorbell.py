"""What the web server asks of the workers."""

import threading
from pathlib import Path
from queue import Queue
from threading import Event

import pytest

from evalhub.settings import Settings
from webui import doorbell
from webui.doorbell import CeleryDoorbell

HERE = Settings(data_dir=Path(), broker_url="redis://127.0.0.1:1/0")


def test_rings_within_a_moment_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    bell, sent, is_over = CeleryDoorbell(HERE), Queue[str](), Event()
    monkeypatch.setattr(doorbell, "sleep", lambda _: is_over.wait(10))
    monkeypatch.setattr(bell, "_send", lambda job, _: sent.put(job))
    for _ in range(20):
        bell("ingest_spans")
    bell("parse_inbox")
    assert sent.empty()
    is_over.set()
    assert sorted(sent.get(timeout=10) for _ in range(2)) == ["ingest_spans", "parse_inbox"]
    bell("assemble_calls")
    assert sent.get(timeout=10) == "assemble_calls"


def test_a_job_for_one_thing_is_sent_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bell, sent = CeleryDoorbell(HERE), list[tuple[str, object]]()
    monkeypatch.setattr(bell, "_send", lambda job, arguments: sent.append((job, arguments)))
    bell("analyse_recording", project_id=1, sha256="0")
    assert sent == [("analyse_recording", {"project_id": 1, "sha256": "0"})]


def test_a_ring_that_failed_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    bell, sent, failed = CeleryDoorbell(HERE), Queue[str](), Event()
    monkeypatch.setattr(doorbell, "sleep", lambda _: None)

    def fail(*_: object) -> None:
        raise ValueError("nobody thought of this")

    monkeypatch.setattr(threading, "excepthook", lambda _: failed.set())
    monkeypatch.setattr(bell, "_send", fail)
    bell("ingest_spans")
    assert failed.wait(10)
    monkeypatch.setattr(bell, "_send", lambda job, _: sent.put(job))
    assert bell._ringer
    bell._ringer.join(10)
    bell("ingest_spans")
    assert sent.get(timeout=10) == "ingest_spans"
