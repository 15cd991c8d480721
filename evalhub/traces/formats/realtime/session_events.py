"""Events about the session itself: settings, hand-offs, errors, the end."""

from __future__ import annotations

from evalhub.traces.formats.realtime.envelope import Event
from evalhub.traces.formats.realtime.fields import key, text, thing
from evalhub.traces.formats.realtime.log import Handler, Log

EXPIRED = "session_expired"


def created(log: Log, event: Event) -> None:
    """A connection opens; on a later one the input clock counts from 0 again."""
    log.input.base_ms = log.input.open_from_ms = log.input.length_ms
    updated(log, event)


def updated(log: Log, event: Event) -> None:
    """The settings that hold from now on. After a hand-off was called, they are the next agent's."""
    before = log.settings
    log.settings = before.updated(thing(event.data, "session"))
    log.session_id = log.session_id or key(event.data, "session", "id")
    changed = (log.settings.instructions, log.settings.tools) != (before.instructions, before.tools)
    if log.called and changed:
        log.called.time = event.time
        log.transfers.append(log.called)
        log.agent, log.called = log.called, None


def closed(log: Log, event: Event) -> None:
    log.ended, log.ended_at = True, event.time


def failed(log: Log, event: Event) -> None:
    """An error, most of them harmless: noted, and only an expired session is over."""
    error = thing(event.data, "error")
    code = text(error, "code") or text(error, "type") or "error"
    log.note(key(event.data, "event_id") or "error", f"{code}: {text(error, 'message') or 'no message'}")
    if code == EXPIRED:
        closed(log, event)


HANDLERS: dict[str, Handler] = {
    "session.created": created,
    "session.updated": updated,
    "transcription_session.created": created,
    "transcription_session.updated": updated,
    "session.closed": closed,
    "error": failed,
    "transport.failed": failed,
}
CLIENT_HANDLERS: dict[str, Handler] = {"session.update": updated, "session.start": updated}
"""for logs of the client's side alone; else the server's word counts"""
