"""One business rule against one conversation: a verdict, why, and the words and calls it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from evalhub.business_rules import BusinessRule
from evalhub.models import Conversation, Handoff, ToolCall
from evalhub.transcript.calls.attempts import failed, happened
from evalhub.transcript.calls.checking import differences
from evalhub.transcript.calls.consent import consent
from evalhub.transcript.calls.matchers import folded
from evalhub.transcript.moments import Evidence, Order, at, call_evidence, handoff_evidence, turn_evidence, written
from evalhub.transcript.rules.phrases import Said, said

NAY = ("found", "ok", "success", "valid", "verified", "exists", "match", "matched")
"""fields of a result that say by being false that nothing was confirmed"""


@dataclass(frozen=True)
class Finding:
    """What a rule came to in a conversation."""

    verdict: str
    """pass | fail | unsure | na"""
    why: str
    evidence: list[Evidence] = field(default_factory=list)


class RuleCheck:
    """One rule against one conversation."""

    def __init__(self, rule: BusinessRule, conversation: Conversation) -> None:
        self.rule = rule
        self.conversation = conversation
        self.order = Order(conversation)
        self.calls = happened(conversation.tool_calls)
        self.said: Said | None = said(conversation, rule.when_caller_says)

    @cached_property
    def triggering(self) -> list[ToolCall | Handoff]:
        """Calls and hand-offs that make the rule apply."""
        return self.matching(self.rule.when_called)

    @cached_property
    def finding(self) -> Finding:
        """Whether the rule applies, and whether it was kept: the first and worst of what was found."""
        if reason := self._not_applicable():
            return Finding("na", reason)
        found = list(self._findings())
        worst = next((f for verdict in ("fail", "unsure") for f in found if f.verdict == verdict), None)
        if worst is None:
            return Finding("pass", self._kept(), self._cause())
        return self._doubted(worst)

    def matching(self, entries: Sequence[dict[str, Any]]) -> list[ToolCall | Handoff]:
        """Calls and hand-offs that one of these entries describes, where the rule already applied."""
        calls = [call for call in self.calls if any(_is(entry, call) for entry in entries) and self._is_later(call)]
        agents = {entry["agent"] for entry in entries if "agent" in entry}
        return [*calls, *(one for one in self.conversation.handoffs if one.to_agent in agents)]

    def _not_applicable(self) -> str | None:
        if self.rule.when_caller_says and self.said is None:
            return "the caller said nothing of the kind"
        if self.rule.when_called and not self.triggering:
            return f"{_names(self.rule.when_called)} was not called"
        return None

    def _findings(self) -> Iterator[Finding]:
        if self.rule.must_call and not (made := self.matching(self.rule.must_call)):
            yield Finding("fail", f"{_names(self.rule.must_call)} was not called", self._cause())
        elif self.rule.must_call and all(isinstance(one, ToolCall) and failed(one) for one in made):
            yield Finding("fail", f"{_names(self.rule.must_call)} was called, but failed", _evidence(made))
        for one in self.matching(self.rule.must_not_call):
            yield Finding("fail", f"{_told(one)} must not be called", [*_evidence([one]), *self._cause()])
        for call in self._guarded():
            yield from self._guards(call)

    def _guarded(self) -> list[ToolCall]:
        about = [*self.triggering, *self.matching(self.rule.must_call)]
        return list({id(one): one for one in about if isinstance(one, ToolCall)}.values())

    def _guards(self, call: ToolCall) -> Iterator[Finding]:
        if self.rule.confirmed_first:
            agreed = consent(self.conversation, call, self.order)
            verdict = {True: "pass", False: "fail", None: "unsure"}[agreed.agreed]
            yield Finding(verdict, agreed.why, [call_evidence(call), *agreed.evidence])
        earlier = [one for one in self.calls if self.order.before(one, call) and confirms(one)]
        if self.rule.only_after:
            entries = self.rule.only_after
            earlier = [one for one in earlier if any(_is(entry, one) for entry in entries)]
            if not earlier and not self._brought_in_before(call):
                why = f"{_told(call)} came without a {_names(entries)} that succeeded before it"
                yield Finding("fail", why, [call_evidence(call)])
        yield from self._unverified(call, earlier)

    def _brought_in_before(self, call: ToolCall) -> bool:
        agents = {entry.get("agent") for entry in self.rule.only_after} - {None}
        times = [one.at_ms for one in self.conversation.handoffs if one.to_agent in agents]
        return any(ms is not None and call.start_ms is not None and ms <= call.start_ms for ms in times)

    def _unverified(self, call: ToolCall, earlier: list[ToolCall]) -> Iterator[Finding]:
        arguments = call.arguments if isinstance(call.arguments, dict) else {}
        known = {folded(text) for one in earlier if one.name != call.name for text in _scalars(one)}
        for name in self.rule.verified:
            if name in arguments and folded(str(arguments[name])) not in known:
                why = f"{_told(call)}: no earlier call had confirmed {name} {arguments[name]!r}"
                yield Finding("fail", why, [call_evidence(call)])

    def _is_later(self, call: ToolCall) -> bool:
        """Whether a call came after the caller's words; where no time tells, it may have."""
        return self.said is None or self.order.spoken_before(self.said.turn, call) is not False

    def _kept(self) -> str:
        made = self.matching(self.rule.must_call)
        parts = [f"the caller said {self.said.words!r}{at(self.said.turn.start_ms)}"] if self.said else []
        return "; ".join([*parts, *map(_told, made or self.triggering)]) or "kept"

    def _cause(self) -> list[Evidence]:
        return [turn_evidence(self.said.turn)] if self.said else _evidence(self.triggering)

    def _doubted(self, worst: Finding) -> Finding:
        """A rule that applies only by words with a no before them is not broken for certain."""
        if self.said is None:
            return worst
        if not self.said.doubtful:
            return replace(worst, why=f"the caller said {self.said.words!r}{at(self.said.turn.start_ms)}; {worst.why}")
        told = (
            f"the caller said {self.said.words!r} with a no before it: whether that asks for it, a person has to tell"
        )
        return Finding("unsure", f"{told}; {worst.why}", worst.evidence)


def confirms(call: ToolCall) -> bool:
    """Whether a call succeeded and found something: a lookup that answers `{"found": false}` confirms nothing."""
    if failed(call) or call.result in (None, False, "", [], {}):
        return False
    return not (isinstance(call.result, dict) and any(call.result.get(name) is False for name in NAY))


def _is(entry: dict[str, Any], call: ToolCall) -> bool:
    return "name" in entry and call.name == entry["name"] and not differences(entry, call, extra=True)


def _names(entries: Sequence[dict[str, Any]]) -> str:
    return " or ".join(dict.fromkeys(entry.get("name") or f"the agent {entry['agent']}" for entry in entries))


def _told(one: ToolCall | Handoff) -> str:
    if isinstance(one, ToolCall):
        return f"{written(one)}{at(one.start_ms)}"
    return f"{one.to_agent} was brought in{at(one.at_ms)}"


def _evidence(found: Sequence[ToolCall | Handoff]) -> list[Evidence]:
    return [call_evidence(one) if isinstance(one, ToolCall) else handoff_evidence(one) for one in found]


def _scalars(call: ToolCall) -> Iterator[str]:
    """Every text and number that a call was made with or answered."""
    stack: list[Any] = [call.arguments, call.result]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list):
            stack += value
        elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
            yield str(value)
