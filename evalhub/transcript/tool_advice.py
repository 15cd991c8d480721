"""Tool-count advice: how many tools an agent has, and how many of them a call used. Definition: docs/metrics.md#tools.

Whether a tool is ever used only many calls can tell: `tools/advice.py` reads the calls of an agent's version together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalhub.errors import Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.models import Conversation, Score
from evalhub.transcript.calls.attempts import failed, happened
from evalhub.transcript.moments import call_evidence
from evalhub.transcript.tools.advice import MANY, tool_use

PAGE = "docs/metrics.md#tools"
CONTRACT = "1"


@dataclass(frozen=True, kw_only=True)
class ToolAdvice(Evaluator):
    """How many tools the prompt declares, how many of them the call used, and the share of uses that failed.

    More than 20 declared tools are `many` (label); tools that were never used show over the calls of a version.
    """

    name = "tool_advice"
    version = "1"
    kind_of_work = "text"
    reads = frozenset({"tool_calls", "prompt"})
    metrics = (
        Metric("tool_advice.declared", "Tools declared", "tools", "lower", PAGE),
        Metric("tool_advice.used", "Tools used", "tools", "none", PAGE),
        Metric("tool_advice.failed", "Tool uses that failed", "ratio", "lower", PAGE),
    )

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002
        """A row per metric that applies."""
        use, calls = tool_use([conversation]), happened(conversation.tool_calls)
        if not use.declared and not calls:
            raise Skipped("no_tools", "the prompt declares no tool, and none was called")
        if use.declared:
            many = len(use.declared) > MANY
            told = f"; models choose better among {MANY} or fewer" if many else ""
            yield Score(
                metric="tool_advice.declared",
                value=float(len(use.declared)),
                unit="tools",
                explanation=f"{len(use.declared)} tools to choose from{told}",
                contract=CONTRACT,
                policy={"many": MANY},
                label="many" if many else None,
            )
            yield Score(
                metric="tool_advice.used",
                value=float(len(use.declared & use.used.keys())),
                unit="tools",
                explanation=f"not used here: {', '.join(use.unused)}" if use.unused else "every tool was used",
                contract=CONTRACT,
                counts={"declared": len(use.declared), "undeclared": len(use.undeclared)},
            )
        if calls:
            broken = [call for call in calls if failed(call)]
            yield Score(
                metric="tool_advice.failed",
                value=len(broken) / len(calls),
                unit="ratio",
                explanation=", ".join(f"{name} {count} of {use.used[name]}" for name, count in use.failed.items())
                or "none",
                evidence=[call_evidence(call) for call in broken],
                contract=CONTRACT,
                counts={"uses": len(calls), "failed": len(broken)},
            )
