"""Hand-off fidelity: which facts survived when another agent took over, what was asked again, how long it was silent.

Definition: docs/metrics.md#hand-offs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalhub.errors import Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.models import Conversation, Handoff, Score
from evalhub.transcript.handoffs.facts import Carried, carried
from evalhub.transcript.handoffs.silence import basis_of, first_speech_after, last_speech_before, longest_silence_ms
from evalhub.transcript.moments import Evidence, at, handoff_evidence, turn_evidence

PAGE = "docs/metrics.md#hand-offs"
CONTRACT = "1"


@dataclass(frozen=True, kw_only=True)
class HandoffFidelity(Evaluator):
    """What became of the facts at transfers: kept in the summary, lost, invented, asked again; and the silence.

    Facts are the names, numbers, dates, codes and amounts that the caller stated before. Whether a fact that the
    summary left out mattered needs reading: `kept` is then `unsure`. Reasons and wishes are criteria of the rubric.
    """

    name = "handoff_fidelity"
    version = "1"
    kind_of_work = "text"
    reads = frozenset({"facts", "turns", "tool_calls", "handoffs", "voiced"})
    metrics = (
        Metric("handoff_fidelity.kept", "Facts kept over hand-offs", "ratio", "higher", PAGE),
        Metric("handoff_fidelity.invented", "Facts invented at hand-offs", "facts", "lower", PAGE),
        Metric("handoff_fidelity.asked_again", "Asked again after a hand-off", "questions", "lower", PAGE),
        Metric("handoff_fidelity.silence_ms", "Silence during the transfer", "ms", "lower", PAGE),
    )

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002
        """A row per metric over all transfers of the conversation."""
        transfers = [one for one in conversation.handoffs if (one.kind or "transfer") == "transfer"]
        if not transfers:
            raise Skipped("no_handoffs", "no other agent took over")
        found = [one for handoff in transfers if (one := carried(conversation, handoff))]
        if not found:
            raise Skipped("no_time", "the hand-offs have no time (at_ms): what came before them is not known")
        yield _kept(found)
        if any(one.handoff.summary for one in found):
            yield _invented(found)
        yield _asked_again(found)
        yield _silence(conversation, [one.handoff for one in found])


def _kept(found: list[Carried]) -> Score:
    kept = [entity for one in found for entity in one.kept]
    lost = [(one, entity, turn) for one in found for entity, turn in one.lost]
    facts = len(kept) + len(lost)
    told = [f"{entity.said!r}, said{at(turn.start_ms)}, is not in the summary" for _, entity, turn in lost]
    return Score(
        metric="handoff_fidelity.kept",
        value=len(kept) / facts if facts else None,
        verdict="unsure" if lost else "pass" if facts else None,
        unit="ratio",
        explanation="; ".join([f"{len(kept)} of {facts} facts kept", *told]) if facts else None,
        evidence=[turn_evidence(turn) for _, _, turn in lost],
        contract=CONTRACT,
        counts={"handoffs": len(found), "kept": len(kept), "lost": len(lost)},
        reason=_why_no_facts(found)
        if not facts
        else "whether what was left out mattered needs reading"
        if lost
        else None,
    )


def _why_no_facts(found: list[Carried]) -> str:
    if not any(one.handoff.summary for one in found):
        return "not measurable: the hand-off brings no summary"
    return "not measurable: the caller had stated no name, number, date, code or amount"


def _invented(found: list[Carried]) -> Score:
    invented = [(one.handoff, entity) for one in found for entity in one.invented]
    told = [f"{entity.said!r} is in the summary, and nobody said it" for _, entity in invented]
    places = [handoff_evidence(handoff) for handoff, _ in invented]
    return _count("invented", len(invented), "facts", told, places, {"handoffs": len(found)})


def _asked_again(found: list[Carried]) -> Score:
    again = [one for some in found for one in some.asked_again]
    told = [f"asked{at(turn.start_ms)} for {what!r}, which the caller had said" for turn, what in again]
    places = [turn_evidence(turn) for turn, _ in again]
    return _count("asked_again", len(again), "questions", told, places, {"handoffs": len(found)})


def _count(name: str, value: int, unit: str, told: list[str], places: list[Evidence], counts: dict[str, Any]) -> Score:
    return Score(
        metric=f"handoff_fidelity.{name}",
        value=float(value),
        verdict="fail" if value else "pass",
        unit=unit,
        explanation="; ".join(told) or "none",
        evidence=places,
        contract=CONTRACT,
        counts=counts,
    )


def _silence(conversation: Conversation, handoffs: list[Handoff]) -> Score:
    measured = [(ms, handoff) for handoff in handoffs if (ms := _silence_ms(conversation, handoff)) is not None]
    longest, handoff = max(measured, key=lambda one: one[0], default=(None, None))
    return Score(
        metric="handoff_fidelity.silence_ms",
        value=float(longest) if longest is not None else None,
        unit="ms",
        explanation=f"from {handoff.from_agent or 'agent'} to {handoff.to_agent or 'agent'}" if handoff else None,
        evidence=[handoff_evidence(handoff)] if handoff else [],
        basis=basis_of(conversation),
        contract=CONTRACT,
        counts={"handoffs": len(measured)},
        reason=None if handoff else "not measurable: nobody spoke after the hand-off, or the turns have no times",
    )


def _silence_ms(conversation: Conversation, handoff: Handoff) -> int | None:
    """From the last word before the hand-off to the first of the agent who took over."""
    at_ms = handoff.at_ms or 0
    after, before = first_speech_after(conversation, at_ms), last_speech_before(conversation, at_ms)
    if after is None or before is None:
        return None
    return longest_silence_ms(conversation, before, after)
