"""A child process: starts to die with us, is recorded by number, and is stopped whole.

Each child leads a process group of its own, so that what it forked goes with it, and Ctrl-C reaches only us.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from evalhub.embedded.leftovers import FAMILY, record
from evalhub.embedded.owner import Owner

MAX_LOG = 10 << 20
KILL_S = 5.0
WRAPPER = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class Places:
    """Where the children of one family leave their traces."""

    logs: Path
    pids: Path
    family: str


@dataclass(kw_only=True)
class Child:
    """One process of the platform and how to start it."""

    name: str
    argv: Sequence[str]
    places: Places
    env: Mapping[str, str] = field(default_factory=dict)
    inherits: bool = True
    """whether it sees our environment too"""
    owner: Owner | None = None
    """who it runs as, if not we ourselves"""
    stop_signal: signal.Signals = signal.SIGTERM
    urgent_signal: signal.Signals = signal.SIGKILL
    """sent when patience is over, before the whole group is killed"""
    patience_s: float = 10.0
    niceness: int = 0
    """above 0 it gives way to the others when cores are short"""
    folder: Path = Path("/")
    """where it works; never where evalhub was started, because Python imports from there"""
    before_start: Callable[[], None] = lambda: None
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0

    @property
    def log(self) -> Path:
        return self.places.logs / f"{self.name}.log"

    def start(self) -> None:
        """Start it, its output going to its log. From the main thread only: it dies with the thread that starts it."""
        self.before_start()
        self.bound_log()
        uid, gid = (self.owner.uid, self.owner.gid) if self.owner and not self.owner.is_us else (-1, -1)
        numbers = (os.getpid(), uid, gid, int(self.stop_signal), self.niceness)
        wrapped = [sys.executable, "-IS", str(WRAPPER), *map(str, numbers)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*wrapped, *self.argv],
                env={**(os.environ if self.inherits else {}), **self.env, FAMILY: self.places.family},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
            )
        self.started_at = time.monotonic()
        with suppress(OSError):  # a full disk is no reason to stay down
            record(self._record, self.process.pid, self.stop_signal, self.places.family)

    @property
    def _record(self) -> Path:
        return self.places.pids / f"{self.name}.json"

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask(self) -> None:
        """Ask it to end."""
        if self.process is not None:
            self.process.send_signal(self.stop_signal)

    def finish(self) -> None:
        """Wait for it to end as long as its patience is, then end it and its whole group."""
        if self.process is None:
            return
        if not self._ends(lambda: self.patience_s):
            self.process.send_signal(self.urgent_signal)
            self._ends(lambda: KILL_S)
        _kill_group(self.process.pid)
        self.process.wait()
        self._record.unlink(missing_ok=True)

    def _ends(self, patience_s: Callable[[], float]) -> bool:
        asked = time.monotonic()
        while self.is_running and time.monotonic() - asked < patience_s():
            time.sleep(0.02)
        return not self.is_running

    def bound_log(self) -> None:
        """Put the log aside when it is long. The child keeps writing to the same file: it appends, so it may be cut."""
        if self.log.exists() and self.log.stat().st_size > MAX_LOG:
            with suppress(OSError):
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)

    def note(self, text: str) -> None:
        """Add a line of ours to its log."""
        with suppress(OSError), self.log.open("a") as log:
            log.write(f"evalhub: {text}\n")

    def last_words(self, lines: int = 8) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def stop_together(children: Sequence[Child]) -> None:
    """Ask all of them to end, in this order, then wait for all of them."""
    for child in children:
        child.ask()
    for child in children:
        child.finish()


def _kill_group(leader: int) -> None:
    """End what is left of the group; its leader's number cannot be given away while the group lives."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
