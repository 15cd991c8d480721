"""Help for the tests of the embedded platform: folders, a platform in a process of its own, waiting."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import psycopg

from evalhub.embedded.datadir import DataDir
from evalhub.embedded.leftovers import is_running
from evalhub.embedded.live import find_live
from evalhub.embedded.platform import running
from evalhub.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]


def eventually(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first true answer; fails when none comes in time."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)
    return answer


@contextmanager
def passable_folder() -> Iterator[Path]:
    """A short folder that every user may pass through, unlike pytest's own."""
    with TemporaryDirectory(prefix="evalhub-test-", dir="/tmp") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def settings(data: Path, **overrides: Any) -> Settings:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Settings(**({"data_dir": data, "port": port} | overrides))


def ask(url: str, statement: str) -> Any:
    """The first value of the first row."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchone()[0] if cursor.description else None


def answers(url: str) -> bool:
    try:
        return bool(ask(url, "select true"))
    except psycopg.OperationalError:
        return False


def sleeper(mark: Path) -> list[str]:
    """A child that forks another and writes down both numbers."""
    script = (
        "import os, pathlib, sys, time; child = os.fork();"
        "child and pathlib.Path(sys.argv[1]).write_text(f'{os.getpid()} {child}'); time.sleep(600)"
    )
    return [sys.executable, "-c", script, str(mark)]


def pids_in(mark: Path) -> list[int]:
    eventually(lambda: mark.exists() and mark.read_text())
    return [int(text) for text in mark.read_text().split()]


def all_gone(pids: list[int]) -> bool:
    return not any(psutil.pid_exists(pid) and is_running(psutil.Process(pid)) for pid in pids)


def family_of(process: "subprocess.Popen[str]") -> list[int]:
    return [child.pid for child in psutil.Process(process.pid).children(recursive=True)]


@contextmanager
def other_process(data: Path, **env: str) -> Iterator["subprocess.Popen[str]"]:
    """A platform in a process of its own, up, with a sleeper as its child; `data`/mark has the sleeper's numbers."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(data)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), os.environ.get("PYTHONPATH", "")]), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        eventually(lambda: process.poll() is not None or find_live(DataDir.at(data)))
        assert process.poll() is None, process.communicate()
        yield process
    finally:
        process.terminate()
        process.communicate()


def main() -> None:
    data = Path(sys.argv[1])
    with suppress(KeyboardInterrupt), running(settings(data)) as platform:
        platform.add("sleeper", sleeper(data / "mark"), {})
        platform.supervise()


if __name__ == "__main__":
    main()
