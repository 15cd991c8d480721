"""PostgreSQL for the peers and the floor, and how spans are counted and found in any server's database.

It is the PostgreSQL that evalhub brings along, with evalhub's own settings and fsync on, listening on a loopback port.
"""

import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

from evalhub.embedded.owner import find_owner
from evalhub.embedded.postgres import Postgres
from evalhub.embedded.processes import Child, Places, stop_together
from evalhub.embedded.programs import reachable_programs, wheel_programs
from evalhub.errors import SetupError
from ingestion.processes import family
from ingestion.supply import Mark

ROLE = "bench"
READY_S = 60.0
RULES = "local all all peer map=evalhub\nhost all bench 127.0.0.1/32 scram-sha-256\n"
BY_INDEX = "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off"
FIND = """
select wanted.number
from unnest(%s::int[], %s::text[], %s::text[], %s::text[]) as wanted(number, call, trace, span) join {table} on {same}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL."""

    child: Child
    admin: "psycopg.Connection[tuple[Any, ...]]"
    port: int
    password: str

    def make(self, name: str) -> str:
        """A fresh database; returns its address."""
        self.admin.execute(sql.SQL("create database {} owner bench").format(sql.Identifier(name)))
        return f"postgresql://{ROLE}:{self.password}@127.0.0.1:{self.port}/{name}"

    def processes(self) -> list[psutil.Process]:
        return family(self.child.process.pid) if self.child.process else []


@contextmanager
def cluster(folder: Path, run: Path) -> Iterator[Cluster]:
    """A throw-away PostgreSQL; `run` holds its socket and has to have a short path."""
    owner, port = find_owner(), free_port()
    programs = reachable_programs(owner, wheel_programs())
    server = Postgres(cluster=folder / "peers-postgres", run=run, owner=owner, programs=programs)
    server.initialise()
    rules = run / "bench_hba.conf"
    rules.write_text(RULES)
    rules.chmod(0o644)
    options = {"listen_addresses": "127.0.0.1", "port": str(port), "hba_file": str(rules)}
    child = server.child(Places(folder, folder, str(folder)), **options)
    child.start()
    try:
        with _connected(f"host={server.socket} port={port} user=postgres dbname=postgres", child) as admin:
            yield Cluster(child, admin, port, _let_in(admin))
    finally:
        stop_together([child])


def _connected(address: str, child: Child) -> "psycopg.Connection[tuple[Any, ...]]":
    deadline = time.monotonic() + READY_S
    while child.is_running and time.monotonic() < deadline:
        try:
            return psycopg.connect(address, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise SetupError("PostgreSQL did not start:", child.last_words())


def _let_in(admin: "psycopg.Connection[tuple[Any, ...]]") -> str:
    password = secrets.token_hex(16)
    admin.execute(sql.SQL("create role bench login password {}").format(password))
    return password


@dataclass(frozen=True)
class Layout:
    """Where a server keeps its spans."""

    table: str
    same: str
    """SQL: that a row is the one `wanted` by call, trace and span; served by an index"""
    calls_read: str | None = None
    """SQL: how many calls are put together from their spans; None where a server does no such thing"""
    calls_left: str | None = None


class Store:
    """A connection to a server's database that looks on, and asks for little."""

    def __init__(self, address: str, layout: Layout) -> None:
        self.layout = layout
        self._connection = psycopg.connect(address, autocommit=True)
        self._connection.execute(BY_INDEX)

    def close(self) -> None:
        self._connection.close()

    def count(self) -> int:
        return self.number(f"select count(*) from {self.layout.table}")  # noqa: S608  (our own names)

    def calls_read(self) -> int | None:
        return self.number(self.layout.calls_read) if self.layout.calls_read else None

    def calls_left(self) -> int:
        return self.number(self.layout.calls_left) if self.layout.calls_left else 0

    def tidy(self) -> None:
        """Do now what PostgreSQL would do a minute later by itself, while another server is measured."""
        self._connection.execute("vacuum (analyze)")

    def version(self) -> str:
        return f"{self._connection.info.server_version // 10000}.{self._connection.info.server_version % 10000}"

    def find(self, wanted: Sequence[tuple[int, Mark]]) -> set[int]:
        """The numbers of those marked spans that can be read."""
        marks = [mark for _, mark in wanted]
        columns = [[getattr(mark, name) for mark in marks] for name in ("call", "trace", "span")]
        query = FIND.format(table=self.layout.table, same=self.layout.same)
        return {row[0] for row in self._connection.execute(query, [[number for number, _ in wanted], *columns])}

    def number(self, query: str, *values: str) -> int:
        """The one number that a query answers."""
        row = self._connection.execute(query, values).fetchone()
        return int(row[0]) if row else 0
