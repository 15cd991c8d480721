"""Sends bodies from a few connections that stay open: as fast as answers come, or paced."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from ingestion.supply import Body

TIMEOUT_S = 60.0
BUSY = (429, 503)
LONGEST_WAIT_S = 2.0


@dataclass(frozen=True)
class Target:
    """A server on this machine that takes OTLP over HTTP."""

    port: int
    headers: Mapping[str, str]
    path: str = "/v1/traces"


@dataclass
class Sent:
    """What came of it. Times are those of `time.perf_counter`."""

    began: float
    ended: float = 0.0
    acknowledged: dict[int, float] = field(default_factory=dict)
    """number of a body: when it was answered 2xx"""
    waits: list[float] = field(default_factory=list)
    """seconds until a body was answered 2xx; of a paced one from the moment it was due"""
    spans: int = 0
    busy: int = 0
    """answers 429 and 503; the body was sent again"""
    failed: Counter[str] = field(default_factory=Counter)

    @property
    def spans_per_s(self) -> float:
        return self.spans / (self.ended - self.began)


@dataclass
class _Load:
    target: Target
    bodies: Sequence[Body]
    every: float
    until: float
    sent: Sent
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: "count[int]" = field(default_factory=count)

    def send_all(self) -> None:
        """What one connection does: the next body whose turn it is, until there is none or time is up."""
        connection = http.client.HTTPConnection("127.0.0.1", self.target.port, timeout=TIMEOUT_S)
        while (number := next(self.numbers)) < len(self.bodies) and time.perf_counter() < self.until:
            due = self.sent.began + number * self.every if self.every else time.perf_counter()
            time.sleep(max(0.0, due - time.perf_counter()))
            self._send(connection, number, due)
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, number: int, due: float) -> None:
        body = self.bodies[number]
        try:
            while (status := self._ask(connection, body)) in BUSY and time.perf_counter() < self.until:
                self._note_busy()
        except (OSError, http.client.HTTPException) as error:
            connection.close()  # it is opened again by the next request
            self._note_failed(type(error).__name__)
            return
        if status < 300:
            self._note(number, due)
        else:
            self._note_failed(str(status))

    def _ask(self, connection: http.client.HTTPConnection, body: Body) -> int:
        connection.request("POST", self.target.path, body.content, dict(self.target.headers))
        response = connection.getresponse()
        answer = response.read()
        if response.status in BUSY:
            time.sleep(min(LONGEST_WAIT_S, float(response.getheader("Retry-After") or 0.05)))
        elif response.status < 300 and answer:
            self._note_rejected(answer)
        return response.status

    def _note(self, number: int, due: float) -> None:
        now = time.perf_counter()
        with self.lock:
            self.sent.acknowledged[number] = now
            self.sent.waits.append(now - due)
            self.sent.spans += self.bodies[number].spans

    def _note_busy(self) -> None:
        with self.lock:
            self.sent.busy += 1

    def _note_failed(self, why: str) -> None:
        with self.lock:
            self.sent.failed[why] += 1

    def _note_rejected(self, answer: bytes) -> None:
        rejected = ExportTraceServiceResponse.FromString(answer).partial_success.rejected_spans
        with self.lock:
            self.sent.spans -= rejected


def send(
    target: Target, bodies: Sequence[Body], *, connections: int, rate: float | None = None, most_s: float = 180.0
) -> Sent:
    """Send every body once, `rate` spans a second where it is given; gives up after `most_s` seconds."""
    every = bodies[0].spans / rate if rate else 0.0
    began = time.perf_counter()
    load = _Load(target, bodies, every, began + most_s, Sent(began))
    threads = [threading.Thread(target=load.send_all, daemon=True) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.sent.ended = max(load.sent.acknowledged.values(), default=time.perf_counter())
    return load.sent
