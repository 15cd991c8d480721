"""What is measured of each server. Every figure has its unit in its name; None is what could not be measured."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingestion.load import Sent, send
from ingestion.processes import peak
from ingestion.rest import rest
from ingestion.servers import Server
from ingestion.sightings import Sightings, drain
from ingestion.supply import Body

PATIENCE_S = 20.0


@dataclass(frozen=True)
class Burst:
    """As fast as answers come."""

    spans: int
    acknowledged_per_s: float
    queryable_per_s: float
    """from the first request to the last span that could be read"""
    p50_ms: float | None
    p99_ms: float | None
    lag_s: float
    """from the last answer until all could be read"""
    assembled_after_s: float | None
    """from the last answer until all calls were put together"""
    lost: int
    busy: int
    failed: dict[str, int]
    server_cpu_s_per_100k: float
    postgres_cpu_s_per_100k: float
    memory_mb: float


def burst(server: Server, bodies: Sequence[Body], connections: int) -> Burst:
    before, cpu = server.store.count(), (server.own_cpu_s(), server.postgres_cpu_s())
    with peak(server.memory_mb) as memory:
        sent = send(server.target, bodies, connections=connections)
        drained = drain(Sightings(server.store, bodies), sent, before, patience_s=PATIENCE_S)
        read_at = _all_read(server)
    per_100k = 1e5 / max(1, drained.visible)
    return Burst(
        spans=sent.spans,
        acknowledged_per_s=sent.spans_per_s,
        queryable_per_s=drained.visible / (drained.at - sent.began),
        p50_ms=_percentile_ms(sent.waits, 50),
        p99_ms=_percentile_ms(sent.waits, 99),
        lag_s=max(0.0, drained.at - sent.ended),
        assembled_after_s=read_at and read_at - sent.ended,
        lost=max(0, sent.spans - drained.visible),
        busy=sent.busy,
        failed=dict(sent.failed),
        server_cpu_s_per_100k=(server.own_cpu_s() - cpu[0]) * per_100k,
        postgres_cpu_s_per_100k=(server.postgres_cpu_s() - cpu[1]) * per_100k,
        memory_mb=memory.most,
    )


def _all_read(server: Server) -> float | None:
    """When all calls were put together from their spans."""
    if server.layout.calls_left is None:
        return None
    deadline = time.perf_counter() + 300
    while server.store.calls_left() and time.perf_counter() < deadline:
        time.sleep(0.05)
    return time.perf_counter()


def _percentile_ms(seconds: Sequence[float], which: float) -> float | None:
    return float(np.percentile(seconds, which)) * 1e3 if seconds else None


@dataclass(frozen=True)
class Paced:
    """At a rate that all servers named can bear."""

    rate: float
    p50_ms: float | None
    p99_ms: float | None
    visible_p50_ms: float | None
    """from a body's answer until its marked span could be read, which is looked for every 20 ms"""
    visible_p95_ms: float | None
    visible_p99_ms: float | None
    lost: int
    failed: dict[str, int]


def paced(server: Server, bodies: Sequence[Body], rate: float, connections: int) -> Paced:
    before, sightings = server.store.count(), Sightings(server.store, bodies)
    with sightings.during(len(bodies)):
        sent = send(server.target, bodies, connections=connections, rate=rate)
    drained = drain(sightings, sent, before, patience_s=PATIENCE_S)
    seen = [
        max(0.0, at - sent.acknowledged[number]) for number, at in sightings.at.items() if number in sent.acknowledged
    ]
    return Paced(
        rate=rate,
        p50_ms=_percentile_ms(sent.waits, 50),
        p99_ms=_percentile_ms(sent.waits, 99),
        visible_p50_ms=_percentile_ms(seen, 50),
        visible_p95_ms=_percentile_ms(seen, 95),
        visible_p99_ms=_percentile_ms(seen, 99),
        lost=max(0, sent.spans - drained.visible),
        failed=dict(sent.failed),
    )


@dataclass(frozen=True)
class Sustained:
    """One rate, kept up: whether storing keeps pace with acknowledging."""

    rate: float
    seconds: float
    spans_per_s: float
    """acknowledged and readable"""
    backlog_s: float
    """of load that was due and not readable when the last was due"""
    assembled_per_s: float | None
    """calls put together while it lasted"""
    assembled_after_s: float | None
    lost: int
    failed: dict[str, int]

    @property
    def held(self) -> bool:
        return self.backlog_s < 1.0 and not self.lost and not self.failed


def sustained(server: Server, bodies: Sequence[Body], rate: float, connections: int) -> Sustained:
    before, calls, sightings = server.store.count(), server.store.calls_read(), Sightings(server.store, bodies)
    due_s = sum(body.spans for body in bodies) / rate
    sent = send(server.target, bodies, connections=connections, rate=rate, most_s=due_s + 1)
    calls_then, behind_s = server.store.calls_read(), _behind_s(sightings, sent, bodies, due_s)
    drained = drain(sightings, sent, before, patience_s=PATIENCE_S)
    read_at = _all_read(server)
    took = sent.ended - sent.began
    return Sustained(
        rate=rate,
        seconds=took,
        spans_per_s=drained.visible / (drained.at - sent.began),
        backlog_s=behind_s,
        assembled_per_s=None if calls is None or calls_then is None else (calls_then - calls) / took,
        assembled_after_s=read_at and read_at - sent.ended,
        lost=max(0, sent.spans - drained.visible),
        failed=dict(sent.failed),
    )


def _behind_s(sightings: Sightings, sent: Sent, bodies: Sequence[Body], due_s: float) -> float:
    """Seconds of load that cannot be read yet: what is not acknowledged, and what is and not stored."""
    sightings.look(range(len(bodies)), most=len(bodies))  # all in one query, so at one moment
    late_s = max(0.0, sent.ended - sent.began - due_s)
    return late_s + due_s * len(sightings.unseen(range(len(bodies)))) / len(bodies)


@dataclass(frozen=True)
class Killed:
    """`kill -9` at the moment of the last answer, and a start on what is left."""

    acknowledged: int
    found: int
    lost: int
    back_after_s: float
    """until it answered again"""
    there_after_s: float
    """until the last span that was found could be read"""


def killed(server: Server, bodies: Sequence[Body], connections: int) -> Killed:
    before, processes = server.store.count(), server.processes()
    sent = send(server.target, bodies, connections=connections)
    server.kill(processes)
    began = time.perf_counter()
    server.start()
    back = time.perf_counter()
    drained = drain(Sightings(server.store, bodies), sent, before, patience_s=PATIENCE_S + server.lease_s)
    rest(server)
    lost = max(0, sent.spans - drained.visible)
    return Killed(sent.spans, drained.visible, lost, back - began, max(back, drained.at) - began)
