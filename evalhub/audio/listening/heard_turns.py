"""The agent's turns as they sound: from when to when, what was to be said, what the caller had said before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evalhub.audio.intervals import Interval
from evalhub.audio.latency_rows import names_of
from evalhub.audio.replies import ANSWERED, LATE, replies
from evalhub.audio.talk import talk_of
from evalhub.audio.tracks import Track, Tracks
from evalhub.audio.turn_tone import utterances_of
from evalhub.models import Conversation, Turn


@dataclass(frozen=True, kw_only=True)
class HeardTurn:
    """One agent turn on its own track. `interval`: its first to its last sound, in ms of the conversation."""

    turn_id: str
    interval: Interval
    text: str | None = None
    caller_said: str | None = None
    answered_after_ms: int | None = None
    interrupted: bool = False

    def seconds(self, most_s: float) -> float:
        """How much of it is played where a turn is cut after `most_s`."""
        return min((self.interval[1] - self.interval[0]) / 1000, most_s)

    @property
    def digits(self) -> int:
        return len(re.findall(r"\d", self.text or ""))


def heard_turns(conversation: Conversation, tracks: Tracks, track: Track) -> list[HeardTurn]:
    """Every turn of the agent that is heard, in the order of time; `agent@<ms>` where no turn has times."""
    latencies = dict(_latencies(conversation, tracks))
    spans: dict[str, Interval] = {}
    for one in utterances_of(conversation, track):
        start, end = spans.get(one.turn_id, one.interval)
        spans[one.turn_id] = min(start, one.interval[0]), max(end, one.interval[1])
    return [
        _heard(conversation, turn_id, interval, latencies.get(turn_id))
        for turn_id, interval in sorted(spans.items(), key=lambda item: item[1])
    ]


def spread(turns: Sequence[HeardTurn], *, most: int, seconds: float, turn_seconds: float) -> list[HeardTurn]:
    """The first, the last and turns evenly between them, as many as the limits allow."""
    at = sorted(set(np.linspace(0, len(turns) - 1, min(most, len(turns))).round().astype(int).tolist()))
    wanted = [turns[index] for index in at]
    return _within(wanted[:1] + wanted[:0:-1], seconds, turn_seconds)


def with_most_digits(turns: Sequence[HeardTurn], *, most: int, seconds: float, turn_seconds: float) -> list[HeardTurn]:
    """The turns that were to say the most digits; where none does, as `spread`."""
    told = [turn for turn in turns if turn.text]
    with_digits = sorted((turn for turn in told if turn.digits), key=lambda turn: -turn.digits)[:most]
    if with_digits:
        return _within(with_digits, seconds, turn_seconds)
    return spread(told, most=most, seconds=seconds, turn_seconds=turn_seconds)


def _within(wanted: Sequence[HeardTurn], seconds: float, turn_seconds: float) -> list[HeardTurn]:
    """Those that fit, taken in the order given, returned in the order of time; at least one."""
    taken: list[HeardTurn] = []
    for turn in wanted:
        seconds -= turn.seconds(turn_seconds)
        if seconds >= 0 or not taken:
            taken.append(turn)
    return sorted(taken, key=lambda turn: turn.interval)


def _heard(conversation: Conversation, turn_id: str, interval: Interval, latency_ms: int | None) -> HeardTurn:
    turn = conversation.turn(turn_id)
    before = [one for one in conversation.turns_of("caller") if (one.start_ms or 0) < interval[0] and one.text]
    return HeardTurn(
        turn_id=turn_id,
        interval=interval,
        text=_to_be_said(turn),
        caller_said=before[-1].text if before else None,
        answered_after_ms=latency_ms,
        interrupted=bool(turn and turn.interrupted),
    )


def _to_be_said(turn: Turn | None) -> str | None:
    """Of an interrupted turn only what was played can be heard."""
    if turn is None:
        return None
    return turn.text if turn.heard_text is None else turn.heard_text


def _latencies(conversation: Conversation, tracks: Tracks) -> Iterator[tuple[str, int]]:
    talk = talk_of(conversation, tracks)
    found = [one for one in replies(talk) if one.outcome in (ANSWERED, LATE) and one.agent] if talk else []
    names = names_of((one.agent for one in found if one.agent), "agent")
    yield from zip(names, (one.latency_ms for one in found), strict=True)
