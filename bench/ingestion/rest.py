"""Servers before and between measurements: warm, and with nothing left to do."""

import os
import time

from ingestion.calls import SPANS_A_CALL
from ingestion.load import send
from ingestion.servers import Server
from ingestion.sightings import Sightings, drain
from ingestion.supply import Supply

SMALL_BATCH = 20
MANY_CONNECTIONS = 12
RESTING = 0.1
"""cores that a server may use and be called resting"""
REST_S = 600.0


def warm(server: Server, calls: int, pause_s: float) -> None:
    """Small requests over many connections, so that every worker process has stored spans before the clock starts."""
    bodies, before = Supply(SMALL_BATCH).take(calls * SPANS_A_CALL), server.store.count()
    sent = send(server.target, bodies, connections=MANY_CONNECTIONS)
    drain(Sightings(server.store, bodies), sent, before, patience_s=30)
    rest(server)
    time.sleep(pause_s)


def rest(server: Server) -> float:
    """Wait until all calls are put together, and nothing is left that would disturb the next server: checks, vacuum.

    Returns seconds until the former was so.
    """
    began, deadline = time.perf_counter(), time.perf_counter() + REST_S
    while server.store.calls_left() and time.perf_counter() < deadline:
        time.sleep(0.1)
    read = time.perf_counter() - began
    _idle(server, deadline)
    server.store.tidy()
    os.sync()  # what it wrote would be on its way to the disk while the next one waits for that
    _idle(server, deadline)
    return read


def _idle(server: Server, deadline: float) -> None:
    while _cores_used(server) > RESTING and time.perf_counter() < deadline:
        pass


def _cores_used(server: Server, over_s: float = 1.0) -> float:
    before = server.own_cpu_s() + server.postgres_cpu_s()
    time.sleep(over_s)
    return (server.own_cpu_s() + server.postgres_cpu_s() - before) / over_s
