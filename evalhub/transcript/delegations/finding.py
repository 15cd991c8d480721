"""Delegations of a conversation: hand-offs of that kind, and function calls to other agents.

A function is another agent where a delegation names it, where another agent of the conversation is called like it, or
by the usual names: `ask_...`, `consult_...`, `delegate_...`, `..._agent`, `..._expert`, `..._supervisor`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from evalhub.models import Conversation, Handoff, ToolCall
from evalhub.transcript.calls.attempts import happened
from evalhub.transcript.moments import Evidence, call_evidence, handoff_evidence

USUAL = re.compile(
    r"(?:ask|consult|delegate|escalate)(?:_\w+|[A-Z]\w*)?|\w+_(?:agent|expert|specialist|supervisor|assistant)"
    r"|\w*[a-z](?:Agent|Expert|Specialist|Supervisor)"
)
NEAR_MS = 1_000
"""a hand-off and a call so near to each other are one delegation"""


@dataclass(frozen=True, kw_only=True)
class Delegation:
    """One piece of work that another agent did."""

    agent: str
    start_ms: int | None
    end_ms: int | None = None
    """when the result was there; None where nothing tells"""
    result: Any = None
    evidence: Evidence


def delegates(conversation: Conversation) -> set[str]:
    """Names of agents that work behind the one who speaks."""
    named = {one.to_agent for one in conversation.handoffs if one.kind == "delegation" and one.to_agent}
    spoke = {turn.agent_name for turn in conversation.turns if turn.agent_name}
    return named | ({call.agent_name for call in conversation.tool_calls if call.agent_name} - spoke)


def is_agent(name: str, known: set[str]) -> bool:
    """Whether a function of this name is another agent."""
    return name in known or USUAL.fullmatch(name) is not None


def delegations(conversation: Conversation) -> list[Delegation]:
    """Every delegation, in order of time; one that shows as hand-off and as call is one."""
    known = delegates(conversation)
    calls = [_of_call(call) for call in happened(conversation.tool_calls) if is_agent(call.name, known)]
    handoffs = [_of_handoff(one) for one in conversation.handoffs if one.kind == "delegation"]
    alone = [one for one in handoffs if not any(_is_one(one, call) for call in calls)]
    return sorted([*calls, *alone], key=lambda one: one.start_ms or 0)


def _of_call(call: ToolCall) -> Delegation:
    result = call.error if call.error is not None else call.result
    times = {"start_ms": call.start_ms, "end_ms": call.end_ms}
    return Delegation(agent=call.name, **times, result=result, evidence=call_evidence(call))


def _of_handoff(handoff: Handoff) -> Delegation:
    agent = handoff.to_agent or "another agent"
    return Delegation(agent=agent, start_ms=handoff.at_ms, evidence=handoff_evidence(handoff))


def _is_one(handoff: Delegation, call: Delegation) -> bool:
    if handoff.start_ms is None or call.start_ms is None:
        return handoff.agent == call.agent
    return call.start_ms - NEAR_MS <= handoff.start_ms <= max(call.start_ms, call.end_ms or 0) + NEAR_MS
