"""Events of the Live API, which is full duplex: no turns, no responses at the top, times on the session's own clock.

Translation sessions use the same names; their words carry one moment of that clock instead of two.
"""

from __future__ import annotations

from itertools import pairwise

from evalhub.traces.formats.realtime.agent_events import response_created
from evalhub.traces.formats.realtime.envelope import Event
from evalhub.traces.formats.realtime.fields import amount, key, ms, name, text, thing
from evalhub.traces.formats.realtime.item_events import finished
from evalhub.traces.formats.realtime.log import Handler, Item, Live, Log
from evalhub.traces.formats.realtime.session_events import closed, created
from evalhub.traces.formats.realtime.sound import sound_in

PAUSE_MS = 1_000
"""a silence of one side that ends its turn"""
DONE = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")
SOUND = "output"
FRAME_MS = 200
"""what a translation session works on at once"""


def started(log: Log, event: Event) -> None:
    created(log, event)
    log.live = Live(zero=event.time or 0.0)


def live_of(log: Log, now: float | None = None) -> Live:
    """The Live part of the log; its clock starts with the first sound sent, or now, where the start was not logged."""
    if log.live is None:
        begun = [when - len(data) / 2 / rate for when, data, rate in log.input.sent[:1]]
        log.live = Live(zero=begun[0] if begun else now or 0.0)
    return log.live


def words(log: Log, event: Event) -> None:
    role = "user" if "input" in event.type else "assistant"
    elapsed_ms = ms(event.data, "elapsed_ms")
    start_ms, end_ms = ms(event.data, "start_ms"), ms(event.data, "end_ms")
    if elapsed_ms is not None and start_ms is None:
        start_ms, end_ms = max(0, elapsed_ms - FRAME_MS), elapsed_ms
    if start_ms is not None and end_ms is not None and end_ms >= start_ms:
        live_of(log, event.time).said[role].append((start_ms, end_ms, text(event.data, "delta") or ""))


def sound(log: Log, event: Event) -> None:
    audio, start_ms = log.settings.output_format, ms(event.data, "start_ms")
    data = sound_in(event.data, "delta", audio)
    if event.time is None or not data:
        return
    if start_ms is None:
        log.playback.add(SOUND, event.time, data, audio.rate)
    else:
        log.playback.place(SOUND, live_of(log).zero + start_ms / 1000, data, audio.rate)


def delegated(log: Log, event: Event) -> None:
    if delegation_id := key(event.data, "delegation", "id"):
        target, response_id = name(event.data, "delegation", "target"), key(event.data, "delegation", "response_id")
        live_of(log).delegations[delegation_id] = (target, ms(event.data, "offset_ms"), response_id)


def nested(log: Log, event: Event) -> None:
    """An event of the back-end model's own stream."""
    _, _, answer = live_of(log).delegations.get(key(event.data, "delegation_id") or "", (None, None, None))
    inner = {"response_id": answer} | thing(event.data, "event")
    kind, within = text(inner, "type") or "", Event(text(inner, "type") or "", inner, event.time)
    if kind == "response.created":
        response_created(log, within)
    elif kind == "response.output_item.done":
        finished(log, within)
    elif kind in DONE and (response_id := key(inner, "response", "id")):
        response = log.response(response_id)
        response.done, response.raw = event.time, thing(inner, "response")
        response.status = text(inner, "response", "status")


def counted(log: Log, event: Event) -> None:
    """The running total of a session: the last one counts."""
    seconds = amount(event.data, "usage", "seconds")
    live_of(log).seconds = seconds if seconds is not None else live_of(log).seconds


def over(log: Log, event: Event) -> None:
    counted(log, event)
    closed(log, event)


def cut_turns(log: Log) -> None:
    """Make items of the transcripts: a turn ends with a pause, or when the other side begins inside a silence."""
    if log.live is None:
        return
    for role, other in (("user", "assistant"), ("assistant", "user")):
        begins = [start for start, _, _ in log.live.said[other]]
        for fragments in _stretches(sorted(log.live.said[role]), begins):
            _add_turn(log, log.live, role, fragments)
    _mark_interruptions(log)
    log.order = sorted(log.items, key=lambda item_id: _when(log.items[item_id]))


def _stretches(fragments: list[tuple[int, int, str]], other_begins: list[int]) -> list[list[tuple[int, int, str]]]:
    stretches = [fragments[:1]] if fragments else []
    for before, after in pairwise(fragments):
        silence = (before[1], after[0])
        if silence[1] - silence[0] > PAUSE_MS or any(silence[0] < begin < silence[1] for begin in other_begins):
            stretches.append([])
        stretches[-1].append(after)
    return stretches


def _add_turn(log: Log, live: Live, role: str, fragments: list[tuple[int, int, str]]) -> None:
    start_ms, end_ms = fragments[0][0], max(end for _, end, _ in fragments)
    item = log.item(f"{role}-{start_ms}", role=role)
    item.spoken, item.parts = True, {0: "".join(said for _, _, said in fragments)}
    item.interval = (live.zero + start_ms / 1000, live.zero + end_ms / 1000)


def _mark_interruptions(log: Log) -> None:
    if log.settings.raw.get("type") == "translation":
        return  # it always speaks over the caller
    caller = [item.interval[0] for item in log.items.values() if item.role == "user" and item.interval]
    for item in log.items.values():
        if item.role == "assistant" and item.interval:
            item.interrupted = any(item.interval[0] < begin < item.interval[1] for begin in caller)


def _when(item: Item) -> float:
    known = (item.interval[0] if item.interval else None, item.time, item.done_at)
    return next((moment for moment in known if moment is not None), 0.0)


HANDLERS: dict[str, Handler] = {
    "session.started": started,
    "session.input_transcript.delta": words,
    "session.output_transcript.delta": words,
    "session.output_audio.delta": sound,
    "session.delegation.created": delegated,
    "response.event": nested,
    "session.usage.updated": counted,
    "session.closed": over,
}
