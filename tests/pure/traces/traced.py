"""Bodies that real clients sent, put back together as calls. `sample_traces/<client>/` says what is in them."""

import gzip
import json
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


def addresses(folder: str) -> dict[str, str]:
    """Where each body was posted, by the number its file name begins with."""
    lines = (bundled("sample_traces") / folder / "requests.jsonl").read_text().splitlines()
    return {f"{sent['seq']:03}": sent["path"] for sent in map(json.loads, lines)}


def traced_calls(folder: str) -> list[TracedCall]:
    """The calls in the OTLP bodies of a folder."""
    spans, records, sent_to = [], [], addresses(folder)
    for path, body in bodies(folder):
        is_json, address = ".json" in path.name, sent_to[path.name[:3]]
        if "/traces" in address:
            spans += otlp.decode_traces(body, json=is_json).spans
        elif "/logs" in address:
            records += otlp.decode_logs(body, json=is_json).logs
    return calls_of(spans, records)
