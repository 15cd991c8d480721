"""What a session's events add up to: settings, items in dialogue order, responses, sound, troubles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evalhub.traces.bodies import warning
from evalhub.traces.formats.realtime.envelope import Event
from evalhub.traces.formats.realtime.input_clock import InputClock
from evalhub.traces.formats.realtime.playback import Playback
from evalhub.traces.formats.realtime.settings import Settings

DTMF = "dtmf"
"""type of an item that is a key press, which the API knows no item for"""


@dataclass
class Transfer:
    """A hand-off tool call, and the session update that made the next agent speak."""

    tool: str
    call_id: str | None
    before: Transfer | None
    time: float | None = None


@dataclass
class Item:
    """One item of the dialogue: a message, a function call, an MCP call, a key press."""

    id: str
    type: str = "message"
    role: str | None = None
    response_id: str | None = None
    agent: Transfer | None = None
    parts: dict[int, str] = field(default_factory=dict)
    transcript: str | None = None
    time: float | None = None
    done_at: float | None = None
    first_output_at: float | None = None
    speech: tuple[float | None, float | None] = (None, None)
    """where on the input clock the caller's speech begins and ends, ms"""
    padding_ms: float = 1.0
    """how much of the beginning may be sound before the speech"""
    noticed: tuple[float | None, float | None] = (None, None)
    """when the server said so, less the silence it waits for"""
    interval: tuple[float, float] | None = None
    """from when to when it was spoken, where the log says so itself (Live)"""
    interrupted: bool | None = None
    spoken: bool = False
    truncated_ms: int | None = None
    name: str | None = None
    call_id: str | None = None
    arguments: str = ""
    output: Any = None
    error: Any = None
    status: str | None = None
    server_label: str | None = None

    @property
    def text(self) -> str | None:
        """What was generated or typed, whole."""
        return "".join(self.parts[index] for index in sorted(self.parts)).strip() or None


@dataclass
class Response:
    """One answer of the model."""

    id: str
    created: float | None = None
    done: float | None = None
    status: str | None = None
    settings: Settings = field(default_factory=Settings)
    raw: dict[str, Any] = field(default_factory=dict)
    played: tuple[float | None, float | None] = (None, None)
    """when its sound began and ended, where the transport says so (WebRTC, SIP)"""
    cleared: bool = False


@dataclass
class Live:
    """What only a Live session has: a clock of its own, transcripts without turns, delegations, a running total."""

    zero: float
    """when the session's clock read 0; 0 where the log has no times"""
    said: dict[str, list[tuple[int, int, str]]] = field(default_factory=lambda: {"user": [], "assistant": []})
    """role -> (start_ms, end_ms, words)"""
    delegations: dict[str, tuple[str | None, int | None, str | None]] = field(default_factory=dict)
    """id -> (target, offset_ms, response id)"""
    seconds: float | None = None


@dataclass
class Log:
    """The state after some events; `timed` says whether they carry wall-clock times."""

    timed: bool
    settings: Settings = field(default_factory=Settings)
    session_id: str | None = None
    items: dict[str, Item] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    anchored: set[str] = field(default_factory=set)
    """items of which is known behind which other they come"""
    responses: dict[str, Response] = field(default_factory=dict)
    outputs: dict[str, tuple[float | None, Any]] = field(default_factory=dict)
    """call id -> when and what the function answered"""
    input: InputClock = field(default_factory=InputClock)
    playback: Playback = field(default_factory=Playback)
    agent: Transfer | None = None
    """who speaks now; None is the agent that the session began with"""
    called: Transfer | None = None
    """a hand-off that was called and waits for its session update"""
    transfers: list[Transfer] = field(default_factory=list)
    typed: list[Item] = field(default_factory=list)
    transcriptions: list[tuple[str, dict[str, Any], str | None]] = field(default_factory=list)
    """(item id, usage, model) of each transcription that was billed"""
    idle: set[str] = field(default_factory=set)
    live: Live | None = None
    ended: bool = False
    ended_at: float | None = None
    warnings: list[dict[str, str]] = field(default_factory=list)

    def item(self, item_id: str, **known: Any) -> Item:
        """The item with this id; made, as the last of the dialogue, when it is mentioned for the first time."""
        if item_id not in self.items:
            self.items[item_id] = Item(item_id, agent=self.agent)
        item = self.items[item_id]
        for name, value in known.items():
            if value is not None:
                setattr(item, name, value)
        return item

    def place(self, item_id: str, after: str | None) -> None:
        """Put the item into the dialogue: behind the one it follows, else at the end until that is known."""
        if item_id in self.anchored or (item_id in self.order and after not in self.order):
            return
        if item_id in self.order:
            self.order.remove(item_id)
        if after not in self.order:
            self.order.append(item_id)
            return
        self.anchored.add(item_id)
        index = self.order.index(after) + 1
        while index < len(self.order) and self.items[self.order[index]].type == DTMF:
            index += 1
        self.order.insert(index, item_id)

    def response(self, response_id: str) -> Response:
        """The response with this id."""
        if response_id not in self.responses:
            self.responses[response_id] = Response(response_id, settings=self.settings)
        return self.responses[response_id]

    def note(self, place: str, message: str) -> None:
        """Note what went wrong; a conversation shows it."""
        if warning(place, message) not in self.warnings:
            self.warnings.append(warning(place, message))


Handler = Callable[[Log, Event], None]
