"""Reading a log's events one by one."""

from __future__ import annotations

from collections.abc import Sequence

from evalhub.traces.formats.realtime import agent_events, caller_events, item_events, live_events, session_events
from evalhub.traces.formats.realtime.envelope import Event
from evalhub.traces.formats.realtime.log import Handler, Log

HANDLERS: dict[str, Handler] = (
    session_events.HANDLERS
    | item_events.HANDLERS
    | caller_events.HANDLERS
    | agent_events.HANDLERS
    | live_events.HANDLERS
)
"""event type -> what it does to the log; types without an entry add nothing that a conversation keeps"""
SETTINGS = frozenset({"session.created", "session.updated", "session.started", "transcription_session.updated"})


def read(events: Sequence[Event]) -> Log:
    """What these events add up to."""
    log = Log(timed=bool(events) and events[0].time is not None)
    handlers = HANDLERS
    if not any(event.type in SETTINGS for event in events):
        handlers = handlers | session_events.CLIENT_HANDLERS
    for event in events:
        if handler := handlers.get(event.type):
            handler(log, event)
    _keep_typed(log)
    live_events.cut_turns(log)
    return log


def _keep_typed(log: Log) -> None:
    """Words the caller typed of which the server's echo is not in the log."""
    for item in log.typed:
        if item.id not in log.items:
            log.items[item.id] = item
            log.place(item.id, None)
