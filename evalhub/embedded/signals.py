"""Signals that end a program, heard while it runs and given back afterwards."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_signals(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` at each of them. An ignored SIGHUP stays so: that is how `nohup` keeps a program alive."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread hears signals
        yield
        return
    before = {number: signal.getsignal(number) for number in ENDING}
    heard = [number for number in ENDING if number != signal.SIGHUP or before[number] != signal.SIG_IGN]
    for number in heard:
        signal.signal(number, lambda *_: act())
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
