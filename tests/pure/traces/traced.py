"""Bodies that real clients sent, put back together as calls. `sample_traces/<client>/` says what is in them."""

import gzip
from collections.abc import Iterator
from pathlib import Path

from evalhub.bundled import bundled
from evalhub.traces.formats import otlp
from evalhub.traces.grouping import calls_of
from evalhub.traces.spans import TracedCall


def bodies(folder: str) -> Iterator[tuple[Path, bytes]]:
    """The bodies below a folder of sample_traces, in the order they were sent, unpacked."""
    for path in sorted((bundled("sample_traces") / folder).glob("*.body.*")):
        yield path, gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def traced_calls(folder: str, *, logs: frozenset[str] = frozenset()) -> list[TracedCall]:
    """The calls in the OTLP bodies of a folder; `logs` names the bodies that went to /v1/logs."""
    spans, records = [], []
    for path, body in bodies(folder):
        decode = otlp.decode_logs if path.name in logs else otlp.decode_traces
        decoded = decode(body, json=".json" in path.name)
        spans += decoded.spans
        records += decoded.logs
    return calls_of(spans, records)
