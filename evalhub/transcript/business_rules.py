"""Business rules: if the caller asks for X, then Y must (not) be called. Definition: docs/metrics.md#business-rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalhub.business_rules import BusinessRule
from evalhub.errors import Skipped
from evalhub.evaluators import Context, Evaluator, Metric, digest
from evalhub.models import Conversation, Score
from evalhub.transcript.rules.checking import Finding, RuleCheck

PAGE = "docs/metrics.md#business-rules"
CONTRACT = "1"
VALUES = {"pass": 1.0, "fail": 0.0}


@dataclass(frozen=True, kw_only=True)
class BusinessRules(Evaluator):
    """Whether the project's business rules were kept: what has to be called, what must not, and what has to come first.

    `business_rules.kept` (1 or 0; none where a rule cannot tell) for the conversation, and `business_rule.<key>` for
    each rule: verdict `na` where it does not apply. Syntax of rules: docs/native-format.md, "Business rules".
    """

    name = "business_rules"
    version = "1"
    kind_of_work = "text"
    reads = frozenset({"facts", "turns", "tool_calls", "handoffs"})
    metrics = (Metric("business_rules.kept", "Business rules kept", None, "higher", PAGE),)

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:
        """A score for all rules together and one for each."""
        rules: tuple[BusinessRule, ...] = tuple(context.business_rules)
        if not rules:
            raise Skipped("no_business_rules", "the project has no business rules")
        found = [(rule, RuleCheck(rule, conversation).finding) for rule in rules]
        stamp = {"rules": digest([vars(rule) for rule in rules])}
        yield _kept(found, stamp)
        for rule, finding in found:
            yield Score(
                metric=f"business_rule.{rule.key}",
                value=VALUES.get(finding.verdict),
                verdict=finding.verdict,
                explanation=f"{rule.title}: {finding.why}",
                evidence=finding.evidence,
                contract=CONTRACT,
                policy=stamp,
                reason=finding.why if finding.verdict == "unsure" else None,
            )


def _kept(found: list[tuple[BusinessRule, Finding]], stamp: dict[str, str]) -> Score:
    by_verdict = {
        verdict: [(rule, finding) for rule, finding in found if finding.verdict == verdict]
        for verdict in ("fail", "unsure", "pass", "na")
    }
    worst = next(verdict for verdict, some in by_verdict.items() if some)
    told = by_verdict["fail"] or by_verdict["unsure"]
    applied = len(found) - len(by_verdict["na"])
    summary = f"{len(by_verdict['pass'])} of {applied} rules that apply were kept" if applied else "no rule applies"
    return Score(
        metric="business_rules.kept",
        value=VALUES.get(worst),
        verdict=worst,
        explanation="; ".join([summary, *(f"{rule.title}: {finding.why}" for rule, finding in told)]),
        evidence=[place for _, finding in told for place in finding.evidence],
        contract=CONTRACT,
        policy=stamp,
        counts={verdict: len(some) for verdict, some in by_verdict.items()},
        reason="a person has to tell" if worst == "unsure" else None,
    )
