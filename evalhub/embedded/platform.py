"""The platform as a family of processes: started in order, restarted when one dies, stopped in reverse."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from evalhub.embedded.broker import Broker, find_server, wheel_server
from evalhub.embedded.clusters import postgres_of
from evalhub.embedded.datadir import MIN_FREE, DataDir, check_space
from evalhub.embedded.leftovers import stop_leftovers
from evalhub.embedded.live import announce, find_live, silence
from evalhub.embedded.ports import check_port
from evalhub.embedded.processes import Child, Places, stop_together
from evalhub.embedded.runfolder import remove_run_folder, run_folder
from evalhub.embedded.secrets import load_secrets
from evalhub.embedded.signals import ending_signals
from evalhub.embedded.supervision import OnEvent, Watch
from evalhub.errors import SetupError
from evalhub.settings import Settings

START_S = 60.0


def unheard(name: str, seconds: float) -> None:
    """Nobody wants to know."""


@dataclass
class Platform:
    """What `evalhub up` runs. `running` is the only way to make one."""

    data: DataDir
    secrets: Mapping[str, str]
    on_event: OnEvent = unheard
    database_url: str = ""
    broker_url: str = ""
    watches: list[Watch] = field(default_factory=list)
    needed: int = MIN_FREE
    """bytes that have to be free"""
    stopping: bool = False

    @property
    def children(self) -> list[Child]:
        return [watch.child for watch in self.watches]

    def start(self, child: Child) -> None:
        """Start a child and look after it from now on."""
        self.watches.append(Watch(child, self.on_event))
        child.start()

    def add(
        self, name: str, argv: Sequence[str], env: Mapping[str, str], *, patience_s: float = 10.0, niceness: int = 0
    ) -> None:
        """Start a process of evalhub's own; it has `patience_s` to end once it is asked to.

        What can wait is nice: people and senders are served before it.
        """
        child = Child(name=name, argv=argv, places=self._places, env={**_import_path(), **env}, folder=self.data.path)
        child.patience_s, child.niceness = patience_s, niceness
        self.start(child)

    @property
    def _places(self) -> Places:
        return Places(self.data.logs, self.data.pids, family=str(self.data.path))

    def start_database(self) -> None:
        """Start PostgreSQL and wait until it accepts connections."""
        with self._timed("database files"):
            server = postgres_of(self.data, needed=self.needed)
        with self._timed("database"):
            child = server.child(self._places)
            self.start(child)
            if not server.is_ready(START_S, child):
                raise SetupError("PostgreSQL did not start.", f"Its log ({child.log}) ends:\n{child.last_words()}")
            server.ensure_database()
        self.database_url = server.url()

    def start_broker(self) -> None:
        """Start the broker and wait until it answers."""
        with self._timed("broker"):
            folder, program = run_folder(self.data.name), find_server(None, wheel_server())
            broker = Broker(program=program, socket=folder / "redis.sock", folder=self.data.broker)
            child = Child(name="broker", argv=broker.command(), places=self._places, folder=self.data.broker)
            self.start(child)
            if not broker.is_ready(START_S, child):
                raise SetupError("The broker did not start.", f"Its log ({child.log}) ends:\n{child.last_words()}")
        self.broker_url = broker.url

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.on_event(name, time.monotonic() - started)

    def supervise(self, until: Callable[[], bool] = lambda: False, pause_s: float = 0.2) -> None:
        """Restart what dies, until told to stop.

        Raises:
            SetupError: a process keeps dying right after its start.
        """
        while not self.stopping and not until():
            self.look_after()
            time.sleep(pause_s)

    def look_after(self) -> None:
        """One look at every child; the dead are started again, later each time.

        Raises:
            SetupError: a process keeps dying right after its start.
        """
        for watch in self.watches:
            if not self.stopping:
                watch.look()

    def stop(self) -> None:
        """Stop evalhub's own processes, all at once; then the broker, then the database."""
        self.stopping = True
        served = [child for child in self.children if child.name in ("postgres", "broker")]
        stop_together([child for child in self.children if child not in served])
        for child in reversed(served):
            stop_together([child])

    def end(self) -> None:
        """Somebody wants it to end: leave by KeyboardInterrupt. Who says so again is in a hurry."""
        if not self.stopping:
            self.stopping = True
            raise KeyboardInterrupt
        for child in self.children:
            child.patience_s = min(child.patience_s, 10.0 if child.name == "postgres" else 0.5)


@contextmanager
def running(settings: Settings, *, on_event: OnEvent = unheard, only_database: bool = False) -> Iterator[Platform]:
    """Database and broker of a data folder, up; everything that is added is stopped at the end, whatever happens.

    Ctrl-C, SIGTERM and SIGHUP raise KeyboardInterrupt, once. `on_event` hears the name and the seconds of each step.

    Raises:
        SetupError: whatever keeps it from starting, with the mend.
    """
    data = DataDir.at(settings.data_dir)
    data.prepare()
    with ExitStack() as stack:
        stack.enter_context(data.locked())
        stop_leftovers(data.pids, str(data.path))
        platform = Platform(data, load_secrets(data.path), on_event)
        platform.database_url, platform.broker_url = settings.database_url or "", settings.broker_url or ""
        stack.enter_context(ending_signals(platform.end))
        stack.callback(remove_run_folder, data.name)
        stack.callback(platform.stop)
        if only_database:
            platform.needed = 0  # a full disk is no reason not to save what is on it
            platform.start_database()
        else:
            stack.callback(silence, data)
            _start(platform, settings)
        yield platform


def _start(platform: Platform, settings: Settings) -> None:
    check_space(platform.data.path, platform.needed)
    check_port(settings.host, settings.port)
    if not platform.database_url:
        platform.start_database()
    if not platform.broker_url:
        platform.start_broker()
    announce(platform.data, database_url=platform.database_url, broker_url=platform.broker_url)


@contextmanager
def database_of(settings: Settings) -> Iterator[str]:
    """Address of the installation's database, for a command beside `evalhub up`: given, running, or started for now.

    Raises:
        SetupError: it cannot be started.
    """
    live = find_live(DataDir.at(settings.data_dir))
    if settings.database_url or live:
        yield settings.database_url or (live.database_url if live else "")
        return
    with running(settings, only_database=True) as platform:
        yield platform.database_url


def _import_path() -> dict[str, str]:
    """Children do not work in the folder where evalhub was started; from a bare checkout they would not find it."""
    try:
        distribution("evalhub")
    except PackageNotFoundError:
        paths = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {"PYTHONPATH": os.pathsep.join(paths)}
    return {}
