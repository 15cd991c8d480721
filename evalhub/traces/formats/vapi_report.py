"""Vapi's end-of-call report: messages with times, waits of each answer, analysis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from evalhub.models import Conversation, Handoff, ToolCall, Turn
from evalhub.traces.bodies import warning
from evalhub.traces.formats import reports
from evalhub.traces.formats.native_build import duration_ms
from evalhub.traces.formats.realtime.actions import decoded
from evalhub.traces.formats.realtime.fields import at, key, listed, ms, name, text, thing
from evalhub.traces.formats.vapi_costs import name_models, usage_of
from evalhub.traces.prompts import prompt_version

SPEAKERS = {"user": "caller", "bot": "agent", "assistant": "agent"}
STAGES = {
    "endpointingLatency": "end_of_turn_wait",
    "transcriberLatency": "stt",
    "modelLatency": "llm_first_token",
    "voiceLatency": "tts_first_byte",
}
SUCCESS = {"true": True, "pass": True, "false": False, "fail": False}
TRANSFERS = ("transferCall", "transfer_call")


def read(conversation: Conversation, report: dict[str, Any], warnings: list[dict[str, str]]) -> None:
    """Fill in what the report tells."""
    artifact = thing(report, "artifact")
    said = listed(artifact, "messages") or listed(report, "messages")
    start = _start(report, said)
    conversation.started_at = start
    conversation.ended_at = reports.moment(report.get("endedAt"))
    dialogue = list(_dialogue(said, start))
    turns = reports.numbered([item for item in dialogue if isinstance(item, Turn)])
    reports.give_turns(dialogue)
    reports.mark_interrupted(turns)
    conversation.turns = turns
    conversation.tool_calls = reports.numbered([item for item in dialogue if isinstance(item, ToolCall)])
    conversation.handoffs = reports.numbered(list(_handoffs(report, conversation)))
    _waits(conversation, artifact, warnings)
    conversation.usage = usage_of(report)
    name_models(conversation, report)
    _outcome(conversation, report, warnings)
    instructions = next(
        (one for message in said if _role(message) == "system" and (one := text(message, "message"))), None
    )
    if instructions:
        conversation.prompt = prompt_version(instructions=instructions)
        conversation.prompt_id = conversation.prompt.id
    conversation.duration_ms = duration_ms(conversation)


def _role(message: dict[str, Any]) -> str | None:
    return text(message, "role")


def _start(report: dict[str, Any], said: list[dict[str, Any]]) -> datetime | None:
    """When the call began: as told, else where the clock of the messages reads 0."""
    if told := reports.moment(report.get("startedAt")):
        return told
    for message in said:
        first, since = reports.moment(message.get("time")), reports.clock_ms(message, "secondsFromStart")
        if first and since is not None:
            return first - timedelta(milliseconds=since)
    return None


def _ms(start: datetime | None, message: dict[str, Any], field: str) -> int | None:
    found = reports.moment(message.get(field))
    return round((found - start).total_seconds() * 1000) if found and start else None


def _dialogue(said: list[dict[str, Any]], start: datetime | None) -> Iterator[Turn | ToolCall]:
    calls: dict[str, ToolCall] = {}
    for index, message in enumerate(said):
        if speaker := SPEAKERS.get(_role(message) or ""):
            yield _turn(f"m{index + 1}", speaker, message, start)
        for asked in listed(message, "toolCalls"):
            call = _call(asked, message, start)
            if calls.setdefault(call.id, call) is call:
                yield call
        if _role(message) == "tool_call_result" and (call := calls.get(key(message, "toolCallId") or "")):  # type: ignore[assignment]
            call.end_ms = _ms(start, message, "time")
            reports.answered(call, message.get("result"), failed=message.get("error") is not None)


def _turn(id_: str, speaker: str, message: dict[str, Any], start: datetime | None) -> Turn:
    begin, end, length = _ms(start, message, "time"), _ms(start, message, "endTime"), ms(message, "duration")
    if begin is None:
        begin = reports.clock_ms(message, "secondsFromStart")
    if end is None and begin is not None and length is not None:
        end = begin + length
    return Turn(
        id=id_,
        speaker=speaker,
        agent_name=name(message, "assistantName") if speaker == "agent" else None,
        start_ms=begin,
        end_ms=max(begin, end) if begin is not None and end is not None else end,
        text=text(message, "message"),
    )


def _call(asked: dict[str, Any], message: dict[str, Any], start: datetime | None) -> ToolCall:
    begin = _ms(start, message, "time")
    id_ = key(asked, "id") or f"call-{begin}-{name(asked, 'function', 'name')}"
    return ToolCall(
        id=id_,
        name=name(asked, "function", "name") or "function",
        arguments=decoded(at(asked, "function", "arguments")),
        start_ms=begin,
        status="in_progress",
    )


def _handoffs(report: dict[str, Any], conversation: Conversation) -> Iterator[Handoff]:
    """From one assistant of a squad to the next, and to a number or a person outside."""
    speaking = [turn for turn in conversation.turns if turn.speaker == "agent" and turn.agent_name]
    for before, turn in pairwise(speaking):
        if before.agent_name != turn.agent_name:
            yield Handoff(id=f"{turn.id}:handoff", from_agent=before.agent_name, to_agent=turn.agent_name,
                          at_ms=turn.start_ms, kind="transfer")  # fmt: skip
    asked = next((call for call in conversation.tool_calls if call.name in TRANSFERS), None)
    transfers = listed(report, "artifact", "transfers") or listed(
        {"all": [{"destination": report.get("destination")}]}, "all"
    )
    for index, transfer in enumerate(transfers):
        if to := _destination(thing(transfer, "destination")):
            yield Handoff(
                id=f"transfer-{index + 1}",
                from_agent=speaking[-1].agent_name if speaking else conversation.agent_name,
                to_agent=to,
                at_ms=asked.start_ms if asked else None,
                kind="transfer",
                summary=text(transfer, "transcript"),
                extra=reports.known({"status": text(transfer, "status"), "mode": text(transfer, "mode")}) or None,
            )


def _destination(destination: dict[str, Any]) -> str | None:
    return next((to for field in ("number", "sipUri", "assistantName") if (to := name(destination, field))), None)


def _waits(conversation: Conversation, artifact: dict[str, Any], warnings: list[dict[str, str]]) -> None:
    told = listed(artifact, "performanceMetrics", "turnLatencies")
    answers = reports.answers(conversation.turns)
    waits = {stage: _values(told, field) for field, stage in STAGES.items()}
    told_waits = reports.stage_timings(answers, waits, warnings)
    conversation.stage_timings = reports.numbered([*told_waits, *reports.tool_waits(conversation)])
    reports.note_latency(answers, _values(told, "turnLatency"))


def _values(told: list[dict[str, Any]], field: str) -> list[float]:
    return [wait for one in told if (wait := reports.count(one, field)) is not None]


def _outcome(conversation: Conversation, report: dict[str, Any], warnings: list[dict[str, str]]) -> None:
    reason, analysis = text(report, "endedReason"), thing(report, "analysis")
    judged = str(analysis.get("successEvaluation", "")).lower()
    transferred = next((one.to_agent for one in conversation.handoffs if one.id.startswith("transfer-")), None)
    conversation.outcome = reports.known(
        {
            "reason": reason,
            "ended_by": _ended_by(reason or ""),
            "resolved": SUCCESS.get(judged),
            "transferred_to": transferred,
        }
    ) or None  # fmt: skip
    told = {"summary": text(analysis, "summary"), "structured_data": analysis.get("structuredData"),
            "success_evaluation": analysis.get("successEvaluation"),
            "variables": thing(report, "artifact", "variableValues")}  # fmt: skip
    conversation.meta = (conversation.meta or {}) | reports.known(told)
    if reason and ("error" in reason or "failed" in reason):
        warnings.append(warning("endedReason", f"the call ended by an error: {reason}"))


def _ended_by(reason: str) -> str | None:
    if reason.startswith("customer-ended"):
        return "caller"
    return "agent" if reason.startswith("assistant-") and "error" not in reason and "not-" not in reason else None
