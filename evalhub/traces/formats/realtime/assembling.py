"""From a read log to the conversation and its sound."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from evalhub.evaluators import digest
from evalhub.models import Conversation
from evalhub.traces.formats import ParsedAudio
from evalhub.traces.formats.native_build import duration_ms
from evalhub.traces.formats.realtime.accounts import spans_of, usage_of
from evalhub.traces.formats.realtime.actions import handoffs_of, tool_calls_of
from evalhub.traces.formats.realtime.dialogue import Clock, turns_of
from evalhub.traces.formats.realtime.fields import key, name, thing
from evalhub.traces.formats.realtime.log import DTMF, Log
from evalhub.traces.formats.realtime.settings import Settings
from evalhub.traces.formats.realtime.sound import Piece, track
from evalhub.traces.formats.realtime.stages import stages_of
from evalhub.traces.prompts import prompt_version

EPOCH_S = 1e9
"""times below are counted from an unknown start"""
UNTIMED = (
    "the events of this log carry no times: when somebody spoke and how long answers took cannot be known, and sound "
    "cannot be laid on one clock. Log the time at which each event was received."
)
TOO_LONG = "the sound of the {side} is left out: it spans more than 90 minutes, or changes its sample rate"


def assemble(log: Log, first: float | None, conversation_id: str | None) -> tuple[Conversation, list[ParsedAudio]]:
    """The conversation a log tells, and the sound of both sides. `first` is the time of the first event."""
    pieces = {"caller": log.input.pieces(), "agent": log.playback.pieces()}
    clock = Clock(_origin(log, first, pieces))
    conversation = Conversation(id=conversation_id or _id(log))
    _describe(conversation, log, clock)
    conversation.turns = turns_of(log, clock)
    conversation.tool_calls = tool_calls_of(log, clock.ms)
    conversation.handoffs = handoffs_of(log, clock.ms)
    turn_of = _turns_by_response(log, conversation)
    conversation.usage = usage_of(log, turn_of)
    conversation.stage_timings = stages_of(log, conversation, turn_of, clock)
    conversation.spans = spans_of(log, clock.ms)
    conversation.duration_ms = duration_ms(conversation)
    audio = _audio(log, conversation.id, clock, pieces)
    if not log.timed:
        log.note("", UNTIMED)
    conversation.warnings = log.warnings or None
    return conversation, audio


def _origin(log: Log, first: float | None, pieces: dict[str, list[Piece]]) -> float | None:
    """When the conversation began: the first event, or the speech that the first audio sent had recorded before."""
    if first is None:
        return 0.0 if log.live else None
    return min([first, *(piece.start for side in pieces.values() for piece in side)])


def _id(log: Log) -> str:
    tracing = thing(log.settings.raw, "tracing")
    return key(tracing, "group_id") or log.session_id or f"realtime-{digest(sorted(log.items))}"


def _describe(conversation: Conversation, log: Log, clock: Clock) -> None:
    settings = log.settings
    tracing = thing(settings.raw, "tracing")
    if log.timed and clock.origin is not None and clock.origin >= EPOCH_S:
        conversation.started_at = datetime.fromtimestamp(clock.origin, UTC)
        if log.ended_at is not None:
            conversation.ended_at = datetime.fromtimestamp(log.ended_at, UTC)
    conversation.channel = "phone" if any(item.type == DTMF for item in log.items.values()) else None
    conversation.language = name(settings.transcription, "language")
    conversation.user_id = name(tracing, "metadata", "user_id")
    conversation.agent_name = name(tracing, "workflow_name")
    conversation.architecture = _architecture(log)
    conversation.models = _models(log)
    conversation.voice = settings.voice
    conversation.meta = _metadata(log, tracing)
    _describe_prompt(conversation, _spoken_with(log))


def _spoken_with(log: Log) -> Settings:
    """The settings of the last response: after a hand-off, those of the agent who took over."""
    return list(log.responses.values())[-1].settings if log.responses and not log.live else log.settings


def _describe_prompt(conversation: Conversation, settings: Settings) -> None:
    stored = thing(settings.raw, "prompt")
    content: dict[str, Any] = {
        "name": name(stored, "id"),
        "version": name(stored, "version"),
        "instructions": settings.instructions,
        "tools": settings.tools or None,
    }
    if any(content.values()):
        conversation.prompt = prompt_version(**content)
        conversation.prompt_id = conversation.prompt.id


def _architecture(log: Log) -> str | None:
    if log.live or log.settings.speaks:
        return "speech_to_speech"
    heard = log.input.length_ms or any(item.spoken and item.role == "user" for item in log.items.values())
    return "half_cascade" if heard and log.settings.speaks is False else None


def _models(log: Log) -> dict[str, str] | None:
    behind = (name(response.raw, "model") for response in log.responses.values())
    known = {
        "s2s": log.settings.model,
        "stt": name(log.settings.transcription, "model"),
        "llm": next((model for model in behind if model), None) if log.live else None,
    }
    return {role: model for role, model in known.items() if model} or None


def _metadata(log: Log, tracing: dict[str, Any]) -> dict[str, Any] | None:
    own = {"session_id": log.session_id, "group_id": name(tracing, "group_id")}
    known = {field: value for field, value in own.items() if value}
    return thing(tracing, "metadata") | known or None


def _turns_by_response(log: Log, conversation: Conversation) -> dict[str, str]:
    """The turn whose answer a response was part of: its own message, else the one its tool call led to."""
    turn_of_call = {call.id: call.turn_id for call in conversation.tool_calls}
    found: dict[str, str] = {}
    for item_id in reversed(log.order):
        item = log.items[item_id]
        turn_id = item.id if conversation.turn(item.id) else turn_of_call.get(item.call_id or item.id)
        if item.response_id and turn_id:
            found[item.response_id] = turn_id
    return found


def _audio(log: Log, conversation_id: str, clock: Clock, pieces: dict[str, list[Piece]]) -> list[ParsedAudio]:
    audio = []
    for side, found in pieces.items():
        laid = track(found, clock.origin or 0.0)
        if laid is None and any(isinstance(piece.data, bytes) for piece in found):
            log.note(side, TOO_LONG.format(side=side))
        if laid is not None:
            data, rate, offset_ms = laid
            audio.append(
                ParsedAudio(conversation_id=conversation_id, track=side, data=data, rate=rate, offset_ms=offset_ms)
            )
    return audio
