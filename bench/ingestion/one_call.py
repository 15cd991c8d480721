"""One call of very many spans: how soon it is sent, put together, and on the screen."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from ingestion.load import send
from ingestion.measures import PATIENCE_S
from ingestion.ours import ADMIN, Evalhub
from ingestion.sightings import Sightings, drain
from ingestion.supply import Body

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
TURN_LIMIT_S = 300


@dataclass(frozen=True)
class OneCall:
    spans: int
    turns: int
    sent_s: float
    readable_s: float
    """from the first request until its turns can be read"""
    page_s: float
    """its page over HTTP, the first time it is asked for"""
    page_again_s: float
    spans_s: float
    """the first level of its tree of spans"""


def one_call(server: Evalhub, bodies: Sequence[Body], connections: int) -> OneCall:
    before, name = server.store.count(), bodies[0].mark.call
    sent = send(server.target, bodies, connections=connections)
    drain(Sightings(server.store, bodies), sent, before, patience_s=PATIENCE_S)
    _wait_until_read(server)
    readable = time.perf_counter() - sent.began
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=60, trust_env=False) as client:
        _sign_in(client, server.password)
        page = f"/p/default/conversations/{name}"
        seconds = [_seconds(client, address) for address in (page, page, f"{page}/spans")]
    return OneCall(sent.spans, server.turns(name), sent.ended - sent.began, readable, *seconds)


def _wait_until_read(server: Evalhub) -> None:
    deadline = time.perf_counter() + TURN_LIMIT_S
    while server.store.calls_left() and time.perf_counter() < deadline:
        time.sleep(0.02)


def _sign_in(client: httpx.Client, password: str) -> None:
    token = TOKEN.search(client.get("/sign-in").raise_for_status().text)
    form = {"email": ADMIN, "password": password, "csrf_token": token[1] if token else ""}
    client.post("/sign-in", data=form, follow_redirects=True).raise_for_status()


def _seconds(client: httpx.Client, address: str) -> float:
    began = time.perf_counter()
    client.get(address).raise_for_status()
    return time.perf_counter() - began
