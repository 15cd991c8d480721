"""Retell's transcript woven with tool calls: turns by their words, calls without times, nodes of a flow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalhub.models import Conversation, Handoff, Span, ToolCall, Turn
from evalhub.traces.formats import reports
from evalhub.traces.formats.realtime.actions import decoded
from evalhub.traces.formats.realtime.fields import at, key, listed, name, text

SPEAKERS = {"agent": "agent", "user": "caller", "transfer_target": "agent"}
TARGET = "transfer target"
"""the person a call was passed on to, who is no agent under test"""
TRANSFERS = frozenset({"transfer_call", "bridge_transfer", "agent_swap"})
TO = ("transfer_destination", "number", "phone_number", "transfer_to", "agent_name", "agent_id")
WOVEN = "transcript_with_tool_calls"


def read(conversation: Conversation, call: dict[str, Any], event: dict[str, Any]) -> None:
    """Fill in who said what, and what the agent did."""
    entries = _entries(call) or _entries(event)
    dialogue = list(_dialogue(_beside(call, "pre_session"), "pre-"))
    dialogue += _dialogue(entries or listed(call, "transcript_object"), "")
    dialogue += _dialogue(_beside(call, "post_session"), "post-")
    turns = [item for item in dialogue if isinstance(item, Turn)]
    reports.give_turns(dialogue)
    reports.mark_interrupted(turns)
    conversation.turns = reports.numbered(turns)
    conversation.tool_calls = reports.numbered([item for item in dialogue if isinstance(item, ToolCall)])
    conversation.handoffs = reports.numbered(list(_handoffs(conversation, call, event)))
    conversation.spans = reports.numbered(list(_nodes(entries)))


def _entries(data: dict[str, Any]) -> list[dict[str, Any]]:
    return listed(data, WOVEN) or listed(data, f"scrubbed_{WOVEN}")


def _beside(call: dict[str, Any], when: str) -> list[dict[str, Any]]:
    return listed(call, f"{when}_{WOVEN}") or listed(call, f"scrubbed_{when}_{WOVEN}")


def _dialogue(entries: list[dict[str, Any]], prefix: str) -> Iterator[Turn | ToolCall]:
    calls: dict[str, ToolCall] = {}
    for index, entry in enumerate(entries):
        role = text(entry, "role") or ""
        if role in SPEAKERS:
            yield _turn(f"{prefix}t{index + 1}", role, entry)
        elif role == "dtmf":
            yield Turn(id=f"{prefix}t{index + 1}", speaker="caller", text=text(entry, "digit"), kind="dtmf")
        elif role == "tool_call_invocation":
            call = _call(f"{prefix}c{index + 1}", entry)
            if calls.setdefault(call.id, call) is call:
                yield call
        elif role == "tool_call_result" and (answered := calls.get(key(entry, "tool_call_id") or "")):
            reports.answered(answered, entry.get("content"), failed=entry.get("successful") is False)


def _turn(id_: str, role: str, entry: dict[str, Any]) -> Turn:
    words = listed(entry, "words")
    starts = [found for word in words if (found := reports.clock_ms(word, "start")) is not None]
    ends = [found for word in words if (found := reports.clock_ms(word, "end")) is not None]
    start, end = min(starts, default=None), max(ends, default=None)
    return Turn(
        id=id_,
        speaker=SPEAKERS[role],
        agent_name=TARGET if role == "transfer_target" else None,
        start_ms=start,
        end_ms=max(end, start or 0) if end is not None else None,
        text=text(entry, "content"),
        kind=_kind(role, entry),
    )


def _kind(role: str, entry: dict[str, Any]) -> str | None:
    if role == "transfer_target":
        return "side_speech"
    return "backchannel" if at(entry, "metadata", "is_backchannel") is True else None


def _call(id_: str, entry: dict[str, Any]) -> ToolCall:
    kind = text(entry, "type")
    return ToolCall(
        id=key(entry, "tool_call_id") or id_,
        name=name(entry, "name") or kind or "tool",
        arguments=decoded(entry.get("arguments")),
        status="in_progress",
        extra={"type": kind} if kind else None,
    )


def _handoffs(conversation: Conversation, call: dict[str, Any], event: dict[str, Any]) -> Iterator[Handoff]:
    """Each transfer that the agent asked for; one that only the call itself tells, too. Their times are not told."""
    to = name(call, "transfer_destination") or name(event, "transfer_destination")
    asked = [made for made in conversation.tool_calls if (made.extra or {}).get("type") in TRANSFERS]
    for index, made in enumerate(asked):
        yield Handoff(
            id=f"transfer-{index + 1}",
            from_agent=conversation.agent_name,
            to_agent=_to(made) or to,
            kind="transfer",
            extra={"status": made.status},
        )
    if to and not asked:
        yield Handoff(id="transfer-1", from_agent=conversation.agent_name, to_agent=to, kind="transfer")


def _to(made: ToolCall) -> str | None:
    return next((found for field in TO if (found := name(made.arguments, field))), None)


def _nodes(entries: list[dict[str, Any]]) -> Iterator[Span]:
    """Where the agent's conversation flow went, as steps without times."""
    for index, entry in enumerate(entries):
        if text(entry, "role") == "node_transition":
            facts = {field: value for field, value in entry.items() if field != "role" and isinstance(value, str)}
            before, after = text(entry, "former_node_name"), text(entry, "new_node_name")
            yield Span(id=f"node-{index + 1}", span_id=f"node-{index + 1}", kind="other",
                       name=f"node {before} → {after}"[:255], attributes=facts)  # fmt: skip
