"""PostgreSQL 18 on a unix socket, for whoever the kernel says is asking: no port, no password, nobody else.

The programs are run directly. What may connect is decided by peer authentication: the user that runs evalhub, as the
role `evalhub` that owns the database, and as `postgres` to make that role.
"""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import pq, sql

from evalhub.embedded.files import write_whole
from evalhub.embedded.leftovers import end
from evalhub.embedded.owner import Owner, find_owner
from evalhub.embedded.processes import Child, Places, stop_together
from evalhub.embedded.programs import MAJOR, reachable_programs
from evalhub.errors import SetupError

ROLE = "evalhub"
SUPERUSER = "postgres"
PORT = 5432  # names the socket; nothing listens on it
ORPHANS_S = (10.0, 5.0)
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "min_dynamic_shared_memory": "64MB",  # parallel queries outgrow the /dev/shm of a container
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "warning",
    "lc_messages": "C",
    "timezone": "UTC",
}
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}  # no PG* and no locale of whoever starts us


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """One cluster: where it lies, who runs it, where it listens."""

    cluster: Path
    run: Path
    owner: Owner
    programs: Path

    @property
    def socket(self) -> Path:
        return self.run / "pg"

    def url(self, database: str = "evalhub") -> str:
        """Address for SQLAlchemy."""
        return f"postgresql+psycopg://{ROLE}@/{database}?host={quote(str(self.socket), safe='')}&port={PORT}"

    def _address(self, user: str = SUPERUSER, database: str = "postgres") -> str:
        return f"host='{self.socket}' port={PORT} user={user} dbname={database} connect_timeout=5"

    def initialise(self, *options: str) -> None:
        """Make the cluster unless it is there.

        Raises:
            SetupError: the cluster is of another major version, or cannot be made.
        """
        made_by = self.cluster / "PG_VERSION"
        if not made_by.exists():
            self._make(options)
        elif (found := made_by.read_text().strip()) != MAJOR:
            mend = f"Restore a backup into a new folder, or run it with PostgreSQL {found} by EVALHUB_DATABASE_URL."
            raise SetupError(f"{self.cluster} was made by PostgreSQL {found}, this is {MAJOR}.", mend)
        self.owner.give(self.cluster)

    def _make(self, options: tuple[str, ...]) -> None:
        """Under another name first: an initdb that was killed leaves something that looks like a cluster."""
        fresh = self.cluster.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self.owner.give(fresh)
        command = [str(self.programs / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "--auth=peer", "--encoding=UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", *options]
        done = self.owner.run(command, ENVIRONMENT)
        if done.returncode:
            raise SetupError("PostgreSQL could not be set up:", done.stderr.strip() or done.stdout.strip())
        fresh.rename(self.cluster)

    def command(self, **settings: str) -> list[str]:
        """The command line of the server."""
        places = {
            "unix_socket_directories": str(self.socket),
            "hba_file": str(self.run / "pg_hba.conf"),
            "ident_file": str(self.run / "pg_ident.conf"),
        }
        options = [f"--{name}={value}" for name, value in (SETTINGS | places | settings).items()]
        return [str(self.programs / "postgres"), "-D", str(self.cluster), *options]

    def child(self, places: Places, **settings: str) -> Child:
        """The server as a child. A fast shutdown first: sessions end, nothing is lost; then an immediate one."""
        return Child(
            name="postgres",
            argv=["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in ENVIRONMENT.items()), *self.command(**settings)],
            places=places,
            owner=self.owner,
            stop_signal=signal.SIGINT,
            urgent_signal=signal.SIGQUIT,
            patience_s=60.0,
            before_start=self.clear_the_way,
        )

    def clear_the_way(self) -> None:
        """What has to be so before every start: a socket folder, who may connect, and nobody else on the cluster."""
        self.socket.mkdir(mode=0o700, exist_ok=True)
        self.owner.give(self.socket)
        me = find_name()
        write_whole(self.run / "pg_hba.conf", "local all all peer map=evalhub\n", mode=0o644)
        rules = [f'evalhub "{me}" {role}\n' for role in (ROLE, SUPERUSER)]
        write_whole(self.run / "pg_ident.conf", "".join(rules), mode=0o644)
        end([(process, signal.SIGINT) for process in self._orphans()], ORPHANS_S)
