"""A LiveKit session as its report tells it: history, metrics of each message, totals of usage.

The report knows words, tools and when each side spoke; it does not know the agent's spans, nor in speech-to-speech
sessions when the caller spoke: such a turn has the time it was noted, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhub.models import Conversation, Handoff, PromptVersion, Recording, StageTiming, ToolCall, Turn
from evalhub.traces.formats.livekit_report import unix_ns
from evalhub.traces.formats.livekit_totals import models_of
from evalhub.traces.formats.loose import listing, mapping, number, structured, words
from evalhub.traces.spans import NS_PER_MS, TracedCall, at

SPEAKERS = {"user": "caller", "assistant": "agent"}
NOTED = "noted"
"""basis of a start that is when the history noted the turn: nobody measured when it was spoken"""
S = 1000
CHAINED = {"stt", "llm", "tts"}


@dataclass(kw_only=True)
class History:
    """What was read of a history until now."""

    zero_ns: int
    turns: list[Turn] = field(default_factory=list)
    tools: dict[str, ToolCall] = field(default_factory=dict)
    handoffs: list[Handoff] = field(default_factory=list)
    stages: list[StageTiming] = field(default_factory=list)
    agent: str | None = None
    first_agent: str | None = None
    instructions: str | None = None
    tool_names: list[str] = field(default_factory=list)
    waits: dict[str, float | None] = field(default_factory=dict)
    """what the caller's last turn and the tools since took, until an agent answers"""
    unanswered: list[ToolCall] = field(default_factory=list)

    def ms(self, seconds: Any) -> int | None:
        """A unix time on the call's clock."""
        found = unix_ns(seconds)
        return round((found - self.zero_ns) / NS_PER_MS) if found is not None else None

    def take(self, item: dict[str, Any]) -> None:
        """The next item, in the order of the history."""
        match item.get("type"):
            case "message" if str(item.get("role")) in SPEAKERS:
                self._speak(item)
            case "function_call":
                self._call(item)
            case "function_call_output":
                self._give(item)
            case "agent_handoff":
                self._pass_on(item)
            case "agent_config_update":
                self.instructions = words(item.get("instructions")) or self.instructions
                self.tool_names += [name for name in listing(item.get("tools_added")) if words(name)]

    def _speak(self, item: dict[str, Any]) -> None:
        metrics, speaker = mapping(item.get("metrics")), SPEAKERS[str(item["role"])]
        started, stopped = (self.ms(metrics.get(f"{name}_speaking_at")) for name in ("started", "stopped"))
        text = "\n".join(_texts(item.get("content"))).strip() or None
        if text is None and started is None:
            return
        turn = Turn(id=_id(item, len(self.turns)), speaker=speaker, start_ms=started, end_ms=stopped, text=text)
        if started is None:
            turn.start_ms, turn.extra = self.ms(item.get("created_at")), {"start_basis": NOTED}
        if speaker == "caller":
            self.waits = dict(_waits(metrics))
        else:
            self._answer(turn, item, metrics)
        self.turns.append(turn)

    def _answer(self, turn: Turn, item: dict[str, Any], metrics: dict[str, Any]) -> None:
        turn.agent_name, turn.interrupted = self.agent, item.get("interrupted") is True
        if turn.interrupted and turn.start_ms is not None and turn.end_ms is not None:
            turn.extra = (turn.extra or {}) | {"heard_ms": turn.end_ms - turn.start_ms, "heard_source": "playout"}
        for tool in self.unanswered:
            tool.turn_id = turn.id
        self.stages += _stages(turn.id, self.waits | _first_outputs(metrics) | {"tool": _spent(self.unanswered)})
        self.unanswered, self.waits = [], {}

    def _call(self, item: dict[str, Any]) -> None:
        tool = ToolCall(
            id=words(item.get("call_id")) or _id(item, len(self.tools)),
            agent_name=self.agent,
            name=words(item.get("name")) or "unknown",
            arguments=structured(item.get("arguments")),
            start_ms=self.ms(item.get("created_at")),
        )
        self.tools[tool.id] = tool
        self.unanswered.append(tool)

    def _give(self, item: dict[str, Any]) -> None:
        tool = self.tools.get(str(item.get("call_id")))
        if tool is not None:
            output = structured(item.get("output"))
            failed = item.get("is_error") is True
            tool.result, tool.error = (None, output or "failed") if failed else (output, None)
            tool.end_ms = self.ms(item.get("created_at"))

    def _pass_on(self, item: dict[str, Any]) -> None:
        before, after = words(item.get("old_agent_id")), words(item.get("new_agent_id"))
        self.agent, self.tool_names = after or self.agent, []
        self.first_agent = self.first_agent or before or after
        if before:
            at_ms = self.ms(item.get("created_at"))
            id_ = _id(item, len(self.handoffs))
            self.handoffs.append(Handoff(id=id_, from_agent=before, to_agent=after, at_ms=at_ms, kind="transfer"))


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
    conversation.architecture = "chained" if (conversation.models or {}).keys() >= CHAINED else None
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
    return min([*began, *filter(None, noted)], default=None)


def _began(item: dict[str, Any]) -> float:
    """A message is noted when it was generated or transcribed; what counts is when it was spoken."""
    return number(mapping(item.get("metrics")).get("started_speaking_at")) or number(item.get("created_at")) or 0.0


def _items(report: dict[str, Any]) -> list[Any]:
    return listing(mapping(report.get("chat_history")).get("items"))


def _texts(content: Any) -> Iterator[str]:
    """Texts as they are; of sound its transcript; pictures say nothing."""
    for part in listing(content):
        text = part if isinstance(part, str) else mapping(part).get("transcript")
        if words(text):
            yield str(text)


def _id(item: dict[str, Any], index: int) -> str:
    return words(item.get("id")) or f"{item.get('type')}:{index}"


def _waits(metrics: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
    heard, over = (number(metrics.get(f"{name}_delay")) for name in ("transcription", "end_of_turn"))
    yield "stt", heard
    yield "end_of_turn_wait", max(0.0, over - (heard or 0)) if over is not None else None


def _first_outputs(metrics: dict[str, Any]) -> dict[str, float | None]:
    names = {"llm_first_token": "llm_node_ttft", "tts_first_byte": "tts_node_ttfb"}
    return {stage: number(metrics.get(name)) for stage, name in names.items()}


def _spent(tools: list[ToolCall]) -> float | None:
    known = [tool.end_ms - tool.start_ms for tool in tools if tool.start_ms is not None and tool.end_ms is not None]
    return sum(known) / S if known else None


def _stages(turn_id: str, seconds: dict[str, float | None]) -> Iterator[StageTiming]:
    for position, (stage, took) in enumerate(seconds.items()):
        if took is not None:
            yield StageTiming(
                id=f"{turn_id}:{stage}", position=position, turn_id=turn_id, stage=stage, ms=round(took * S, 3)
            )


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
