"""When acknowledged spans can be read in the database, and whether all of them can."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ingestion.database import Store
from ingestion.load import Sent
from ingestion.supply import Body

EVERY_S = 0.02
COUNT_EVERY_S = 0.25
MOST = 300


@dataclass
class Sightings:
    """The marked span of each body: when it was first seen. Times are those of `time.perf_counter`."""

    store: Store
    bodies: Sequence[Body]
    at: dict[int, float] = field(default_factory=dict)

    def unseen(self, numbers: Sequence[int]) -> list[int]:
        return [number for number in numbers if number not in self.at]

    def look(self, numbers: Sequence[int], most: int = MOST) -> bool:
        """Ask for the oldest of these that were not seen yet; whether any is there now."""
        wanted = self.unseen(numbers)[:most]
        found = self.store.find([(number, self.bodies[number].mark) for number in wanted])
        self.at |= dict.fromkeys(found, time.perf_counter())
        return bool(found)

    @contextmanager
    def during(self, sent_bodies: int) -> Iterator[None]:
        """Look for all bodies while they are sent."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(EVERY_S):
                self.look(range(sent_bodies))

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@dataclass(frozen=True)
class Drained:
    """What was there at last."""

    visible: int
    """spans"""
    at: float
    """when the last of them was seen"""


def drain(sightings: Sightings, sent: Sent, before: int, *, patience_s: float, most_s: float = 900) -> Drained:
    """Wait until all acknowledged spans can be read, or nothing has come for `patience_s` seconds.

    Marked spans first: that costs the server's database next to nothing. Then all are counted.
    """
    numbers, deadline = list(sent.acknowledged), time.perf_counter() + most_s
    moved = max(sightings.at.values(), default=sent.ended)
    quiet_since = time.perf_counter()
    while sightings.unseen(numbers) and time.perf_counter() < min(deadline, quiet_since + patience_s):
        if sightings.look(numbers):
            moved = quiet_since = time.perf_counter()
        else:
            time.sleep(EVERY_S)
    return _count(sightings.store, before, sent.spans, moved, 0.0 if sightings.unseen(numbers) else patience_s)


def _count(store: Store, before: int, wanted: int, moved: float, patience_s: float) -> Drained:
    visible, quiet_since = store.count() - before, time.perf_counter()
    while visible < wanted and time.perf_counter() < quiet_since + patience_s:
        time.sleep(COUNT_EVERY_S)
        if (now_visible := store.count() - before) > visible:
            visible, moved = now_visible, time.perf_counter()
            quiet_since = moved
    return Drained(visible, moved)
