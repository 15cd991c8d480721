"""From the items of a log to what the agent did: function calls, MCP calls, hand-offs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from evalhub.models import Handoff, ToolCall
from evalhub.traces.formats.realtime.fields import name
from evalhub.traces.formats.realtime.item_events import HANDOFF_TOOL
from evalhub.traces.formats.realtime.log import Item, Log, Transfer

CALLS = ("function_call", "mcp_call")
SDK_FAILURE = "An error occurred while running the tool"
"""how the Agents SDK answers the model for a tool that raised"""

ToMs = Callable[[float | None], int | None]


def tool_calls_of(log: Log, to_ms: ToMs) -> list[ToolCall]:
    """Every call, in the order of the dialogue."""
    calls = [log.items[item_id] for item_id in log.order if log.items[item_id].type in CALLS]
    return [_tool_call(log, to_ms, item, position) for position, item in enumerate(calls)]


def _tool_call(log: Log, to_ms: ToMs, item: Item, position: int) -> ToolCall:
    answered, result = _result(log, item)
    error = _error(item, result)
    return ToolCall(
        id=item.call_id or item.id,
        position=position,
        turn_id=_turn_of(log, item),
        agent_name=agent_name(log, item.agent),
        name=item.name or item.type,
        arguments=decoded(item.arguments) if item.arguments else None,
        result=result,
        error=error,
        start_ms=to_ms(item.done_at),
        end_ms=to_ms(answered),
        status=_status(item, error, answered is not None or result is not None),
        extra={"server_label": item.server_label} if item.server_label else None,
    )


def _result(log: Log, item: Item) -> tuple[float | None, Any]:
    if item.type == "mcp_call":
        return None, decoded(item.output)
    answered, output = log.outputs.get(item.call_id or "", (None, None))
    return answered, decoded(output)


def decoded(value: Any) -> Any:
    """JSON that came as text, as what it means; any other text as it is."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _error(item: Item, result: Any) -> Any:
    """Errors of functions are only inside their output."""
    if item.error is not None:
        return item.error
    if isinstance(result, dict) and result.get("error"):
        return result["error"]
    return result if isinstance(result, str) and result.startswith(SDK_FAILURE) else None


def _status(item: Item, error: Any, is_answered: bool) -> str:
    if error is not None or item.status == "failed":
        return "failed"
    if is_answered:
        return "completed"
    return "cancelled" if item.status == "incomplete" else "in_progress"


def _turn_of(log: Log, call: Item) -> str | None:
    """The agent turn a call belongs to: of the same response, else the next before the caller speaks, else the last."""
    index = log.order.index(call.id)
    messages = [log.items[item_id] for item_id in log.order]
    same = [m for m in messages if _is_agents(m) and m.response_id and m.response_id == call.response_id]
    after = _until_caller(messages[index + 1 :])
    before = _until_caller(messages[:index][::-1])
    found = same or after or before
    return found[0].id if found else None


def _until_caller(items: list[Item]) -> list[Item]:
    nearest: list[Item] = []
    for item in items:
        if item.role == "user" and item.type == "message":
            break
        if _is_agents(item):
            nearest.append(item)
    return nearest


def _is_agents(item: Item) -> bool:
    return item.type == "message" and item.role == "assistant" and bool(item.text or item.spoken)


def agent_name(log: Log, transfer: Transfer | None) -> str | None:
    """The agent that a hand-off led to, as the function's answer calls it, else by the name of the tool."""
    if transfer is None:
        return None
    answer = decoded(log.outputs.get(transfer.call_id or "", (None, None))[1])
    return name(answer, "assistant") or transfer.tool.removeprefix(HANDOFF_TOOL).replace("_", " ")


def handoffs_of(log: Log, to_ms: ToMs) -> list[Handoff]:
    """Transfers (a `transfer_to_` call, then a session update) and delegations to a back end."""
    transfers = [
        Handoff(
            id=transfer.call_id or f"transfer-{index}",
            from_agent=agent_name(log, transfer.before),
            to_agent=agent_name(log, transfer),
            at_ms=to_ms(transfer.time),
            kind="transfer",
        )
        for index, transfer in enumerate(log.transfers, 1)
    ]
    handoffs = transfers + _delegations(log, to_ms)
    for position, handoff in enumerate(handoffs):
        handoff.position = position
    return handoffs


def _delegations(log: Log, to_ms: ToMs) -> list[Handoff]:
    if (live := log.live) is None:
        return []
    return [
        Handoff(
            id=delegation_id,
            to_agent=target,
            at_ms=to_ms(live.zero + at / 1000) if at is not None else None,
            kind="delegation",
        )
        for delegation_id, (target, at, _) in live.delegations.items()
    ]
