"""What is wrong with the calls of a conversation, each fault in words and with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from evalhub.models import ToolCall
from evalhub.transcript.calls.assignment import crossings
from evalhub.transcript.calls.checking import Answer, CallCheck
from evalhub.transcript.moments import Evidence, at, call_evidence, turn_evidence, written


@dataclass(frozen=True)
class Fault:
    """Something wrong. `always`: it fails the conversation whatever else holds."""

    text: str
    evidence: list[Evidence] = field(default_factory=list)
    always: bool = False


def faults_of(check: CallCheck) -> list[Fault]:
    """Everything that is wrong, the gravest first."""
    finders = (_forbidden, _critical, _unconfirmed, _missing, _extra, _disordered)
    return [fault for find in finders for fault in find(check)]


def doubts_of(check: CallCheck) -> list[Fault]:
    """What a rule cannot tell and a person can."""
    return [Fault(a.consent.why) for a in check.answers if a.consent is not None and a.consent.agreed is None]


def answer_evidence(answer: Answer) -> list[Evidence]:
    """Where an expected call was made, or nearly made, and the words of the caller that bear on it."""
    call = answer.call or answer.nearest
    agreement = answer.consent.evidence if answer.consent else []
    return [*([call_evidence(call)] if call else []), *map(turn_evidence, answer.spelled), *agreement]


def _forbidden(check: CallCheck) -> Iterator[Fault]:
    for call in check.forbidden:
        yield Fault(f"{_told(call)} is forbidden", [call_evidence(call)], always=True)


def _critical(check: CallCheck) -> Iterator[Fault]:
    critical = {wanted["name"] for wanted in check.expected if wanted.get("critical")}
    for call in check.unpaired:
        as_expected = any(check.answers_to(wanted, check.calls.index(call)) for wanted in check.expected)
        if call.name in critical and not (as_expected and call in check.retried):
            how = "once too often" if as_expected else "wrongly"
            yield Fault(f"the critical {_told(call)} was made {how}", [call_evidence(call)], always=True)


def _unconfirmed(check: CallCheck) -> Iterator[Fault]:
    for answer in check.answers:
        if answer.call and answer.consent and answer.consent.agreed is False:
            text = f"{answer.call.name} was not confirmed first: {answer.consent.why}"
            yield Fault(text, answer_evidence(answer), always=True)


def _missing(check: CallCheck) -> Iterator[Fault]:
    for answer in check.answers if not check.missing_allowed else []:
        if answer.call is None:
            yield Fault("; ".join(answer.reasons), answer_evidence(answer))


def _extra(check: CallCheck) -> Iterator[Fault]:
    told = check.forbidden + ([] if check.missing_allowed else [a.nearest for a in check.answers if a.nearest])
    for call in check.extra if not check.extra_allowed else []:
        if call not in told:
            yield Fault(f"{_told(call)} was not expected", [call_evidence(call)])


def _disordered(check: CallCheck) -> Iterator[Fault]:
    crossed = crossings(check.pairs, check.before) if check.same_order else []
    neighbours = set(pairwise(sorted(check.pairs)))
    for earlier, later in [pair for pair in crossed if pair in neighbours] or crossed:
        first, second = check.calls[check.pairs[later]], check.calls[check.pairs[earlier]]
        text = f"{_told(first)} was made before {_told(second)}, expected after it"
        yield Fault(text, [call_evidence(first), call_evidence(second)])


def _told(call: ToolCall) -> str:
    return f"{written(call)}{at(call.start_ms)}"
