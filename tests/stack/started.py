"""`evalhub up` in a process of its own, with the samples in it: what `make up` gives."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.stack.embedded import CHECKOUT, eventually

LINK = re.compile(r"http://\S+?(/link/\S+)")
PATIENCE_S = 300


@dataclass(frozen=True)
class Started:
    """A platform that serves: where, and what it said until it did."""

    address: str
    said: str

    @property
    def link(self) -> str:
        """The first admin's way in; works once."""
        found = LINK.search(self.said)
        assert found, self.said
        return found[1]


@contextmanager
def sample_platform() -> Iterator[Started]:
    """`evalhub up --sample` once its samples are evaluated; stopped like by Ctrl-C."""
    with TemporaryDirectory(prefix="evalhub-whole-", dir="/tmp") as folder:  # short: sockets; passable: PostgreSQL
        Path(folder).chmod(0o711)
        port, log = free_port(), Path(folder) / "up.log"
        command = [sys.executable, "-m", "evalhub", "up", "--sample", "--data", f"{folder}/data", "--port", str(port)]
        with log.open("wb") as out:
            env = os.environ | {"PYTHONPATH": str(CHECKOUT), "COLUMNS": "200"}
            process = subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT)
        try:
            eventually(lambda: process.poll() is not None or "Ctrl-C stops" in log.read_text(), PATIENCE_S)
            assert process.poll() is None, log.read_text() + _last_words(Path(folder) / "data" / "logs")
            yield Started(f"http://127.0.0.1:{port}", log.read_text())
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _last_words(logs: Path) -> str:
    return "".join(f"\n--- {path.name}\n{path.read_text()[-2000:]}" for path in sorted(logs.glob("*.log")))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
