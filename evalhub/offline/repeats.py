"""Repeated runs of one scenario, found among the scored conversations, as pass^k rows.

Runs of one scenario are conversations whose `metadata.scenario` is the same text (of one agent version). A run that an
infrastructure error ended (`outcome.reason` says so), or that could not be graded, is excluded and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from evalhub.models import Conversation, Score
from evalhub.score_rows import score_row
from evalhub.transcript.function_calls import FunctionCalls
from evalhub.trust.repeats import INFRASTRUCTURE, Repeats, count_repeats

EVALUATOR, METRIC = "function_calls", "function_calls.correct"
PASS = "function_calls.pass_k"  # noqa: S105 - a metric, no password
MOST_K = 10
Row = dict[str, Any]
Scenario = tuple[str, str | None, str | None]


def repeat_rows(conversations: Iterable[Conversation], rows: Iterable[Row]) -> list[Row]:
    """A row per scenario and k, where a scenario ran more than once and was scored at all."""
    ours = [row for row in rows if row["evaluator"] == EVALUATOR and row["metric"] in (METRIC, None)]
    graded = {row["conversation"]: row for row in ours}
    scenarios: dict[Scenario, list[bool | str]] = {}
    for conversation in conversations:
        if (scenario := _scenario(conversation)) and (row := graded.get(conversation.id)):
            scenarios.setdefault(scenario, []).append(_result(conversation, row))
    repeated = {scenario: results for scenario, results in scenarios.items() if len(results) > 1}
    return [row for scenario, results in repeated.items() for row in _rows(scenario, results)]


def _scenario(conversation: Conversation) -> Scenario | None:
    name = (conversation.meta or {}).get("scenario")
    return (name, conversation.agent_name, conversation.agent_version) if isinstance(name, str) and name else None


def _result(conversation: Conversation, row: Row) -> bool | str:
    reason = (conversation.outcome or {}).get("reason")
    if reason in INFRASTRUCTURE:
        return str(reason)
    return bool(row["value"]) if row["value"] is not None else f"not graded: {row['verdict'] or row['status']}"


def _rows(scenario: Scenario, results: list[bool | str]) -> Iterator[Row]:
    repeats = count_repeats(results)
    for k, value in list(repeats.curve.items())[:MOST_K]:
        yield _row(scenario, repeats, f"{PASS}.{k}", value)
    if not repeats.runs:
        yield _row(scenario, repeats, f"{PASS}.1", None)


def _row(scenario: Scenario, repeats: Repeats, metric: str, value: float | None) -> Row:
    name, agent, version = scenario
    excluded = sum(repeats.excluded.values())
    told = "".join(f", {count} excluded ({why})" for why, count in repeats.excluded.items())
    score = Score(
        metric=metric,
        evaluator=EVALUATOR,
        version=FunctionCalls.version,
        subject_type="scenario",
        subject_id=name,
        value=value,
        explanation=f"{repeats.passed} of {repeats.runs} runs of {name!r} right{told}",
        contract="1",
        policy={"agent": agent, "agent_version": version},
        counts={"passed": repeats.passed, "runs": repeats.runs, "excluded": excluded, "why": repeats.excluded},
        reason=None if repeats.runs else "no run of this scenario counts",
    )
    return score_row(score) | {"conversation": None}
