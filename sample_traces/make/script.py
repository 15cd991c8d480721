"""The words a case is written in: who says what, which tools run, who takes over. No times except where they matter."""

from dataclasses import dataclass, field
from typing import Any

from voices import Voice


@dataclass(frozen=True, kw_only=True)
class Say:
    """One turn. Without a time it starts after a usual pause."""

    speaker: str
    text: str
    after_ms: int | None = None
    """silence before it, counted from the end of all speech so far"""
    cuts_in_ms: int | None = None
    """starts this long after the turn before it started, while that one is still spoken"""
    yields_ms: int | None = None
    """stops this long after somebody cuts in; None: talks on"""
    stops_at_ms: int | None = None
    """stops by itself this long after its start"""
    kind: str | None = None
    transcribed: str | None = None
    """what the speech recogniser made of it; `text` is then the reference"""


def agent(text: str, **more: Any) -> Say:
    return Say(speaker="agent", text=text, **more)


def caller(text: str, **more: Any) -> Say:
    return Say(speaker="caller", text=text, **more)


@dataclass(frozen=True)
class Tool:
    """A tool call between the turn before it and the agent's next turn."""

    name: str
    arguments: dict[str, Any]
    result: Any
    after_ms: int = 240
    takes_ms: int = 310


@dataclass(frozen=True)
class Handoff:
    """From here on another agent speaks, in its own voice."""

    source: str
    target: str
    summary: str


@dataclass(frozen=True)
class Trip:
    """A guardrail fires on the agent's turn before it, `at_ms` after that turn began."""

    name: str
    at_ms: int
    generated_chars: int
    verdict_ms: int
    text: str


Step = Say | Tool | Handoff | Trip


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What an evaluator must answer: a value between `low` and `high`, a verdict, both, or nothing of the kind."""

    evaluator: str
    metric: str
    low: float | None = None
    high: float | None = None
    verdict: str | None = None
    needs: str | None = None
    """what must be connected to get an answer at all"""
    absent: bool = False
    """there must be no such row: a finding that is not made"""
    subject: dict[str, str] | None = None
    """None: the conversation"""

    def as_json(self) -> dict[str, Any]:
        value = {"min": self.low, "max": self.high}
        entry = {"evaluator": self.evaluator, "metric": self.metric, "subject": self.subject, "verdict": self.verdict}
        entry["value"] = {key: bound for key, bound in value.items() if bound is not None} or None
        entry |= {"absent": self.absent or None, "needs": self.needs}
        return {key: part for key, part in entry.items() if part is not None}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One conversation: who, when, with which agent, what is said, and what it should come to."""

    case: str
    id: str
    story: str
    """what a reader of the README is told: the planted fault, or that there is none"""
    expected: list[Expected]
    started_at: str
    agent: dict[str, Any]
    """the `agent` and `prompt` objects of the native format"""
    voices: dict[str, Voice]
    """`caller`, and `agent` or one for each agent that speaks"""
    steps: list[Step]
    user_id: str
    channel: str = "phone"
    tags: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    guardrails: list[dict[str, Any]] = field(default_factory=list)
    expectations: dict[str, Any] = field(default_factory=dict)
    end_state: dict[str, Any] | None = None
    outcome: dict[str, Any] = field(default_factory=dict)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    swap_tracks: bool = False
    agent_gain_db: float = 0.0
    audio: str = "opus"
