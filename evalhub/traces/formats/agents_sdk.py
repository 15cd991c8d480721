"""The OpenAI Agents SDK's own trace export: JSON items to records.

A trace's item comes once, at its start, and has no times; a span's item comes once, at its end, and a parent is sent
after its children. The trace's item becomes a record of its own, without times: its name, group and metadata.
Read from openai-agents 0.24.0 (`BackendSpanExporter`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from evalhub.errors import Problem, Unreadable, describe
from evalhub.traces.bodies import read_json
from evalhub.traces.formats import Parsed
from evalhub.traces.formats.otlp import Decoded
from evalhub.traces.formats.peek import first_object
from evalhub.traces.spans import SpanRecord

NAME = "agents_sdk"
SCOPE = "openai-agents"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_ID = 255
OBJECT = re.compile(rb'"object"\s*:\s*"trace(\.span)?"')


def recognises(head: bytes, media_type: str | None) -> bool:  # noqa: ARG001  (the content decides)
    """Whether it is an object with a list of traces and spans under `data`."""
    return first_object(head).get("data") is list and OBJECT.search(head) is not None


def parse(body: bytes, conversation_id: str | None) -> Parsed:  # noqa: ARG001  (spans name their calls themselves)
    """The calls in one export.

    Raises:
        Unreadable: it is none.
    """
    from evalhub.traces.traced_files import parse_records

    return parse_records([decode(body)])


def decode(body: bytes) -> Decoded:
    """The spans of one export.

    Raises:
        Unreadable: not JSON, or not an object with a list of items under `data`.
    """
    export = read_json(body, [])
    items = export.get("data") if isinstance(export, dict) else None
    if not isinstance(items, list):
        expected = 'an object with a list of items: {"data": [...]}'
        raise Unreadable("This is no export of the Agents SDK.", [Problem("data", expected, describe(export))])
    decoded = Decoded()
    for index, item in enumerate(items):
        if (span := _span(item)) is None:
            decoded.reject(f"data[{index}]: expected a trace or a trace.span with ids; got {describe(item)}")
        else:
            decoded.spans.append(span)
    return decoded


def _span(item: Any) -> SpanRecord | None:
    if not isinstance(item, dict):
        return None
    if item.get("object") == "trace" and _is_id(item.get("id")):
        return _trace(item)
    if item.get("object") == "trace.span" and _is_id(item.get("id")) and _is_id(item.get("trace_id")):
        return _timed(item)
    return None


def _trace(item: dict[str, Any]) -> SpanRecord:
    known = {name: item[name] for name in ("workflow_name", "group_id", "metadata") if item.get(name) is not None}
    name = str(item.get("workflow_name") or "")
    return SpanRecord(trace_id=item["id"], span_id=item["id"], name=name, attributes=known, scope=SCOPE)


def _timed(item: dict[str, Any]) -> SpanRecord:
    data = item.get("span_data")
    data = data if isinstance(data, dict) else {}
    error = item.get("error")
    error = error if isinstance(error, dict) else {}
    attributes = data | {"error": error or None, "metadata": item.get("metadata")}
    return SpanRecord(
        trace_id=item["trace_id"],
        span_id=item["id"],
        parent_id=item["parent_id"] if _is_id(item.get("parent_id")) else None,
        name=str(data.get("name") or data.get("type") or ""),
        start_ns=time_ns(item.get("started_at")),
        end_ns=time_ns(item.get("ended_at")),
        status="error" if error else None,
        message=str(error["message"]) if error.get("message") else None,
        attributes={key: value for key, value in attributes.items() if value is not None},
        scope=SCOPE,
    )


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()


def time_ns(text: Any) -> int | None:
    """An ISO time as unix nanoseconds, exact to the microsecond; None where they fit into no 64 bits."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    found = (moment - EPOCH) // timedelta(microseconds=1) * 1000
    return found if abs(found) < 1 << 63 else None
