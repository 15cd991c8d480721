"""Whether delegations were made when they should be: what expectations and business rules say of other agents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evalhub.business_rules import BusinessRule
from evalhub.expectations import usable
from evalhub.models import Conversation
from evalhub.transcript.calls.checking import CallCheck
from evalhub.transcript.delegations.finding import delegates, is_agent
from evalhub.transcript.moments import at, call_evidence
from evalhub.transcript.rules.checking import Finding, RuleCheck


def findings_of(conversation: Conversation, rules: Sequence[BusinessRule]) -> Iterator[Finding]:
    """What expectations and business rules about other agents came to."""
    known = delegates(conversation)
    wanted = usable(conversation.expectations).get("function_calls") or {}
    own = {
        part: [entry for entry in wanted.get(part) or [] if is_agent(entry["name"], known)]
        for part in ("calls", "forbidden")
    }
    if any(own.values()):
        yield from _against(conversation, own)
    for rule in rules:
        if _is_about_agents(rule, known):
            finding = RuleCheck(rule, conversation).finding
            yield Finding(finding.verdict, f"{rule.title}: {finding.why}", finding.evidence)


def _against(conversation: Conversation, wanted: dict[str, list[dict[str, Any]]]) -> Iterator[Finding]:
    check = CallCheck(conversation, wanted | {"extra_calls": "allowed"})
    for answer in check.answers:
        name = answer.wanted["name"]
        told = f"{name} was asked" if answer.call else f"{name} should have been asked: {'; '.join(answer.reasons)}"
        call = answer.call or answer.nearest
        yield Finding("pass" if answer.call else "fail", told, [call_evidence(call)] if call else [])
    for call in check.forbidden:
        yield Finding("fail", f"{call.name} should not have been asked{at(call.start_ms)}", [call_evidence(call)])
    if check.forbidden_entries and not check.forbidden:
        yield Finding("pass", f"{check.forbidden_entries[0]['name']} was not asked, as it should be")


def _is_about_agents(rule: BusinessRule, known: set[str]) -> bool:
    entries = (*rule.must_call, *rule.must_not_call)
    return any("agent" in entry or is_agent(entry["name"], known) for entry in entries)
