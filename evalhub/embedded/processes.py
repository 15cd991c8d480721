"""Child processes: started to die with us, recorded by pid, stopped whole.

Each child leads a process group of its own, so that what it forked goes with it. Its pid and start time are written
down; at the next start whatever is left of an earlier family is stopped first, and nothing else is ever touched.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MAX_LOG = 10 << 20
WRAPPER = Path(__file__).with_name("child.py")


@dataclass
class Child:
    """One process of the platform and how to start it."""

    name: str
    argv: Sequence[str]
    logs: Path
    pids: Path
    env: Mapping[str, str] = field(default_factory=dict)
    owner: tuple[int, int] | None = None
    """uid and gid to run as; only root may say"""
    stop_signal: signal.Signals = signal.SIGTERM
    patience_s: float = 10.0
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> Path:
        return self.logs / f"{self.name}.log"

    def start(self) -> None:
        """Start it, its output going to its log. Must be called from the main thread: it dies with the thread."""
        _rotate(self.log)
        uid, gid = self.owner or (-1, -1)
        wrapped = [sys.executable, "-IS", str(WRAPPER), str(os.getpid()), str(uid), str(gid)]
        wrapped += [str(int(self.stop_signal)), *self.argv]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                wrapped,
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/" if self.owner else None,
            )
        _record(self.pids / f"{self.name}.json", self.process.pid)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end, wait, then end its whole group."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(self.patience_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
        _kill_group(self.process.pid)
        self.process.wait()
        (self.pids / f"{self.name}.json").unlink(missing_ok=True)

    def last_words(self, lines: int = 8) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def stop_leftovers(pids: Path, patience_s: float = 10.0) -> list[str]:
    """Stop what an earlier family left running. Returns the names of what was found."""
    found = {path.stem: _recorded(path) for path in sorted(pids.glob("*.json"))}
    alive = {name: process for name, process in found.items() if process}
    for process in alive.values():
        process.send_signal(signal.SIGQUIT if "postgres" in process.name() else signal.SIGTERM)
    _, stubborn = psutil.wait_procs(list(alive.values()), timeout=patience_s)
    for process in stubborn:
        process.kill()
    for process in alive.values():
        _kill_group(process.pid)
    for path in pids.glob("*.json"):
        path.unlink()
    return list(alive)


def _record(path: Path, pid: int) -> None:
    path.write_text(json.dumps({"pid": pid, "started": psutil.Process(pid).create_time()}))


def _recorded(path: Path) -> psutil.Process | None:
    """The recorded process, if it is still that one and not another that got its number."""
    try:
        known = json.loads(path.read_text())
        process = psutil.Process(known["pid"])
        return process if abs(process.create_time() - known["started"]) < 1 else None
    except (ValueError, KeyError, psutil.NoSuchProcess):
        return None


def _kill_group(leader: int) -> None:
    """End what is left of the group; its leader's number cannot be given away while the group lives."""
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            os.killpg(leader, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
        time.sleep(0.02)


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > MAX_LOG:
        log.replace(log.with_suffix(".log.1"))
