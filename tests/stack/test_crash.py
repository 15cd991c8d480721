"""`kill -9` at random moments while calls arrive: what was acknowledged is there, once, and nothing else is needed."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import Engine, text

from evalhub.db import open_engine
from evalhub.embedded.datadir import DataDir
from evalhub.embedded.live import find_live
from tests.stack.embedded import CHECKOUT, eventually
from tests.stack.started import free_port

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]
KEY = "ehk_crash-test-key-of-the-first-project"
CHILD = "child"
VICTIMS = (
    *("web", "worker-ingest", f"worker-ingest {CHILD}", "worker-text", "worker-audio"),
    *("broker", "postgres", "supervisor"),
)
ROUNDS = 3
KILLS = ROUNDS * len(VICTIMS)
TURNS = [{"speaker": "agent", "start_ms": 0, "end_ms": 900, "text": "Hello."}] * 3


class Running:
    """`evalhub up` in a process of its own, started again when it was killed."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.process = self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "evalhub", "up", "--data", str(self.data), "--port", str(self.port)]
        env = os.environ | {"EVALHUB_BOOTSTRAP_API_KEY": KEY, "PYTHONPATH": str(CHECKOUT)}
        log = (self.data.parent / "up.log").open("ab")
        with log:
            return subprocess.Popen(command, cwd=CHECKOUT, env=env, stdout=log, stderr=log)

    def keep_up(self) -> None:
        """Start it again where it ended, as a service manager would: a database killed while it starts is none."""
        if self.process.poll() is not None:
            self.process = self.start()

    def kill(self, victim: str) -> bool:
        """Whether there was one to kill."""
        self.keep_up()
        if victim == "supervisor":
            self.process.kill()
            self.process.wait()
            self.process = self.start()
            return True
        name, _, part = victim.partition(" ")
        recorded = self.data / "pids" / f"{name}.json"
        pid = json.loads(recorded.read_text())["pid"] if recorded.exists() else None
        if pid is None or not psutil.pid_exists(pid):
            return False
        return _kill(psutil.Process(pid).children()[:1] if part == CHILD else [psutil.Process(pid)])

    def wait_until_ready(self, seconds: float = 60) -> None:
        eventually(self.is_ready, seconds)

    def is_ready(self) -> bool:
        self.keep_up()
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


def _kill(processes: list[psutil.Process]) -> bool:
    for process in processes:
        process.kill()
    return bool(processes)


@pytest.fixture
def platform() -> Iterator[Running]:
    with TemporaryDirectory(prefix="evalhub-crash-", dir="/tmp") as folder:  # short: sockets; passable: PostgreSQL
        Path(folder).chmod(0o711)
        running = Running(Path(folder) / "data")
        try:
            running.wait_until_ready()
            yield running
        finally:
            running.stop()


class Sender(threading.Thread):
    """Sends calls one after the other, each again until it is acknowledged, as exporters do."""

    def __init__(self, url: str, name: str, done: threading.Event) -> None:
        super().__init__(daemon=True)
        self.client = httpx.Client(base_url=url, headers={"x-api-key": KEY}, timeout=10, trust_env=False)
        self.prefix, self.done, self.acknowledged = name, done, list[str]()

    def run(self) -> None:
        number = 0
        while not self.done.is_set():
            call = f"{self.prefix}-{number}"
            if self.send(call):
                self.acknowledged.append(call)
                number += 1
            self.done.wait(0.05)
        self.client.close()

    def send(self, call: str) -> bool:
        body = {"id": call, "started_at": "2026-11-01T10:00:00Z", "ended_at": "2026-11-01T10:00:05Z", "turns": TURNS}
        try:
            return self.client.post("/api/v1/conversations", json=body).status_code == 202
        except httpx.TransportError:
            return False


class SpanSender(Sender):
    """The same by OTLP: each call is a trace of three spans, the child first, in two requests."""

    def send(self, call: str) -> bool:
        trace = hashlib.sha256(call.encode()).hexdigest()[:32]
        key = [{"key": "gen_ai.conversation.id", "value": {"stringValue": call}}]
        root = {"traceId": trace, "spanId": "1" * 16, "name": "call", "attributes": key}
        children = [root | {"spanId": number * 16, "parentSpanId": "1" * 16} for number in "23"]
        return self.post(children) and self.post([root])

    def post(self, spans: list[dict[str, Any]]) -> bool:
        body = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
        try:
            return self.client.post("/v1/traces", json=body).status_code == 200
        except httpx.TransportError:
            return False


def stored(platform: Running) -> list[dict[str, Any]]:
    """Every conversation the server lists."""
    items: list[dict[str, Any]] = []
    with httpx.Client(base_url=platform.url, headers={"x-api-key": KEY}, timeout=30, trust_env=False) as client:
        cursor = None
        while cursor is not None or not items:
            params = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
            page = client.get("/api/v1/conversations", params=params).raise_for_status().json()
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items
    return items


def test_what_was_acknowledged_is_there_once(platform: Running) -> None:
    chance, done = random.Random(20_261_101), threading.Event()
    senders = [Sender(platform.url, name, done) for name in ("a", "b")]
    senders += [SpanSender(platform.url, name, done) for name in ("traced-c", "traced-d")]
    for sender in senders:
        sender.start()
    for victim in chance.sample(VICTIMS * ROUNDS, KILLS):
        before = taken(senders)
        eventually(lambda: platform.keep_up() or taken(senders) > before, 120)  # noqa: B023  each round is under load
        time.sleep(chance.uniform(0.0, 1.0))  # the moments are the point: nothing is waited for but who is to be killed
        eventually(lambda: platform.kill(victim), 60)  # noqa: B023
    platform.wait_until_ready()
    eventually(lambda: all(sender.acknowledged for sender in senders), 60)
    done.set()
    for sender in senders:
        sender.join(30)
    acknowledged = [call for sender in senders for call in sender.acknowledged]
    eventually(lambda: set(acknowledged) <= set(ids_of(platform)), 120)
    eventually(lambda: all(is_settled(item) for item in stored(platform)), 120)
    found = ids_of(platform)
    assert len(acknowledged) > KILLS
    assert len(found) == len(set(found))
    eventually(lambda: all(parts_of(platform, call) == 3 for call in chance.sample(acknowledged, 20)), 60)


def taken(senders: list[Sender]) -> int:
    """How much was acknowledged until now."""
    return sum(len(sender.acknowledged) for sender in senders)


def ids_of(platform: Running) -> list[str]:
    return [item["id"] for item in stored(platform)]


def is_settled(item: dict[str, Any]) -> bool:
    """A traced call of a session is over after the quiet period, which this test does not wait for."""
    return item["state"] == "ended" or item["id"].startswith("traced-")


def parts_of(platform: Running, call: str) -> int:
    response = httpx.get(f"{platform.url}/api/v1/conversations/{call}", headers={"x-api-key": KEY}, trust_env=False)
    found = response.raise_for_status().json()
    return len(found["spans" if call.startswith("traced-") else "turns"])


def test_what_a_killed_worker_held_is_taken_up_by_the_one_that_follows(platform: Running) -> None:
    """Not when its lease ends, which here would be in an hour."""
    with httpx.Client(base_url=platform.url, headers={"x-api-key": KEY}, trust_env=False) as client:
        client.post("/api/v1/conversations", json={"id": "held", "turns": TURNS}).raise_for_status()
    live = find_live(DataDir.at(platform.data))
    assert live
    engine = open_engine(live.database_url)
    eventually(lambda: _inbox(engine, "select count(*) from inbox where state = 'parsed'"))
    hold = "set state = 'waiting', lease_owner = 'gone', lease_until = now() + interval '1 hour'"
    with engine.begin() as connection:
        connection.execute(text(f"update inbox {hold}"))
    eventually(lambda: platform.kill("worker-ingest"))
    eventually(lambda: _inbox(engine, "select count(*) from inbox where state = 'parsed'"))
    engine.dispose()


def _inbox(engine: Engine, question: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(question)) or 0)
