"""Function-call accuracy: the calls an agent made against those it should have made, and the state it left behind.

Definition: docs/metrics.md#function-calls; syntax of expectations: docs/native-format.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalhub.errors import BadInput, Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.expectations import check_expectations
from evalhub.models import Conversation, Score
from evalhub.transcript.calls.attempts import failed
from evalhub.transcript.calls.checking import Answer, CallCheck
from evalhub.transcript.calls.faults import Fault, answer_evidence, doubts_of, faults_of
from evalhub.transcript.calls.matchers import compare_object, same
from evalhub.transcript.moments import Evidence, call_evidence

PAGE = "docs/metrics.md#function-calls"
CONTRACT = "1"
MOST_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class FunctionCalls(Evaluator):
    """Whether the agent called the right functions, with the right arguments, and left the right state behind.

    Per conversation `function_calls.correct` (1 or 0), per expected call `function_calls.call_made`, and where the
    expectation asks for them `function_calls.forbidden_calls` (how many) and `function_calls.end_state`. Where an end
    state is expected it decides; forbidden, critical and unconfirmed calls fail whatever the state.
    """

    name = "function_calls"
    version = "1"
    kind_of_work = "text"
    reads = frozenset({"facts", "turns", "tool_calls", "expectations"})
    metrics = (
        Metric("function_calls.correct", "Function calls right", None, "higher", PAGE),
        Metric("function_calls.call_made", "Expected call made", None, "higher", PAGE),
        Metric("function_calls.forbidden_calls", "Forbidden calls", "calls", "lower", PAGE),
        Metric("function_calls.end_state", "End state right", None, "higher", PAGE),
    )

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002
        """Scores of the calls and of the end state, whichever of them is expected."""
        wanted, end_state = _expected(conversation)
        check = CallCheck(conversation, wanted or {})
        differences = _state_differences(end_state, conversation.end_state)
        if wanted is None and differences is None:
            raise Skipped("no_end_state", "an end state is expected, but the conversation brings none")
        yield _correct(check, wanted, differences)
        yield from (_call_made(check, index, answer) for index, answer in enumerate(check.answers))
        if check.forbidden_entries:
            yield _forbidden(check)
        if end_state is not None:
            yield _end_state(differences)


def _expected(conversation: Conversation) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    expectations = conversation.expectations or {}
    if problems := check_expectations(expectations):
        raise BadInput("The expectations of this conversation cannot be used.", problems)
    wanted, end_state = expectations.get("function_calls"), expectations.get("end_state")
    if wanted is None and end_state is None:
        raise Skipped("no_expectations", "the conversation says nothing of the calls or the end state expected of it")
    return wanted, end_state


def _state_differences(wanted: dict[str, Any] | None, got: Any) -> list[str] | None:
    """What differs; None where no state is expected or none is known. A state may be literal or hold matchers."""
    if wanted is None or got is None:
        return None
    return [] if same(wanted, got) else compare_object(wanted, got, extra=False, path="end_state")


def _correct(check: CallCheck, wanted: dict[str, Any] | None, differences: list[str] | None) -> Score:
    faults, doubts = faults_of(check), doubts_of(check)
    state_faults = [Fault(difference) for difference in differences or []]
    decisive = [fault for fault in faults if fault.always or differences is None] + state_faults
    verdict = "fail" if decisive else "unsure" if doubts else "pass"
    shown = faults + state_faults if decisive else doubts or faults
    return Score(
        metric="function_calls.correct",
        value={"pass": 1.0, "fail": 0.0}.get(verdict),
        verdict=verdict,
        explanation=_explanation(check, differences, shown),
        evidence=_once([place for fault in shown for place in fault.evidence]),
        contract=CONTRACT,
        policy=_policy(check, decided_by_state=differences is not None) if wanted is not None else {"by": "end_state"},
        counts=_counts(check),
        reason="a person has to tell whether the caller agreed" if verdict == "unsure" else None,
    )


def _once(evidence: list[Evidence]) -> list[Evidence]:
    return [place for index, place in enumerate(evidence) if place not in evidence[:index]]


def _explanation(check: CallCheck, differences: list[str] | None, faults: list[Fault]) -> str:
    parts = []
    if check.expected:
        made = sum(answer.made is True for answer in check.answers)
        parts.append(f"{made} of {len(check.expected)} expected calls made")
    if not check.forbidden and (check.expected or check.forbidden_entries):
        parts.append("no forbidden call")
    if differences == []:
        parts.append("the end state is as expected")
    parts += [fault.text for fault in faults[:MOST_SHOWN]]
    if len(faults) > MOST_SHOWN:
        parts.append(f"and {len(faults) - MOST_SHOWN} more")
    return "; ".join(parts) or "no call was expected, and none was made"


def _policy(check: CallCheck, *, decided_by_state: bool) -> dict[str, Any]:
    return {
        "order": "same" if check.same_order else "any",
        "extra_calls": "allowed" if check.extra_allowed else "forbidden",
        "missing_calls": "allowed" if check.missing_allowed else "forbidden",
        "by": "end_state" if decided_by_state else "calls",
    }


def _counts(check: CallCheck) -> dict[str, int]:
    return {
        "calls": len(check.calls),
        "cancelled": len(check.conversation.tool_calls) - len(check.calls),
        "expected": len(check.expected),
        "made": sum(answer.made is True for answer in check.answers),
        "extra": len(check.extra),
        "forbidden": len(check.forbidden),
        "retries": len(check.retried),
        "repeated": len(check.repeated),
    }


def _call_made(check: CallCheck, index: int, answer: Answer) -> Score:
    verdict = {True: "pass", False: "fail", None: "unsure"}[answer.made]
    allowed_to_miss = answer.call is None and check.missing_allowed
    but = f", but failed: {answer.call.error or answer.call.status}" if answer.call and failed(answer.call) else ""
    why = "; ".join(answer.reasons) or f"{answer.wanted['name']} was called as expected{but}"
    return Score(
        metric="function_calls.call_made",
        subject_type="expected_call",
        subject_id=str(index),
        value=None if answer.made is None else float(answer.made),
        verdict=None if allowed_to_miss else verdict,
        explanation=answer.consent.why if answer.consent else why,
        evidence=answer_evidence(answer),
        contract=CONTRACT,
    )


def _forbidden(check: CallCheck) -> Score:
    names = ", ".join(call.name for call in check.forbidden)
    return Score(
        metric="function_calls.forbidden_calls",
        value=float(len(check.forbidden)),
        verdict="fail" if check.forbidden else "pass",
        unit="calls",
        explanation=f"forbidden and called: {names}" if names else "no forbidden call",
        evidence=[call_evidence(call) for call in check.forbidden],
        contract=CONTRACT,
    )


def _end_state(differences: list[str] | None) -> Score:
    if differences is None:
        reason = "not measurable: the conversation brings no end_state"
        return Score(metric="function_calls.end_state", reason=reason, explanation=reason, contract=CONTRACT)
    return Score(
        metric="function_calls.end_state",
        value=0.0 if differences else 1.0,
        verdict="fail" if differences else "pass",
        explanation="; ".join(differences[:MOST_SHOWN]) or "the end state is as expected",
        contract=CONTRACT,
    )
