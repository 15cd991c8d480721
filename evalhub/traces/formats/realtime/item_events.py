"""Events about items of the dialogue: announced, finished, typed by the client, answered by a function."""

from __future__ import annotations

from typing import Any

from evalhub.traces.formats.realtime.envelope import Event
from evalhub.traces.formats.realtime.fields import key, listed, name, text, thing
from evalhub.traces.formats.realtime.log import Handler, Item, Log, Transfer

HANDOFF_TOOL = "transfer_to_"
OUTPUT = "function_call_output"


def announced(log: Log, event: Event) -> None:
    """An item joins the dialogue, behind `previous_item_id`."""
    raw = thing(event.data, "item")
    if raw.get("type") == OUTPUT:
        _answered(log, event, raw)
    elif item_id := key(raw, "id"):
        known = item_id in log.items
        item = merge(log, raw, item_id)
        item.time = item.time if known and item.time is not None else event.time
        log.place(item_id, key(event.data, "previous_item_id"))
        if item.role == "user" and item.text:
            log.typed = [typed for typed in log.typed if typed.text != item.text]


def finished(log: Log, event: Event) -> None:
    """An item is complete: what was missing of it is filled in."""
    announced(log, event)
    item = log.items.get(key(event.data, "item", "id") or "")
    if item is not None:
        item.response_id = item.response_id or key(event.data, "response_id")
        item.done_at = item.done_at if item.done_at is not None else event.time
        note_transfer(log, item)


def merge(log: Log, raw: dict[str, Any], item_id: str) -> Item:
    """What an item object says, over what is known; nothing that is known gets lost."""
    item = log.item(
        item_id, type=text(raw, "type"), role=text(raw, "role"), name=name(raw, "name"), call_id=key(raw, "call_id"),
        status=text(raw, "status"), output=raw.get("output"), error=raw.get("error"),
        server_label=name(raw, "server_label"),
    )  # fmt: skip
    item.arguments = text(raw, "arguments") or item.arguments
    for index, part in enumerate(listed(raw, "content")):
        said = text(part, "text") or text(part, "transcript")
        item.spoken = item.spoken or "audio" in str(part.get("type"))
        if said and not item.parts.get(index):
            item.parts[index] = said
    return item


def created_by_client(log: Log, event: Event) -> None:
    """The client adds a function's answer, or words that the caller typed."""
    raw = thing(event.data, "item")
    if raw.get("type") == OUTPUT:
        _answered(log, event, raw)
    elif raw.get("role") == "user" and (said := "".join(text(part, "text") or "" for part in listed(raw, "content"))):
        item_id = key(raw, "id") or key(event.data, "event_id") or f"typed-{len(log.typed) + 1}"
        log.typed.append(Item(item_id, role="user", parts={0: said}, time=event.time, agent=log.agent))


def _answered(log: Log, event: Event, raw: dict[str, Any]) -> None:
    """The client's own event comes first and tells the time; the server's echo changes nothing."""
    if call_id := key(raw, "call_id"):
        log.outputs.setdefault(call_id, (event.time, raw.get("output")))


def note_transfer(log: Log, item: Item) -> None:
    """Remember a call of a hand-off tool until the session is set up for the next agent."""
    if item.type == "function_call" and (item.name or "").startswith(HANDOFF_TOOL):
        known = [log.called, *log.transfers]
        if not any(transfer and transfer.call_id == item.call_id for transfer in known):
            log.called = Transfer(str(item.name), item.call_id, before=log.agent)


HANDLERS: dict[str, Handler] = {
    "conversation.item.added": announced,
    "conversation.item.created": announced,
    "conversation.item.done": finished,
    "response.output_item.done": finished,
    "conversation.item.create": created_by_client,
    "response.item.create": created_by_client,
}
