"""The chat history of a LiveKit session: turns, tools and hand-offs, with the metrics that its messages carry.

In speech-to-speech sessions it does not know when the caller spoke: such a turn has the time it was noted, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evalhub.models import Handoff, StageTiming, ToolCall, Turn
from evalhub.traces.formats.livekit_report import unix_ns
from evalhub.traces.formats.livekit_session.stages import first_outputs, spent, stages, waits
from evalhub.traces.formats.loose import listing, mapping, structured, words
from evalhub.traces.spans import NS_PER_MS

SPEAKERS = {"user": "caller", "assistant": "agent"}
NOTED = "noted"
"""basis of a start that is when the history noted the turn: nobody measured when it was spoken"""


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
            self.waits = dict(waits(metrics))
        else:
            self._answer(turn, item, metrics)
        self.turns.append(turn)

    def _answer(self, turn: Turn, item: dict[str, Any], metrics: dict[str, Any]) -> None:
        turn.agent_name, turn.interrupted = self.agent, item.get("interrupted") is True
        if turn.interrupted and turn.start_ms is not None and turn.end_ms is not None:
            turn.extra = (turn.extra or {}) | {"heard_ms": turn.end_ms - turn.start_ms, "heard_source": "playout"}
        for tool in self.unanswered:
            tool.turn_id = turn.id
        self.stages += stages(turn.id, self.waits | first_outputs(metrics) | {"tool": spent(self.unanswered)})
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


def _texts(content: Any) -> Iterator[str]:
    """Texts as they are; of sound its transcript; pictures say nothing."""
    for part in listing(content):
        text = part if isinstance(part, str) else mapping(part).get("transcript")
        if words(text):
            yield str(text)


def _id(item: dict[str, Any], index: int) -> str:
    return words(item.get("id")) or f"{item.get('type')}:{index}"
