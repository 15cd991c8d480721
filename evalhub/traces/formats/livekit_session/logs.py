"""What LiveKit's log records say of a session: its report, or that report in pieces, and what its tagger noted.

The pieces are what `_upload_session_report` of livekit-agents 1.8.9 emits by the loggers "chat_history" (chat items as
protobuf turned to JSON) and "evaluations"; they matter where the upload of the report itself did not arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from evalhub.traces.formats.livekit_report import EVENT
from evalhub.traces.formats.loose import listing, mapping, words
from evalhub.traces.spans import LogRecord, TracedCall

HISTORY, EVALUATIONS = "chat_history", "evaluations"
OUTCOMES = {"lk.success": True, "lk.fail": False}
OWN_TAGS = "lk."


def is_told(log: LogRecord) -> bool:
    """Whether this record is a report or a piece of one."""
    by_session = "job_id" in log.attributes and log.attributes.get("logger.name") in (HISTORY, EVALUATIONS)
    return log.name == EVENT or by_session


def reports_of(call: TracedCall) -> list[dict[str, Any]]:
    """The latest report of each job in the call; where none came, what the pieces of one give."""
    whole = {str(mapping(log.body).get("job_id")): mapping(log.body) for log in call.logs if log.name == EVENT}
    if whole:
        return [*whole.values()]
    pieces = [log for log in call.logs if log.attributes.get("logger.name") == HISTORY]
    return [_from_pieces(pieces)] if pieces else []


def verdict_of(
    call: TracedCall, reports: Iterable[dict[str, Any]]
) -> tuple[dict[str, Any] | None, list[str], dict[str, Any]]:
    """Outcome, tags, and what else the tagger noted: reasons come by log records, the bare tags with the report."""
    tags = [tag for report in reports for tag in listing(report.get("tags")) if words(tag)]
    outcome: dict[str, Any] = next(({"resolved": good} for tag, good in OUTCOMES.items() if tag in tags), {})
    noted: dict[str, Any] = {}
    for log in call.logs:
        if log.attributes.get("logger.name") == EVALUATIONS:
            outcome |= _outcome(mapping(log.attributes.get("outcome")))
            noted |= _noted(log, noted)
    return outcome or None, [tag for tag in dict.fromkeys(tags) if not tag.startswith(OWN_TAGS)], noted


def _outcome(said: dict[str, Any]) -> dict[str, Any]:
    told = {"resolved": said["outcome"] == "success"} if said.get("outcome") in ("success", "fail") else {}
    return told | ({"reason": said["reason"]} if words(said.get("reason")) else {})


def _noted(log: LogRecord, before: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if judged := mapping(log.attributes.get("evaluation")):
        kept = {name: judged[name] for name in ("name", "verdict", "reasoning") if name in judged}
        yield "livekit_evaluations", [*before.get("livekit_evaluations", []), kept]
    tag = mapping(log.attributes.get("tag"))
    if words(tag.get("name")):
        yield "livekit_tags", before.get("livekit_tags", {}) | {str(tag["name"]): tag.get("metadata")}


def _from_pieces(logs: list[LogRecord]) -> dict[str, Any]:
    head = next((log.attributes for log in logs if log.body == "session report"), {})
    items = [item for log in logs if (item := _item(mapping(log.attributes.get("chat.item"))))]
    named = logs[0].attributes
    return {
        "room_id": named.get("room_id"),
        "job_id": named.get("job_id"),
        "agent_name": head.get("agent_name"),
        "sdk_version": head.get("sdk_version"),
        "usage": head.get("usage"),
        "tags": head.get("session.tags"),
        "timestamp": head.get("session.report_timestamp"),
        "chat_history": {"items": items},
    }


def _item(piece: dict[str, Any]) -> dict[str, Any]:
    """A chat item as the report has it: {"message": {"role": "USER", ...}} becomes {"type": "message", ...}."""
    kind = next(iter(piece), None)
    said = mapping(piece.get(kind or ""))
    if kind is None or not said:
        return {}
    item = {"output": ""} | said | {"type": kind, "created_at": _seconds(said.get("created_at"))}  # protobuf omits ""
    if kind == "message":
        item["role"] = str(said.get("role", "")).lower()
        item["content"] = [mapping(part).get("text") for part in listing(said.get("content"))]
        metrics = mapping(said.get("metrics"))
        times = {name: _seconds(value) for name, value in metrics.items() if name.endswith("_speaking_at")}
        item["metrics"] = metrics | times
    return item


def _seconds(time: Any) -> float | None:
    """An RFC 3339 time as protobuf writes it, with up to nine digits of a second."""
    if not isinstance(time, str):
        return None
    whole, _, rest = time.removesuffix("Z").partition(".")
    try:
        return datetime.fromisoformat(f"{whole}+00:00").timestamp() + (float(f"0.{rest}") if rest.isdecimal() else 0.0)
    except ValueError:
        return None
