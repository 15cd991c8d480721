"""How the tools were used, on every conversation that called any: no expectation is needed.

Definition: docs/metrics.md#function-calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalhub.errors import Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.models import Conversation, Score, ToolCall
from evalhub.transcript.calls.attempts import failed, happened, repeats, tried_again
from evalhub.transcript.calls.schemas import declared_tools, schema_faults
from evalhub.transcript.calls.spelled import mismatches, spelled_codes
from evalhub.transcript.moments import Evidence, Order, call_evidence, turn_evidence, written

PAGE = "docs/metrics.md#function-calls"
CONTRACT = "1"


@dataclass(frozen=True, kw_only=True)
class ToolCalls(Evaluator):
    """How many function calls failed, broke their declared schema, were repeated, or missed what the caller spelled.

    Each value counts calls of the conversation (cancelled ones did not happen); `counts.calls` is how many there were.
    A retry after an error is counted apart from a repetition. Schemas are those of the prompt's tools; without any
    declared tool `function_calls.schema_invalid` is left out.
    """

    name = "tool_calls"
    version = "1"
    kind_of_work = "text"
    reads = frozenset({"turns", "tool_calls", "prompt"})
    metrics = (
        Metric("function_calls.errors", "Tool errors", "calls", "lower", PAGE),
        Metric("function_calls.schema_invalid", "Calls against their schema", "calls", "lower", PAGE),
        Metric("function_calls.repeated", "Repeated calls", "calls", "lower", PAGE),
        Metric("function_calls.unlike_spelled", "Arguments unlike what the caller spelled", "arguments", "lower", PAGE),
    )

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002
        """One count per kind of trouble."""
        calls = happened(conversation.tool_calls)
        if not calls:
            raise Skipped("no_tool_calls", "the agent called no function")
        order = Order(conversation)
        yield _errors(calls, order)
        yield _repeated(calls, order)
        if tools := declared_tools(conversation.prompt):
            faults = [(call, found) for call in calls if (found := schema_faults(call, tools))]
            told = [fault for _, found in faults for fault in found]
            yield _count("schema_invalid", calls, len(faults), told, [call_evidence(call) for call, _ in faults])
        if codes := spelled_codes(conversation):
            wrong = mismatches(calls, codes)
            places = [place for one in wrong for place in (call_evidence(one.call), turn_evidence(one.spelled.turn))]
            yield _count("unlike_spelled", calls, len(wrong), [str(one) for one in wrong], places)


def _errors(calls: list[ToolCall], order: Order) -> Score:
    broken = [call for call in calls if failed(call)]
    told = [f"{written(call)} failed" + (f": {call.error}" if call.error else "") for call in broken]
    score = _count("errors", calls, len(broken), told, [call_evidence(call) for call in broken])
    score.counts["retried"] = sum(tried_again(call, calls, order) for call in broken)
    return score


def _repeated(calls: list[ToolCall], order: Order) -> Score:
    again = [call for call in calls if repeats(call, calls, order)]
    told = [f"{written(call)} was made again" for call in again]
    return _count("repeated", calls, len(again), told, [call_evidence(call) for call in again])


def _count(name: str, calls: list[ToolCall], found: int, told: list[str], evidence: list[Evidence]) -> Score:
    return Score(
        metric=f"function_calls.{name}",
        value=float(found),
        unit="arguments" if name == "unlike_spelled" else "calls",
        explanation="; ".join(told) or f"none of {len(calls)}",
        evidence=evidence,
        contract=CONTRACT,
        counts={"calls": len(calls)},
    )
