"""How fast spans are acknowledged and stored: voice calls of 30 spans as OTLP, from a few connections at once.

python bench/spans.py --url http://127.0.0.1:8390 --api-key ehk_... --spans 60000 [--connections 4] [--batch 100]
    [--seconds 60 --rate 15000]

The key needs full access: `/metrics` tells when all is stored. With `--rate` the load is paced at so many spans a
second for `--seconds`; without it, it is a burst. Prints spans/s acknowledged, latency percentiles, and spans/s stored.
"""

import argparse
import gzip
import hashlib
import json
import re
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SPANS_A_CALL = 30
WAITING = re.compile(r"^evalhub_inbox_waiting_bodies (\S+)", re.MULTILINE)
STEPS = ("user_turn", "stt", "agent_turn", "llm", "tts")
TEXT = "I would like to return the snowboard that I ordered last week, please. " * 3


def bodies(count: int, batch: int, salt: str) -> Iterator[bytes]:
    """So many spans in packed requests; other salt, other ids."""
    for first in range(0, count, batch):
        request = ExportTraceServiceRequest()
        group = request.resource_spans.add()
        group.resource.attributes.add(key="service.name").value.string_value = "bench"
        scoped = group.scope_spans.add()
        for number in range(first, min(count, first + batch)):
            _add(scoped, number, salt)
        yield gzip.compress(request.SerializeToString(), 1)


def _add(scoped: object, number: int, salt: str) -> None:
    call, place = divmod(number, SPANS_A_CALL)
    trace = hashlib.md5(f"{salt}{call}".encode(), usedforsecurity=False).digest()
    start = time.time_ns() + place * 10**8
    span = scoped.spans.add(  # type: ignore[attr-defined]
        trace_id=trace,
        span_id=(place + 1).to_bytes(8),
        parent_span_id=b"" if place == 0 else max(1, place // 3).to_bytes(8),
        name=STEPS[place % len(STEPS)] if place else "conversation",
        start_time_unix_nano=start,
        end_time_unix_nano=start + 9 * 10**7,
    )
    said = {"gen_ai.conversation.id": f"bench-{salt}-{call}", "gen_ai.request.model": "gpt-5-mini", "text": TEXT}
    for key, value in (said | {"messages": json.dumps([{"role": "user", "content": TEXT}])}).items():
        span.attributes.add(key=key).value.string_value = value
    span.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = number % 900


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8390")
    parser.add_argument("--api-key", required=True)
    parser.add_argument("--spans", type=int, default=60_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--rate", type=float, help="spans a second; as fast as possible without it")
    parser.add_argument("--seconds", type=float, default=60)
    chosen = parser.parse_args()
    count = round(chosen.rate * chosen.seconds) if chosen.rate else chosen.spans
    ready = list(bodies(count, chosen.batch, f"{time.time_ns():x}"))
    client = httpx.Client(base_url=chosen.url, headers={"x-api-key": chosen.api_key}, timeout=60, trust_env=False)
    with client, ThreadPoolExecutor(chosen.connections) as pool:
        started = time.perf_counter()
        every = chosen.batch / chosen.rate if chosen.rate else 0.0
        waits = list(pool.map(lambda item: post(client, *item, started, every), enumerate(ready)))
        acknowledged = time.perf_counter() - started
        while waiting(client):
            threading.Event().wait(0.05)
        stored = time.perf_counter() - started
    cuts = statistics.quantiles(waits, n=100)
    print(f"{count:,} spans acknowledged in {acknowledged:.2f} s: {count / acknowledged:,.0f} spans/s")
    print(
        f"latency of a request: p50 {cuts[49] * 1e3:.1f} ms, p95 {cuts[94] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms"
    )
    print(f"all stored after {stored:.2f} s: {count / stored:,.0f} spans/s")


def post(client: httpx.Client, number: int, body: bytes, started: float, every: float) -> float:
    """Seconds until one request was acknowledged; it is sent when its turn has come."""
    threading.Event().wait(max(0.0, started + number * every - time.perf_counter()))
    begun = time.perf_counter()
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
    client.post("/v1/traces", content=body, headers=headers).raise_for_status()
    return time.perf_counter() - begun


def waiting(client: httpx.Client) -> float:
    found = WAITING.search(client.get("/metrics").raise_for_status().text)
    return float(found[1]) if found else 0.0


if __name__ == "__main__":
    main()
