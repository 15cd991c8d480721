"""evalhub as `evalhub up` starts it, with its own PostgreSQL and all workers, from this checkout."""

import json
import secrets
import sys
from pathlib import Path

import psutil

import evalhub
from evalhub.embedded.processes import Places
from evalhub.traces.span_inbox import LEASE_S
from ingestion.database import Layout, free_port
from ingestion.processes import cpu_seconds, family, pss_mb
from ingestion.servers import Server

CHECKOUT = Path(__file__).parents[2]
ADMIN = "bench@example.com"
LAYOUT = Layout(
    table="span",
    same="""span.project_id = (select min(id) from project) and span.conversation_id = wanted.call
        and span.id = wanted.trace || ':' || wanted.span""",
    calls_read="select (select count(*) from trace) - (select count(*) from assembly)",
    calls_left="select count(*) from assembly",
)
TAKES_SPANS = ("web", "worker-ingest")


class Evalhub(Server):
    """The whole platform. Its tree of processes has PostgreSQL in it: that is killed too, and counted apart."""

    password: str

    def database_address(self) -> str:
        running = json.loads((self.data / "running.json").read_text())
        return str(running["database_url"]).replace("postgresql+psycopg", "postgresql")

    @property
    def data(self) -> Path:
        return Path(self.places.logs, "evalhub")

    def part(self, name: str) -> list[psutil.Process]:
        """The processes of one of the platform's children."""
        return family(json.loads((self.data / "pids" / f"{name}.json").read_text())["pid"])

    def own_cpu_s(self) -> float:
        return cpu_seconds(self.processes()) - self.postgres_cpu_s()

    def postgres_cpu_s(self) -> float:
        return cpu_seconds(self.part("postgres"))

    def memory_mb(self) -> float:
        return sum(pss_mb(self.part(name)) for name in TAKES_SPANS)

    def turns(self, call: str) -> int:
        return self.store.number("select count(*) from turn where conversation_id = %s", call)


def evalhub_up(places: Places) -> Evalhub:
    port, key, password = free_port(), f"ehk_{secrets.token_urlsafe(32)}", secrets.token_urlsafe(16)
    first = {"API_KEY": key, "ADMIN_EMAIL": ADMIN, "ADMIN_PASSWORD": password}
    server = Evalhub(
        name="evalhub",
        version=evalhub.__version__,
        argv=[sys.executable, "-m", "evalhub", "up", "--data", str(places.logs / "evalhub"), "--port", str(port)],
        port=port,
        places=places,
        env={"PYTHONPATH": str(CHECKOUT)} | {f"EVALHUB_BOOTSTRAP_{name}": value for name, value in first.items()},
        layout=LAYOUT,
        address="",
        postgres=list,
        health="/readyz",
        headers={"Authorization": f"Bearer {key}"},
        lease_s=LEASE_S,
    )
    server.password = password
    return server
