"""Events of the agent's side: responses, words, sound, tool calls, and what was cut off."""

from __future__ import annotations

from evalhub.traces.formats.realtime.envelope import Event
from evalhub.traces.formats.realtime.fields import key, listed, ms, name, text, thing
from evalhub.traces.formats.realtime.item_events import merge, note_transfer
from evalhub.traces.formats.realtime.log import Handler, Item, Log
from evalhub.traces.formats.realtime.sound import sound_in


def response_created(log: Log, event: Event) -> None:
    if response_id := key(event.data, "response", "id"):
        log.response(response_id).created = event.time


def response_done(log: Log, event: Event) -> None:
    raw = thing(event.data, "response")
    if response_id := key(raw, "id"):
        response = log.response(response_id)
        response.done, response.status, response.raw = event.time, text(raw, "status"), raw
        for output in listed(raw, "output"):
            if item_id := key(output, "id"):
                merge(log, output, item_id).response_id = response_id
                log.place(item_id, None)
        _note_trouble(log, event)
        if response.status == "cancelled":
            _cut_pending(log, response_id, event.time)


def _note_trouble(log: Log, event: Event) -> None:
    raw = thing(event.data, "response")
    status, details = text(raw, "status"), thing(raw, "status_details")
    if status in ("failed", "incomplete"):
        why = text(details, "error", "message") or text(details, "error", "code") or text(details, "reason")
        log.note(key(raw, "id") or "response", f"the response is {status}: {why or 'no reason given'}")


def _cut_pending(log: Log, response_id: str, when: float | None) -> None:
    """A cancelled response stops playing, as far as nobody says otherwise."""
    for item in log.items.values():
        interval = log.playback.interval(item.id)
        if item.response_id != response_id or item.truncated_ms is not None or interval is None or when is None:
            continue
        if interval[1] > when:
            log.playback.cut(item.id, log.playback.played_ms(item.id, when), when)


def item_added(log: Log, event: Event) -> None:
    raw = thing(event.data, "item")
    if item_id := key(raw, "id"):
        item = merge(log, raw, item_id)
        item.response_id = item.response_id or key(event.data, "response_id")
        item.time = item.time if item.time is not None else event.time
        log.place(item_id, None)


def audio_delta(log: Log, event: Event) -> None:
    if item := _item(log, event):
        audio = log.settings.output_format
        item.spoken = True
        log.playback.add(item.id, event.time, sound_in(event.data, "delta", audio), audio.rate)


def words_delta(log: Log, event: Event) -> None:
    if item := _item(log, event):
        index = ms(event.data, "content_index") or 0
        item.parts[index] = item.parts.get(index, "") + (text(event.data, "delta") or "")
        item.spoken = item.spoken or "transcript" in event.type


def words_done(log: Log, event: Event) -> None:
    whole = text(event.data, "transcript") or text(event.data, "text")
    if (item := _item(log, event)) and whole:
        item.parts[ms(event.data, "content_index") or 0] = whole
        item.spoken = item.spoken or "transcript" in event.type


def arguments_delta(log: Log, event: Event) -> None:
    if item := _item(log, event):
        item.arguments += text(event.data, "delta") or ""


def arguments_done(log: Log, event: Event) -> None:
    if item := _item(log, event):
        item.arguments = text(event.data, "arguments") or item.arguments
        item.name, item.call_id = item.name or name(event.data, "name"), item.call_id or key(event.data, "call_id")
        item.done_at = event.time
        note_transfer(log, item)


def mcp_failed(log: Log, event: Event) -> None:
    if item_id := key(event.data, "item_id"):
        log.item(item_id, type="mcp_call", status="failed")


def truncated(log: Log, event: Event) -> None:
    """Only so much of an item was played; the client says it first, the server repeats it."""
    item_id, heard = key(event.data, "item_id"), ms(event.data, "audio_end_ms")
    if item_id and heard is not None:
        item = log.item(item_id)
        if item.truncated_ms is None:
            item.truncated_ms = heard
            if event.time is not None:
                log.playback.cut(item_id, heard, event.time)


def sound_started(log: Log, event: Event) -> None:
    if response_id := key(event.data, "response_id"):
        log.response(response_id).played = (event.time, None)


def sound_stopped(log: Log, event: Event) -> None:
    if response_id := key(event.data, "response_id"):
        response = log.response(response_id)
        response.played = (response.played[0], event.time)


def sound_cleared(log: Log, event: Event) -> None:
    sound_stopped(log, event)
    if response_id := key(event.data, "response_id"):
        log.response(response_id).cleared = True


def _item(log: Log, event: Event) -> Item | None:
    item_id = key(event.data, "item_id")
    if item_id is None:
        return None
    item = log.item(item_id, response_id=key(event.data, "response_id"))
    item.first_output_at = item.first_output_at if item.first_output_at is not None else event.time
    log.place(item_id, None)
    return item


HANDLERS: dict[str, Handler] = {
    "response.created": response_created,
    "response.done": response_done,
    "response.output_item.added": item_added,
    "response.output_audio.delta": audio_delta,
    "response.audio.delta": audio_delta,
    "response.output_audio_transcript.delta": words_delta,
    "response.audio_transcript.delta": words_delta,
    "response.output_text.delta": words_delta,
    "response.text.delta": words_delta,
    "response.output_audio_transcript.done": words_done,
    "response.audio_transcript.done": words_done,
    "response.output_text.done": words_done,
    "response.text.done": words_done,
    "response.function_call_arguments.delta": arguments_delta,
    "response.function_call_arguments.done": arguments_done,
    "response.mcp_call_arguments.delta": arguments_delta,
    "response.mcp_call_arguments.done": arguments_done,
    "response.mcp_call.failed": mcp_failed,
    "conversation.item.truncate": truncated,
    "conversation.item.truncated": truncated,
    "output_audio_buffer.started": sound_started,
    "output_audio_buffer.stopped": sound_stopped,
    "output_audio_buffer.cleared": sound_cleared,
}
