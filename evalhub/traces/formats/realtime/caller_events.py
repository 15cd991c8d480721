"""Events of the caller's side: audio, speech begins and ends, transcripts, keys."""

from __future__ import annotations

from evalhub.traces.formats.realtime.envelope import Event
from evalhub.traces.formats.realtime.fields import amount, key, ms, name, text, thing
from evalhub.traces.formats.realtime.log import DTMF, Handler, Log
from evalhub.traces.formats.realtime.sound import sound_in


def appended(log: Log, event: Event) -> None:
    audio = log.settings.input_format
    data = sound_in(event.data, "audio", audio)
    if not data and event.data.get("audio"):
        log.note("input_audio_buffer.append", "audio of the caller that is not base64 is left out")
    log.input.append(event.time, data, audio.rate)


def speech_started(log: Log, event: Event) -> None:
    if item_id := key(event.data, "item_id"):
        item = log.item(item_id, role="user")
        item.spoken = True
        item.speech = (_offset(log, event, "audio_start_ms"), item.speech[1])
        item.padding_ms = max(item.padding_ms, log.settings.padding_ms)
        item.noticed = (event.time, item.noticed[1])


def speech_stopped(log: Log, event: Event) -> None:
    if item_id := key(event.data, "item_id"):
        item = log.item(item_id, role="user")
        item.spoken = True
        item.speech = (item.speech[0], _offset(log, event, "audio_end_ms"))
        heard = event.time - log.settings.silence_s if event.time is not None else None
        item.noticed = (item.noticed[0], heard)


def _offset(log: Log, event: Event, field: str) -> float | None:
    offset = ms(event.data, field)
    return log.input.base_ms + offset if offset is not None else None


def committed(log: Log, event: Event) -> None:
    """The buffer becomes an item. Without voice detection, all of it counts as the caller's speech."""
    if item_id := key(event.data, "item_id"):
        item = log.item(item_id, role="user")
        log.place(item_id, key(event.data, "previous_item_id"))
        item.spoken = True
        if item.speech == (None, None) and log.input.length_ms > log.input.open_from_ms:
            item.speech = (log.input.open_from_ms, log.input.length_ms)
    cleared(log, event)


def cleared(log: Log, _: Event) -> None:
    log.input.open_from_ms = log.input.length_ms


def idle(log: Log, event: Event) -> None:
    """The caller said nothing for so long that the model speaks again: an item without any speech."""
    if item_id := key(event.data, "item_id"):
        log.idle.add(item_id)


def transcript_delta(log: Log, event: Event) -> None:
    if item_id := key(event.data, "item_id"):
        item = log.item(item_id, role="user")
        item.transcript = (item.transcript or "") + (text(event.data, "delta") or "")


def transcribed(log: Log, event: Event) -> None:
    """The final words; they come late, often after the answer has begun."""
    if item_id := key(event.data, "item_id"):
        log.item(item_id, role="user", transcript=text(event.data, "transcript"))
        if usage := thing(event.data, "usage"):
            log.transcriptions.append((item_id, usage, name(log.settings.transcription, "model")))


def not_transcribed(log: Log, event: Event) -> None:
    item_id = key(event.data, "item_id") or "item"
    reason = text(event.data, "error", "message") or text(event.data, "error", "code") or "no reason given"
    log.note(item_id, f"the caller's words were not transcribed: {reason}")


def pressed(log: Log, event: Event) -> None:
    """A key of the telephone."""
    number = sum(1 for item in log.items.values() if item.type == DTMF) + 1
    item = log.item(f"dtmf-{number}", type=DTMF, role="user", time=event.time)
    item.parts[0] = text(event.data, "event") or str(amount(event.data, "event") or "")
    log.place(item.id, None)


HANDLERS: dict[str, Handler] = {
    "input_audio_buffer.append": appended,
    "session.input_audio.append": appended,
    "session.input_audio_buffer.append": appended,
    "input_audio_buffer.speech_started": speech_started,
    "input_audio_buffer.speech_stopped": speech_stopped,
    "input_audio_buffer.committed": committed,
    "input_audio_buffer.cleared": cleared,
    "input_audio_buffer.timeout_triggered": idle,
    "input_audio_buffer.dtmf_event_received": pressed,
    "transport.dtmf.received": pressed,
    "conversation.item.input_audio_transcription.delta": transcript_delta,
    "conversation.item.input_audio_transcription.completed": transcribed,
    "conversation.item.input_audio_transcription.failed": not_transcribed,
}
