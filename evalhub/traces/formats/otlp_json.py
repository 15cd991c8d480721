"""OTLP's JSON encoding to the same messages as protobuf.

It differs from protobuf's own JSON mapping in the ids, which are hex instead of base64. Unknown fields are ignored.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.json_format import ParseDict, ParseError
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from evalhub.errors import Problem, Unreadable, describe
from evalhub.traces.bodies import read_json

IDS = ("traceId", "spanId", "parentSpanId")
Reject = Callable[[str], None]


def spans(body: bytes, reject: Reject) -> Iterator[tuple[Any, str, list[Any]]]:
    """Resource, scope name and spans of every group; a span that cannot be read is rejected alone."""
    return _groups(body, ("resourceSpans", "scopeSpans", "spans"), Span, reject)


def logs(body: bytes, reject: Reject) -> Iterator[tuple[Any, str, list[Any]]]:
    """Resource, scope name and log records of every group; a record that cannot be read is rejected alone."""
    return _groups(body, ("resourceLogs", "scopeLogs", "logRecords"), LogRecord, reject)


def _groups(
    body: bytes, names: tuple[str, str, str], kind: Any, reject: Reject
) -> Iterator[tuple[Any, str, list[Any]]]:
    request = read_json(body, [])
    outer, inner, items = names
    for path, group in _objects(request, outer, ""):
        resource = _whole(group.get("resource"), Resource, f"{path}.resource")
        for deeper, scoped in _objects(group, inner, f"{path}."):
            scope = _whole(scoped.get("scope"), InstrumentationScope, f"{deeper}.scope")
            yield resource, scope.name, list(_messages(scoped, items, deeper, kind, reject))


def _objects(holder: Any, name: str, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(holder, dict):
        raise _wrong(path or "body", "an object", holder)
    listed = holder.get(name) or []
    if not isinstance(listed, list):
        raise _wrong(f"{path}{name}", "a list", listed)
    for index, item in enumerate(listed):
        if not isinstance(item, dict):
            raise _wrong(f"{path}{name}[{index}]", "an object", item)
        yield f"{path}{name}[{index}]", item


def _whole(value: Any, kind: Any, path: str) -> Any:
    try:
        return ParseDict(value or {}, kind(), ignore_unknown_fields=True)
    except (ParseError, TypeError, AttributeError, ValueError) as error:
        raise _wrong(path, f"{kind.DESCRIPTOR.name} as in OTLP", value) from error


def _messages(scoped: dict[str, Any], items: str, path: str, kind: Any, reject: Reject) -> Iterator[Any]:
    for where, item in _objects(scoped, items, f"{path}."):
        try:
            yield ParseDict(_with_base64_ids(item), kind(), ignore_unknown_fields=True)
        except (ParseError, TypeError, AttributeError, ValueError) as error:
            reject(f"{where}: {error}")


def _with_base64_ids(item: dict[str, Any]) -> dict[str, Any]:
    """Links, whose ids are hex too, are left out: nothing reads them."""
    read = {name: value for name, value in item.items() if name != "links"}
    return read | {name: _base64(item[name]) for name in IDS if item.get(name)}


def _base64(hex_id: Any) -> str:
    return base64.b64encode(bytes.fromhex(hex_id)).decode()


def _wrong(path: str, expected: str, got: Any) -> Unreadable:
    return Unreadable("This is not OTLP in JSON.", [Problem(path, expected, describe(got))])
