"""From a script to a timeline: every step gets its times from the speech that was really synthesised."""

from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from script import Handoff, Say, Scene, Tool, Trip
from voices import Speech, speak

GREETING_MS = 620
ANSWER_MS = (680, 840, 590, 760, 920, 640)
"""silence before an agent's turn, in turn"""
REPLY_MS = (520, 700, 610, 830)
"""silence before a caller's turn, in turn"""
TOOL_TO_SPEECH_MS = 260
TAIL_MS = 900


@dataclass
class Turn:
    """A turn where it came to lie."""

    id: str
    say: Say
    speech: Speech
    start_ms: int
    agent_name: str | None

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.speech.ms


@dataclass
class Timeline:
    """What happened when, in milliseconds from the start of the call."""

    turns: list[Turn] = field(default_factory=list)
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    handoffs: list[dict[str, Any]] = field(default_factory=list)
    trips: list[dict[str, Any]] = field(default_factory=list)

    @property
    def clock(self) -> int:
        """The end of all speech so far."""
        return max((turn.end_ms for turn in self.turns), default=0)

    @property
    def ms(self) -> int:
        return self.clock + TAIL_MS


class Director:
    """Walks a scene step by step."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.timeline = Timeline()
        names = [name for name in scene.voices if name not in ("caller", "agent")]
        self.agent_name = names[0] if names else None
        self.pauses = {"agent": cycle(ANSWER_MS), "caller": cycle(REPLY_MS)}

    def run(self) -> Timeline:
        acts = {Say: self.say, Tool: self.tool, Handoff: self.handoff, Trip: self.trip}
        for step in self.scene.steps:
            acts[type(step)](step)
        return self.timeline

    def say(self, say: Say) -> None:
        name = self.agent_name if say.speaker == "agent" else None
        speech = speak(self.scene.voices[name or say.speaker], say.text)
        if say.stops_at_ms is not None:
            speech = speech.until(say.stops_at_ms)
        turn = Turn(f"t{len(self.timeline.turns) + 1}", say, speech, self.start_of(say), name)
        if say.cuts_in_ms is not None:
            cut_off(self.timeline.turns[-1], turn.start_ms)
        self.timeline.turns.append(turn)

    def start_of(self, say: Say) -> int:
        if say.cuts_in_ms is not None:
            return self.timeline.turns[-1].start_ms + say.cuts_in_ms
        if not self.timeline.turns:
            return GREETING_MS
        usual = next(self.pauses[say.speaker])
        if say.after_ms is not None:
            return self.timeline.clock + say.after_ms
        return max(self.timeline.clock + usual, self.tools_done() + TOOL_TO_SPEECH_MS)

    def tools_done(self) -> int:
        return max((call["end_ms"] for call in self.timeline.tool_calls), default=-TOOL_TO_SPEECH_MS)

    def tool(self, tool: Tool) -> None:
        last = self.timeline.tool_calls[-1]["end_ms"] if self.timeline.tool_calls else 0
        start = max(self.timeline.clock + tool.after_ms, last + 20)
        call = {"id": f"c{len(self.timeline.tool_calls) + 1}", "turn_id": f"t{len(self.timeline.turns) + 1}"}
        call |= {"agent_name": self.agent_name, "name": tool.name, "arguments": tool.arguments, "result": tool.result}
        call |= {"start_ms": start, "end_ms": start + tool.takes_ms, "status": "completed"}
        self.timeline.tool_calls.append({key: value for key, value in call.items() if value is not None})

    def handoff(self, step: Handoff) -> None:
        handoff = {"from": step.source, "to": step.target, "at_ms": self.timeline.clock + 150, "kind": "transfer"}
        self.timeline.handoffs.append(handoff | {"summary": step.summary})
        self.agent_name = step.target

    def trip(self, step: Trip) -> None:
        turn = self.timeline.turns[-1]
        trip = {"name": step.name, "turn_id": turn.id, "at_ms": turn.start_ms + step.at_ms}
        trip |= {"generated_chars": step.generated_chars, "verdict_ms": step.verdict_ms, "text": step.text}
        self.timeline.trips.append(trip)


def cut_off(turn: Turn, start_ms: int) -> None:
    """The turn stops as it was told to when somebody cuts in at `start_ms`."""
    if turn.say.yields_ms is not None:
        turn.speech = turn.speech.until(start_ms + turn.say.yields_ms - turn.start_ms)


def direct(scene: Scene) -> Timeline:
    return Director(scene).run()
