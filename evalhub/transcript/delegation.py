"""Delegation: work given to another agent behind the one who speaks. Definition: docs/metrics.md#delegation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from evalhub.costs import PriceTable, cost_of, price_table
from evalhub.errors import Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.models import Conversation, Score
from evalhub.transcript.delegations.expected import findings_of
from evalhub.transcript.delegations.finding import Delegation, delegations
from evalhub.transcript.delegations.results import Spoken, spoken
from evalhub.transcript.handoffs.silence import basis_of, first_speech_after, longest_silence_ms
from evalhub.transcript.moments import at, turn_evidence
from evalhub.transcript.rules.checking import Finding
from evalhub.transcript.words.normalise import normaliser_for

PAGE = "docs/metrics.md#delegation"
CONTRACT = "1"
WARN_MS, FAIL_MS = 4_000, 10_000


@dataclass(frozen=True, kw_only=True)
class Delegations(Evaluator):
    """Delegated when it should (not) have been, dead air while waiting, result spoken correctly, and what it cost.

    Delegations are hand-offs of that kind and function calls to other agents. When one is due, the expected and
    forbidden calls and the business rules say.
    """

    name = "delegation"
    version = "1"
    kind_of_work = "text"
    reads = frozenset({"facts", "turns", "tool_calls", "handoffs", "expectations", "voiced", "usage"})
    metrics = (
        Metric("delegation.as_expected", "Delegated when it should", None, "higher", PAGE),
        Metric("delegation.dead_air_ms", "Silence while another agent works", "ms", "lower", PAGE),
        Metric("delegation.result_spoken", "Result told correctly", "ratio", "higher", PAGE),
        Metric("delegation.cost_usd", "Cost of the agents behind", "USD", "lower", PAGE),
    )

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:
        """A row per metric; those that need a delegation only where there is one."""
        found = delegations(conversation)
        findings = list(findings_of(conversation, context.business_rules))
        if not found and not findings:
            raise Skipped("no_delegation", "nothing was delegated, and no expectation or rule asks for it")
        yield _as_expected(findings, found)
        if found:
            yield _dead_air(conversation, found)
            yield _result_spoken(conversation, found)
            yield _cost(conversation, context.prices or price_table())


def _as_expected(findings: list[Finding], found: list[Delegation]) -> Score:
    worst = next((v for v in ("fail", "unsure", "pass", "na") if any(f.verdict == v for f in findings)), None)
    told = [finding for finding in findings if finding.verdict == worst]
    made = ", ".join(f"{one.agent}{at(one.start_ms)}" for one in found)
    return Score(
        metric="delegation.as_expected",
        value={"pass": 1.0, "fail": 0.0}.get(worst or ""),
        verdict=worst,
        explanation="; ".join(finding.why for finding in told) or f"delegated to {made}",
        evidence=[place for finding in told for place in finding.evidence] or [one.evidence for one in found],
        contract=CONTRACT,
        counts={"delegations": len(found), "expectations": len(findings)},
        reason=None if worst else "not measurable: no expectation or rule says when to delegate",
    )


def _dead_air(conversation: Conversation, found: list[Delegation]) -> Score:
    waits = [(ms, one) for one in found if (ms := _wait_ms(conversation, one)) is not None]
    longest, one = max(waits, key=lambda pair: pair[0], default=(None, None))
    long = longest is not None and longest >= WARN_MS
    return Score(
        metric="delegation.dead_air_ms",
        value=float(longest) if longest is not None else None,
        verdict=None if longest is None else "fail" if longest >= FAIL_MS else "pass",
        unit="ms",
        explanation=f"nobody spoke while {one.agent} worked{at(one.start_ms)}" if one and longest else None,
        evidence=[one.evidence] if one else [],
        basis=basis_of(conversation),
        contract=CONTRACT,
        policy={"warn_ms": WARN_MS, "fail_ms": FAIL_MS},
        counts={"delegations": len(found), "measured": len(waits)},
        label="warn" if long else None,
        reason=None if one else "not measurable: the delegations or the turns have no times",
    )


def _wait_ms(conversation: Conversation, one: Delegation) -> int | None:
    """The longest silence from the delegation to the agent's first words after its result."""
    if one.start_ms is None or not any(turn.end_ms is not None for turn in conversation.turns):
        return None
    told = first_speech_after(conversation, one.start_ms if one.end_ms is None else one.end_ms)
    until = told if told is not None else one.end_ms
    return longest_silence_ms(conversation, one.start_ms, until) if until is not None else None


def _result_spoken(conversation: Conversation, found: list[Delegation]) -> Score:
    normaliser = normaliser_for(conversation.language)
    told = [result for one in found if (result := spoken(conversation, one, normaliser))]
    right, wrong = sum(len(one.right) for one in told), [fault for one in told for fault in one.wrong]
    return Score(
        metric="delegation.result_spoken",
        value=right / (right + len(wrong)) if right or wrong else None,
        verdict="fail" if wrong else "pass" if right else "unsure",
        unit="ratio",
        explanation=_told(told),
        evidence=[turn_evidence(turn) for turn, _, _ in wrong] or [one.evidence for one in found],
        contract=CONTRACT,
        counts={"right": right, "wrong": len(wrong)},
        reason=None if right or wrong else "the result has no value that was spoken: how it was told needs reading",
    )


def _told(told: list[Spoken]) -> str:
    wrong = [
        f"{e.said!r} was said{at(t.start_ms)}, the result has {m.upper()!r}" for one in told for t, e, m in one.wrong
    ]
    right = [entity.said for one in told for entity in one.right]
    return "; ".join([*wrong, *([f"told: {', '.join(right)}"] if right else [])]) or "no value of the result was spoken"


def _cost(conversation: Conversation, table: PriceTable) -> Score:
    """What models cost that the agent who speaks does not run on."""
    own = set((conversation.models or {}).values())
    rows = [(row.model, row.meter, row.quantity) for row in conversation.usage if row.model not in own]
    cost = cost_of(rows, table, (conversation.started_at or datetime.now(UTC)).date())
    reason = _why_no_cost(conversation, rows) or (
        f"not measurable: no price for {', '.join(f'{meter} of {model}' for model, meter in cost.unpriced)}"
        if cost.unpriced
        else None
    )
    return Score(
        metric="delegation.cost_usd",
        value=None if reason else cost.total,
        unit="USD",
        explanation=None
        if reason
        else ", ".join(f"{model} ${usd:.4f}" for model, usd in cost.by_model.items() if usd is not None),
        contract=CONTRACT,
        label=cost.by_model if rows else None,
        reason=reason,
    )


def _why_no_cost(conversation: Conversation, rows: list[Any]) -> str | None:
    if not conversation.usage:
        return "not measurable: the conversation brings no usage"
    if not conversation.models:
        return "not measurable: which models the speaking agent runs on is not known (agent.models)"
    return None if rows else "not measurable: usage names no model besides those of the agent who speaks"
