"""From the items of a log to turns: who said what when, and what was heard of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evalhub.models import Turn
from evalhub.traces.formats.heard import first_words
from evalhub.traces.formats.realtime.actions import agent_name
from evalhub.traces.formats.realtime.log import DTMF, Item, Log, Response

ARRIVALS = "the caller's sound is not (wholly) in this log: the caller's turns are timed by when their events arrived"


@dataclass(frozen=True)
class Clock:
    """The conversation's clock; without an origin nothing has a time."""

    origin: float | None

    def ms(self, moment: float | None) -> int | None:
        return round((moment - self.origin) * 1000) if moment is not None and self.origin is not None else None


def turns_of(log: Log, clock: Clock) -> list[Turn]:
    """Every message and key press as a turn, in the order of the dialogue."""
    turns = []
    for item_id in log.order:
        item = log.items[item_id]
        if item.type == DTMF or (item.type == "message" and item.role == "user" and _said_something(log, item)):
            turns.append(_caller_turn(log, clock, item))
        elif item.type == "message" and item.role == "assistant" and (item.text or item.spoken):
            turns.append(_agent_turn(log, clock, item))
    for position, turn in enumerate(turns):
        turn.position = position
    return turns


def _said_something(log: Log, item: Item) -> bool:
    return item.id not in log.idle or bool(item.text or item.transcript)


def _caller_turn(log: Log, clock: Clock, item: Item) -> Turn:
    start, end = _when_spoken(log, item)
    words = item.transcript if item.transcript is not None else item.text
    return Turn(
        id=item.id,
        speaker="caller",
        start_ms=clock.ms(start),
        end_ms=clock.ms(max(start, end) if start is not None and end is not None else end),
        text=words.strip() if words is not None else None,
        kind=DTMF if item.type == DTMF else None,
        extra=None if log.timed or item.speech == (None, None) else {"input_audio_ms": _rounded(item.speech)},
    )


def _when_spoken(log: Log, item: Item) -> tuple[float | None, float | None]:
    if item.interval:
        return item.interval
    if not item.spoken:
        return item.time, item.time
    begin_ms, end_ms = item.speech
    start = log.input.wall(begin_ms, padding_ms=item.padding_ms) if begin_ms is not None else None
    end = log.input.wall(end_ms) if end_ms is not None else None
    if log.timed and (start is None or end is None) and item.noticed != (None, None):
        log.note("input_audio_buffer", ARRIVALS)
        return item.noticed
    return start, end


def _rounded(offsets: tuple[float | None, float | None]) -> list[int | None]:
    return [round(offset) if offset is not None else None for offset in offsets]


def _agent_turn(log: Log, clock: Clock, item: Item) -> Turn:
    response = log.responses.get(item.response_id or "", Response(""))
    start, end = _when_played(log, item, response)
    interrupted = item.interrupted if item.interval else _interrupted(log, item, response)
    heard_ms, source = _heard(log, item, response) if interrupted and not item.interval else (None, None)
    generated_ms = log.playback.generated_ms.get(item.id)
    return Turn(
        id=item.id,
        speaker="agent",
        agent_name=agent_name(log, item.agent),
        start_ms=clock.ms(start),
        end_ms=clock.ms(end),
        text=item.text,
        heard_text=first_words(item.text, heard_ms / generated_ms)
        if item.text and heard_ms is not None and generated_ms
        else None,
        interrupted=interrupted,
        extra=_known({"heard_ms": round(heard_ms), "heard_source": source}) if heard_ms is not None else None,
    )


def _when_played(log: Log, item: Item, response: Response) -> tuple[float | None, float | None]:
    if found := item.interval or log.playback.interval(item.id):
        return found
    if item.spoken and response.played[0] is not None:
        return response.played
    if item.spoken and item.id not in log.playback.cut_off:
        return item.first_output_at, None
    return item.first_output_at, item.first_output_at


def _interrupted(log: Log, item: Item, response: Response) -> bool | None:
    """By what was cut off, not by status: a completed response may still be playing when the caller cuts in."""
    generated_ms = log.playback.generated_ms.get(item.id)
    if item.truncated_ms is not None:
        return generated_ms is None or item.truncated_ms < round(generated_ms)
    if response.cleared or item.id in log.playback.cut_off:
        return True
    if item.spoken:
        return response.status == "cancelled" and item.status != "completed"
    return None


def _heard(log: Log, item: Item, response: Response) -> tuple[float | None, str | None]:
    """How much of an interrupted item was heard, and how we know."""
    if item.truncated_ms is not None:
        return item.truncated_ms, "truncate"
    start, end = response.played
    if response.cleared and start is not None and end is not None:
        return max(0.0, end - start) * 1000, "playback"
    if item.id in log.playback.cut_off:
        return sum(piece.seconds for piece in log.playback.heard[item.id]) * 1000, "elapsed"
    return None, None


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
