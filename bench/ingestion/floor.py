"""The floor: the least that a durable server in Python does. One Flask view, one COPY a request, 200 after the commit.

Nothing around it: no keys, no projects, no reading of calls. Run by `python -m granian ... ingestion.floor:app` with
FLOOR_DATABASE_URL; `TABLE` has to be there. A span that comes twice is stored once.
"""

import gzip
import os
import threading
from collections.abc import Iterator
from typing import Any

import orjson
import psycopg
from flask import Flask, Response, request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

TABLE = """
create table spans (
  trace_id uuid, span_id bytea, parent_id bytea, name text not null, kind int not null, status int not null,
  start_ns bigint not null, end_ns bigint not null, session text, attributes jsonb not null,
  primary key (trace_id, span_id));
create index on spans (start_ns);
create index on spans (session);
create index on spans (name, start_ns);
"""
STAGE = "create temporary table incoming (like spans) on commit delete rows"
KEEP = "insert into spans select * from incoming on conflict do nothing"

app = Flask(__name__)
of_thread = threading.local()


@app.get("/healthz")
def health() -> str:
    return "up"


@app.post("/v1/traces")
def take() -> Response:
    packed = request.get_data(cache=False)
    if request.content_encoding == "gzip":
        packed = gzip.decompress(packed)
    connection = _connection()
    with connection.transaction(), connection.cursor() as cursor:
        with cursor.copy("copy incoming from stdin") as copy:
            for row in _rows(ExportTraceServiceRequest.FromString(packed)):
                copy.write_row(row)
        cursor.execute(KEEP)
    return Response(b"", content_type="application/x-protobuf")


def _connection() -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection of this thread's own, with its table to copy into."""
    if not hasattr(of_thread, "connection") or of_thread.connection.closed:
        of_thread.connection = psycopg.connect(os.environ["FLOOR_DATABASE_URL"], autocommit=True)
        of_thread.connection.execute(STAGE)
    return of_thread.connection  # type: ignore[no-any-return]


def _rows(sent: ExportTraceServiceRequest) -> Iterator[tuple[Any, ...]]:
    for group in sent.resource_spans:
        for scoped in group.scope_spans:
            for span in scoped.spans:
                told = {one.key: _plain(one.value) for one in span.attributes}
                ids = (span.trace_id.hex(), f"\\x{span.span_id.hex()}", f"\\x{span.parent_span_id.hex()}")
                times = (span.start_time_unix_nano, span.end_time_unix_nano)
                stored = orjson.dumps(told).decode()
                yield (*ids, span.name, span.kind, span.status.code, *times, told.get("session.id"), stored)


def _plain(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None
