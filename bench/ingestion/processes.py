"""What a server's processes cost: CPU seconds, and memory with shared pages shared out (PSS)."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import psutil


def family(pid: int) -> list[psutil.Process]:
    """A process and all under it; none where it has ended."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """Of these processes and of those under them that ended."""
    spent = 0.0
    for process in processes:
        with suppress(psutil.Error):
            spent += sum(process.cpu_times()[:4])  # own user and system, those of children that were waited for
    return spent


def pss_mb(processes: Iterable[psutil.Process]) -> float:
    held = 0
    for process in processes:
        with suppress(psutil.Error):
            held += process.memory_full_info().pss
    return held / 1e6


def kill(processes: Iterable[psutil.Process]) -> None:
    """SIGKILL for all of them at once; the first may be our child, and is not waited for here."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


class Peak:
    """The most that was measured."""

    def __init__(self) -> None:
        self.most = 0.0


@contextmanager
def peak(measure: Callable[[], float], every_s: float = 1.0) -> Iterator[Peak]:
    """Measure again and again while the block runs, and once at its end."""
    found, ended = Peak(), threading.Event()

    def watch() -> None:
        while not ended.wait(every_s):
            found.most = max(found.most, measure())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()
        found.most = max(found.most, measure())
