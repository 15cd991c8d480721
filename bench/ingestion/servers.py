"""A server that is measured: how it is started, asked, killed, and what it costs. The peers are in peers.py."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
import psutil

from evalhub.embedded.processes import Child, Places, stop_together
from evalhub.errors import SetupError
from ingestion.database import Layout, Store
from ingestion.load import Target
from ingestion.processes import cpu_seconds, family, kill, pss_mb

READY_S = 180.0
NOT_INHERITED = ("EVALHUB_", "MLFLOW_", "PHOENIX_", "OTEL_", "PG", "FLASK_", "GRANIAN_")
OTLP = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}


@dataclass(kw_only=True)
class Server:
    """One server with a database of its own on a PostgreSQL that others may share."""

    name: str
    version: str
    argv: list[str]
    port: int
    places: Places
    env: Mapping[str, str]
    layout: Layout
    address: str
    """of its database"""
    postgres: Callable[[], list[psutil.Process]]
    health: str = "/healthz"
    headers: Mapping[str, str] = field(default_factory=dict)
    lease_s: float = 0.0
    """how long what a killed process had taken on waits for another"""
    store: Store = field(init=False)
    child: Child = field(init=False)

    @property
    def target(self) -> Target:
        return Target(self.port, OTLP | dict(self.headers))

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            SetupError: it does not.
        """
        env = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        env |= {"PYTHONUNBUFFERED": "1", **self.env}
        self.child = Child(
            name=self.name,
            argv=self.argv,
            places=self.places,
            env=env,
            inherits=False,
            patience_s=60,
            folder=self.places.logs,
        )
        self.child.start()
        self._wait_until_ready()
        self.store = Store(self.database_address(), self.layout)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=5, trust_env=False) as client:
            while self.child.is_running and time.monotonic() < deadline:
                try:
                    if client.get(self.health).is_success:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.2)
        raise SetupError(f"{self.name} did not start. Its log ends:", "\n" + self.child.last_words(20))

    def stop(self) -> None:
        stop_together([self.child])

    def kill(self, processes: list[psutil.Process]) -> None:
        """`kill -9` for all that `processes` told before: listing them takes time in which spans are stored."""
        kill(processes)
        self.store.close()
        if self.child.process:
            self.child.process.wait(20)

    def database_address(self) -> str:
        return self.address

    def processes(self) -> list[psutil.Process]:
        """All that it started."""
        return family(self.child.process.pid) if self.child.process else []

    def own_cpu_s(self) -> float:
        return cpu_seconds(self.processes())

    def postgres_cpu_s(self) -> float:
        return cpu_seconds(self.postgres())

    def memory_mb(self) -> float:
        """PSS of what takes and stores spans."""
        return pss_mb(self.processes())
