"""A LiveKit session as its report tells it: the history, what was set, how it ended, where the recording begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evalhub.models import Conversation, PromptVersion, Recording
from evalhub.traces.formats.livekit_report import unix_ns
from evalhub.traces.formats.livekit_session.history import History
from evalhub.traces.formats.livekit_session.totals import models_of
from evalhub.traces.formats.loose import listing, mapping, number, words
from evalhub.traces.spans import NS_PER_MS, TracedCall, at

ARCHITECTURES = (({"stt", "llm", "tts"}, "chained"), ({"s2s", "tts"}, "half_cascade"), ({"s2s"}, "speech_to_speech"))
"""by the models that were used; the first that fits"""


def read(report: dict[str, Any], call: TracedCall) -> Conversation:
    """The session that a report tells, on the clock of its call; without spans the clock begins with the report."""
    items = sorted(filter(None, map(mapping, _items(report))), key=_began)
    zero = call.start_ns or first_ns(report, items) or 0
    history = History(zero_ns=zero)
    for item in items:
        history.take(item)
    ended = unix_ns(report.get("timestamp"))
    conversation = Conversation(
        id=call.id,
        started_at=at(zero) if zero else None,
        ended_at=at(ended),
        origin="simulation" if report.get("simulated") is True else None,
        agent_name=words(report.get("agent_name")) or history.first_agent,
        models=models_of(report) or None,
        prompt=_prompt(history),
        meta=dict(_meta(report)) or None,
        turns=history.turns,
        tool_calls=[*history.tools.values()],
        handoffs=history.handoffs,
        stage_timings=history.stages,
        recordings=list(_recordings(report, history)),
    )
    _number(conversation.turns, conversation.tool_calls, conversation.handoffs)
    used = (conversation.models or {}).keys()
    conversation.architecture = next((name for needed, name in ARCHITECTURES if used >= needed), None)
    return conversation


def _number(*lists: Sequence[Any]) -> None:
    for items in lists:
        for position, one in enumerate(items):
            one.position = position


def first_ns(report: dict[str, Any], items: list[dict[str, Any]]) -> int | None:
    """When the session began: its duration before its end, unless something is told to have been earlier."""
    length, ended = number(report.get("duration_ms")), unix_ns(report.get("timestamp"))
    began = (
        [ended - round(length * NS_PER_MS)] if ended and length is not None and 0 <= length * NS_PER_MS < ended else []
    )
    noted = (unix_ns(item.get("created_at")) for item in items)
    recorded = unix_ns(report.get("audio_recording_started_at"))
    return min([*began, *filter(None, (recorded, *noted))], default=None)


def _began(item: dict[str, Any]) -> float:
    """A message is noted when it was generated or transcribed; what counts is when it was spoken."""
    return number(mapping(item.get("metrics")).get("started_speaking_at")) or number(item.get("created_at")) or 0.0


def _items(report: dict[str, Any]) -> list[Any]:
    return listing(mapping(report.get("chat_history")).get("items"))


def _prompt(history: History) -> PromptVersion | None:
    """What the last agent was told; of its tools only the names are known."""
    names = [{"name": name} for name in dict.fromkeys(history.tool_names)]
    return PromptVersion(instructions=history.instructions, tools=names or None) if history.instructions else None


def _meta(report: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    named = {"room_id": "room_id", "job_id": "job_id", "lk.room_name": "room", "livekit_agents": "sdk_version"}
    yield from ((name, said) for name, key in named.items() if (said := words(report.get(key))))
    if reason := words(report.get("close_reason")):
        yield "close_reason", reason.removeprefix("CR_").lower()
    if mapping(mapping(report.get("options")).get("recording_options")).get("redaction") is True:
        yield "redacted", True
    if errors := {kind: count for kind, count in mapping(report.get("errors")).items() if number(count)}:
        yield "errors", errors


def _recordings(report: dict[str, Any], history: History) -> Iterator[Recording]:
    """LiveKit records both sides from one moment on: the caller left, the agent right (its RecorderIO)."""
    offset = history.ms(report.get("audio_recording_started_at"))
    if offset is not None:
        path = words(report.get("audio_recording_path"))
        yield Recording(track="stereo", channels=["caller", "agent"], offset_ms=offset, path=path)
