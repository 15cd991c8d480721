"""Spans as a sender makes them, and what becomes of them in the workers."""

import json
from typing import Any

from sqlalchemy import text

from evalhub.models import Project
from evalhub.services import Services
from evalhub.traces import assembling, span_inbox
from evalhub.traces.formats import otlp
from evalhub.traces.inbox import SentBody, accept_spans

TRACE, OTHER = "5b8efff798038103d269b633813fc60c", "aaaafff798038103d269b633813fc60c"
START = 1_700_000_000_000_000_000


def span(number: int, trace: str = TRACE, parent: int | None = 0, **attributes: Any) -> dict[str, Any]:
    """One OTLP/JSON span; number 0 is the root."""
    ids = {"traceId": trace, "spanId": f"{number + 1:016x}"}
    if parent is not None and number:
        ids["parentSpanId"] = f"{parent + 1:016x}"
    times = {"startTimeUnixNano": str(START + number * 10**9), "endTimeUnixNano": str(START + (number + 1) * 10**9)}
    named = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
    return ids | times | {"name": f"step {number}", "attributes": named}


def body(*spans: dict[str, Any]) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"scope": {"name": "s"}, "spans": spans}]}]}).encode()


def keep(services: Services, project: Project, sent: bytes, kind: str = otlp.TRACES) -> None:
    with services.work() as session:
        headers = {"content-type": "application/json"}
        kept = SentBody(format=kind, body=sent, encoding="identity", body_bytes=len(sent), headers=headers)
        accept_spans(session, project.id, kept)


def send(services: Services, project: Project, *spans: dict[str, Any]) -> None:
    """Keep a body, store it, read its calls."""
    keep(services, project, body(*spans))
    settle(services)


def settle(services: Services) -> None:
    span_inbox.ingest_waiting(services)
    with services.work() as session:
        session.execute(text("update assembly set due_at = now()"))
    assembling.assemble_due(services)


def keyed(name: str) -> dict[str, str]:
    return {"gen_ai.conversation.id": name}
