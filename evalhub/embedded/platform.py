"""The platform as a family of processes: started in order, restarted when one dies, stopped in reverse."""

import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from evalhub.embedded.broker import Broker
from evalhub.embedded.datadir import DataDir
from evalhub.embedded.postgres import Postgres
from evalhub.embedded.processes import Child, stop_leftovers
from evalhub.embedded.secrets import load_secrets
from evalhub.errors import SetupError
from evalhub.settings import Settings

START_S = 60.0
QUICK_S = 20.0
TRIES = 5


@dataclass
class Platform:
    """What `evalhub up` runs. `running` is the only way to make one."""

    data: DataDir
    secrets: Mapping[str, str]
    database_url: str = ""
    broker_url: str = ""
    children: list[Child] = field(default_factory=list)
    deaths: dict[str, list[float]] = field(default_factory=dict)
    stopping: bool = False

    def start(self, child: Child) -> None:
        """Start a child and look after it from now on."""
        self.children.append(child)
        child.start()

    def add(self, name: str, argv: Sequence[str], env: Mapping[str, str], *, patience_s: float = 10.0) -> None:
        """Start a process of evalhub's own."""
        self.start(Child(name, argv, self.data.logs, self.data.pids, env, patience_s=patience_s))

    def start_postgres(self) -> None:
        """Start the database and wait for it."""
        server = Postgres.of(self.data, self.secrets["database_password"])
        server.initialise()
        child = Child("postgres", server.command(), self.data.logs, self.data.pids, owner=server.owner)
        child.stop_signal, child.patience_s = signal.SIGINT, 30.0  # a fast shutdown: sessions end, nothing is lost
        self.start(child)
        if not server.is_ready(START_S, child):
            raise SetupError("PostgreSQL did not start. Its log ends:", "\n" + child.last_words())
        server.ensure_database()
        self.database_url = server.url()

    def start_broker(self) -> None:
        """Start the broker and wait for it."""
        broker = Broker.of(self.data)
        child = Child("broker", broker.command(), self.data.logs, self.data.pids)
        self.start(child)
        if not broker.is_ready(START_S, child):
            raise SetupError("The broker did not start. Its log ends:", "\n" + child.last_words())
        self.broker_url = broker.url

    def supervise(self, until: Callable[[], bool] = lambda: False, pause_s: float = 0.2) -> None:
        """Restart what dies, until told to stop.

        Raises:
            SetupError: a process keeps dying right after its start.
        """
        while not self.stopping and not until():
            self.look_after()
            time.sleep(pause_s)

    def look_after(self) -> None:
        """One look at every child; the dead are started again."""
        for child in self.children:
            if not child.is_running and not self.stopping:
                self._restart(child)

    def _restart(self, child: Child) -> None:
        now = time.monotonic()
        recent = [at for at in self.deaths.get(child.name, []) if now - at < QUICK_S * TRIES]
        self.deaths[child.name] = [*recent, now]
        if len(recent) >= TRIES:
            raise SetupError(f"{child.name} keeps dying. Its log ({child.log}) ends:", "\n" + child.last_words())
        child.stop()  # what is left of its group
        child.start()

    def stop(self) -> None:
        """Stop everything, the last started first."""
        self.stopping = True
        for child in reversed(self.children):
            child.stop()


@contextmanager
def running(settings: Settings) -> Iterator[Platform]:
    """Database and broker of a data folder, up; everything that is added is stopped at the end, whatever happens.

    Raises:
        SetupError: whatever keeps it from starting, with the mend.
    """
    data = DataDir(settings.data_dir)
    data.prepare()
    with data.locked():
        stop_leftovers(data.pids)
        check_port(settings.host, settings.port)
        platform = Platform(data, load_secrets(data.path))
        try:
            if settings.database_url:
                platform.database_url = settings.database_url
            else:
                platform.start_postgres()
            if settings.broker_url:
                platform.broker_url = settings.broker_url
            else:
                platform.start_broker()
            yield platform
        finally:
            platform.stop()


def check_port(host: str, port: int) -> None:
    """Refuse a port that somebody listens on, and say who.

    Raises:
        SetupError: it is taken, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == 98:  # EADDRINUSE
                raise SetupError(f"Port {port} is taken{_by_whom(port)}.", "Use --port, or stop it.") from error
            raise SetupError(f"Cannot listen on {host}:{port}: {error.strerror}.", "Use --host or --port.") from error


def _by_whom(port: int) -> str:
    try:
        holders = {c.pid for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port}
    except psutil.AccessDenied:
        return ""
    names = [f" by process {pid} ({psutil.Process(pid).name()})" for pid in holders if pid]
    return names[0] if names else ""
