"""One call while it goes on: sound and events go through a bounded queue to a thread that writes them to a folder."""

from __future__ import annotations

import json
import logging
import queue
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Self

from .sending import send, target

log = logging.getLogger("evalhub.recorders")
MOST_WAITING = 20_000
PATIENCE_S = 0.2
Work = tuple[float, Callable[..., None], tuple[Any, ...]]


class Call:
    """Records a call from now until `close`, or the end of the program.

    Args:
        conversation_id: under which evalhub keeps the call, the same as in its traces; a Realtime call without one goes
            by the id of its session.
        url, api_key: where to send it; `EVALHUB_URL` and `EVALHUB_API_KEY` otherwise.
    """

    def __init__(self, conversation_id: str | None = None, *, url: str | None = None, api_key: str | None = None):
        self.id, self.lost, self.closed = conversation_id, 0, False
        self.target = target(url, api_key)
        self._zero = time.time() - time.monotonic()
        self._waiting: queue.Queue[Work] = queue.Queue(MOST_WAITING)
        self._files: dict[str, BinaryIO] = {}
        self._rates: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="evalhub-recorder")
        if self.target:
            self.folder = Path(tempfile.mkdtemp(prefix="evalhub-call-"))
            self._thread.start()
            self.later(self.note, {"id": self.id})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def caller(self, pcm: bytes, rate: int) -> None:
        """Sound of the caller that ended just now: 16-bit little-endian samples, one channel."""
        self.later(self.sound, "caller", pcm, rate)

    def agent(self, pcm: bytes, rate: int, item: str | None = None) -> None:
        """Sound of the agent that is played from now on, or after what is still playing."""
        self.later(self.sound, "agent", pcm, rate, item)

    def cut(self, item: str | None = None, heard_ms: float | None = None) -> None:
        """What has not been played will not be; of `item`, `heard_ms` were."""
        self.later(self.note, {"cut": item, "heard_ms": heard_ms})

    def played(self, item: str, ms: float) -> None:
        """The first `ms` of an item have just been played, for clients that know it."""
        self.later(self.note, {"played": item, "ms": ms})

    def close(self, *, wait_s: float = 0) -> None:
        """The call is over: send it. Returns at once, or when it is sent, but after `wait_s` at the latest."""
        if not self.closed:
            self.later(self.note, {"over": True})
            self.closed = True
        if wait_s and self._thread.is_alive():
            self._thread.join(wait_s)

    def later(self, work: Callable[..., None], *args: Any) -> None:
        """Have `work(time, *args)` done in the thread."""
        if self.closed or not self.target:
            return
        try:
            self._waiting.put_nowait((self._zero + time.monotonic(), work, args))
        except queue.Full:
            self.lost += 1

    # What follows runs in the thread.

    def sound(self, at: float, side: str, pcm: bytes, rate: int, item: str | None = None) -> None:
        if self._rates.setdefault(side, rate) != rate:
            raise ValueError("the sample rate changed")
        count = self._file(f"{side}.pcm").write(pcm[: len(pcm) // 2 * 2])
        self.note(at, {"side": side, "bytes": count, "rate": rate, "item": item})

    def event(self, at: float, direction: str, event: dict[str, Any]) -> None:
        line = json.dumps({"t": at, "dir": direction, "event": event})
        self._file("events.jsonl").write(line.encode() + b"\n")

    def note(self, at: float, entry: dict[str, Any]) -> None:
        self._file("notes.jsonl").write(json.dumps({"t": at} | entry).encode() + b"\n")

    def _file(self, name: str) -> BinaryIO:
        if name not in self._files:
            self._files[name] = (self.folder / name).open("wb")
        return self._files[name]

    def _run(self) -> None:
        while (entry := self._next()) is not None:
            at, work, args = entry
            try:
                work(at, *args)
            except (OSError, TypeError, ValueError, KeyError, AttributeError) as error:  # the call goes on without it
                self.lost += 1
                log.debug("a piece of call %s is left out", self.id, exc_info=error)
        for file in self._files.values():
            file.close()
        if self.lost:
            log.error("%d pieces of call %s were not recorded", self.lost, self.id)
        if self.target:
            send(self.folder, self.target)

    def _next(self) -> Work | None:
        """None when the call is closed, or the program ends without closing it."""
        main = threading.main_thread()
        while True:
            try:
                return self._waiting.get(timeout=PATIENCE_S)
            except queue.Empty:
                if self.closed or not main.is_alive():
                    return None
