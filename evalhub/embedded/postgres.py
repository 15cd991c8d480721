"""PostgreSQL 18 on a unix socket, for whoever the kernel says is asking: no port, no password, nobody else.

The programs are run directly. What may connect is decided by peer authentication: the user that runs evalhub, as the
role `evalhub` that owns the database, and as `postgres` to make that role.
"""

import os
import pwd
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from urllib.parse import quote

import psycopg
from psycopg import pq, sql

from evalhub.embedded.files import write_whole
from evalhub.embedded.leftovers import end, working_in
from evalhub.embedded.owner import Owner, find_owner
from evalhub.embedded.processes import Child, Places, stop_together
from evalhub.embedded.programs import MAJOR, reachable_programs, wheel_programs
from evalhub.embedded.tuning import ENVIRONMENT, PORT, SETTINGS, UNSAFE
from evalhub.errors import SetupError

ROLE = "evalhub"
SUPERUSER = "postgres"
ORPHANS_S = (10.0, 5.0)


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
        half_made = f"{self.cluster.name}.new-"
        for folder in self.cluster.parent.glob(f"{half_made}*"):
            shutil.rmtree(folder, ignore_errors=True)
        fresh = Path(mkdtemp(dir=self.cluster.parent, prefix=half_made))
        self.owner.give(fresh)
        command = [str(self.programs / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "--auth=peer", "--encoding=UTF8"]
        command += [
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--data-checksums",
            "--wal-segsize=2",  # MB: a new segment is written full first, and every commit waits for that
            *options,
        ]
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
            argv=self.command(**settings),
            places=places,
            env=ENVIRONMENT,
            inherits=False,
            owner=self.owner,
            stop_signal=signal.SIGINT,
            urgent_signal=signal.SIGQUIT,
            patience_s=60.0,
            before_start=self.clear_the_way,
        )

    def clear_the_way(self) -> None:
        """What has to be so before every start: a socket folder, who may connect, nobody else on the cluster.

        Raises:
            SetupError: another server cannot be stopped.
        """
        self._end_orphans()
        shutil.rmtree(self.socket, ignore_errors=True)  # it, too, has a lock file naming a number
        self.socket.mkdir(mode=0o700)
        self.owner.give(self.socket)
        write_whole(self.run / "pg_hba.conf", "local all all peer map=evalhub\n", mode=0o644)
        rules = [f'evalhub "{our_name()}" {role}\n' for role in (ROLE, SUPERUSER)]
        write_whole(self.run / "pg_ident.conf", "".join(rules), mode=0o644)

    def _end_orphans(self) -> None:
        """A killed server leaves sessions that finish their query first, and a lock file naming a number that may by
        now be anybody's. Whoever holds the data folder may end the ones and remove the other."""
        end([(process, signal.SIGINT) for process in working_in(self.cluster, "postgres")], ORPHANS_S)
        if left := working_in(self.cluster, "postgres"):
            raise SetupError(
                f"Process {left[0].pid} uses {self.cluster} and does not end.", "Stop it, then start again."
            )
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def is_ready(self, patience_s: float, child: Child) -> bool:
        """Wait until it accepts connections; gives up when its process ends, or patience does.

        After a crash it repeats what is in its log before it accepts anybody. That takes as long as it takes.
        """
        deadline = time.monotonic() + patience_s
        while child.is_running:
            answer = pq.PGconn.ping(self._address().encode())
            if answer == pq.Ping.OK:
                return True
            if answer != pq.Ping.REJECT and time.monotonic() > deadline:
                return False
            time.sleep(0.03)
        return False

    def ensure_database(self, name: str = "evalhub") -> None:
        """Make the role and its database unless they are there.

        Raises:
            SetupError: the server does not let us in.
        """
        try:
            connection = psycopg.connect(self._address(), autocommit=True)
        except psycopg.OperationalError as error:
            mend = "Restore a backup into a new folder with `evalhub restore`."
            raise SetupError(f"The database in {self.cluster} was not made by evalhub: {error}.", mend) from error
        with connection:
            if not connection.execute("select 1 from pg_roles where rolname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("create role {} login createdb").format(sql.Identifier(ROLE)))
            if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                made = sql.SQL("create database {} owner {}")
                connection.execute(made.format(sql.Identifier(name), sql.Identifier(ROLE)))


def our_name() -> str:
    """The name of the user that runs evalhub."""
    return pwd.getpwuid(os.geteuid()).pw_name


@contextmanager
def embedded_postgres(folder: Path, **settings: str) -> Iterator[str]:
    """A throw-away server for tests, without fsync. Yields the address of its database `postgres`.

    Where PostgreSQL's own user cannot enter `folder`, the cluster lies in a temporary folder of its own.
    """
    owner = find_owner()
    with ExitStack() as stack:
        base = folder if owner.can_enter(folder) else Path(stack.enter_context(TemporaryDirectory(prefix="evalhub-")))
        base.chmod(0o711)
        run = Path(stack.enter_context(TemporaryDirectory(prefix="evalhub-", dir="/tmp")))
        run.chmod(0o711)
        programs = reachable_programs(owner, wheel_programs())
        server = Postgres(cluster=base / "postgres", run=run, owner=owner, programs=programs)
        server.initialise("--no-sync")
        child = server.child(Places(run, run, str(run)), **UNSAFE, **settings)
        stack.callback(stop_together, [child])
        child.start()
        if not server.is_ready(60, child):
            raise SetupError("PostgreSQL did not start:", child.last_words())
        server.ensure_database()
        yield server.url("postgres")
