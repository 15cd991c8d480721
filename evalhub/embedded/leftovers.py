"""What an earlier family left running when it was killed: found for certain, and stopped.

A child is known again by its number and the moment it was born; what a child forked, by EVALHUB_FAMILY in its
environment. Nothing else is ever touched: numbers are given away again.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from evalhub.embedded.files import write_whole

FAMILY = "EVALHUB_FAMILY"
PATIENCE_S = 10.0


def record(path: Path, pid: int, stop_signal: signal.Signals, family: str) -> None:
    """Write down a process, so that the next start knows it."""
    write_whole(path, json.dumps({"pid": pid, "born": born(pid), "signal": int(stop_signal), "family": family}))


def stop_leftovers(pids: Path, family: str) -> None:
    """Stop what an earlier family of this data folder left running."""
    known = [json.loads(path.read_text()) for path in pids.glob("*.json")]
    signals = {entry["pid"]: entry["signal"] for entry in known if _is_alive(entry, family)}
    strays = {process.pid: signal.SIGTERM for process in _strays(family)}
    end([(psutil.Process(pid), number) for pid, number in (strays | signals).items()], [PATIENCE_S])
    for path in pids.glob("*.json"):
        path.unlink()


def end(processes: Sequence[tuple[psutil.Process, int]], patience_s: Sequence[float]) -> None:
    """Ask each process to end by its signal, wait, then kill what is left."""
    living = list(processes)
    for patience in patience_s:
        for process, number in living:
            send(process, number)
        living = wait_for_end(living, patience)
    for process, _ in living:
        send(process, signal.SIGKILL)
    wait_for_end(living, PATIENCE_S)


def born(pid: int) -> str | None:
    """When a process was born, as a text that no other process of that number ever has; none if it is gone."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {after_name[19]}"
    except FileNotFoundError:
        return _born_elsewhere(pid)


def _born_elsewhere(pid: int) -> str | None:
    try:
        return str(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def send(process: psutil.Process, number: int) -> None:
    """Send a signal; no error if the process is gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def wait_for_end(living: Sequence[tuple[psutil.Process, int]], patience_s: float) -> list[tuple[psutil.Process, int]]:
    """Those that are still there after a while. One that only waits to be reaped is gone: nobody may ever reap it."""
    deadline = time.monotonic() + patience_s
    left = [entry for entry in living if is_running(entry[0])]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [entry for entry in left if is_running(entry[0])]
    return left


def is_running(process: psutil.Process) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def working_in(folder: Path, name: str) -> list[psutil.Process]:
    """Programs of that name whose working folder this is."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() == name and process.cwd() == str(folder) and is_running(process):
                found.append(process)
    return found


def _is_alive(entry: dict[str, Any], family: str) -> bool:
    """The data folder may have been copied while it was in use, with the records of the original's processes."""
    return entry["family"] == family and entry["born"] is not None and entry["born"] == born(entry["pid"])


def _strays(family: str) -> Iterator[psutil.Process]:
    ours = {os.getpid(), *(process.pid for process in psutil.Process().parents())}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid not in ours and process.environ().get(FAMILY) == family:
                yield process
