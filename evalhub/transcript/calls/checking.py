"""The calls an agent made against the calls it should have made: who answers what, and what is wrong.

Rules: docs/native-format.md, "Function-call expectations". Where they leave something open:
- an expected call without `arguments` says nothing of its arguments; `{}` says that there are none;
- `extra_calls` counts only where `calls` (or the switch itself) is given: `forbidden` alone forbids nothing else;
- a retry after an error and the repetition of an identical call are no extra calls, they are counted apart;
  a critical call that is repeated was made wrongly;
- a `forbidden` entry matches by the arguments it names, whatever other arguments the call has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from evalhub.models import Conversation, ToolCall, Turn
from evalhub.transcript.calls.assignment import assign
from evalhub.transcript.calls.attempts import failed, happened, identical, tried_again
from evalhub.transcript.calls.consent import Consent, consent
from evalhub.transcript.calls.matchers import compare_object
from evalhub.transcript.calls.spelled import mismatches, spelled_codes
from evalhub.transcript.moments import Order


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One expected call: what answered it, or what came nearest and why it does not count."""

    wanted: dict[str, Any]
    call: ToolCall | None = None
    nearest: ToolCall | None = None
    reasons: list[str] = field(default_factory=list)
    spelled: list[Turn] = field(default_factory=list)
    """where the caller spelled what the nearest call got wrong"""
    consent: Consent | None = None

    @property
    def made(self) -> bool | None:
        """Whether it was made as it should have been; None where that cannot be told."""
        if self.call is None:
            return False
        return True if self.consent is None else self.consent.agreed


def differences(wanted: dict[str, Any], call: ToolCall, *, extra: bool = False) -> list[str]:
    """Why a call is not the wanted one, leaving its name aside."""
    if wanted.get("arguments") is None:
        return []
    allowed = extra if wanted.get("extra_arguments") is None else wanted["extra_arguments"] == "allowed"
    arguments = {} if call.arguments is None else call.arguments
    return compare_object(wanted["arguments"], arguments, extra=allowed)


class CallCheck:
    """One conversation's calls against one `function_calls` expectation."""

    def __init__(self, conversation: Conversation, wanted: dict[str, Any]) -> None:
        self.conversation = conversation
        self.expected: list[dict[str, Any]] = wanted.get("calls") or []
        self.forbidden_entries: list[dict[str, Any]] = wanted.get("forbidden") or []
        self.same_order = wanted.get("order") == "same"
        unsaid = "allowed" if wanted.get("calls") is None else "forbidden"
        self.extra_allowed = (wanted.get("extra_calls") or unsaid) == "allowed"
        self.missing_allowed = wanted.get("missing_calls") == "allowed"
        self.order = Order(conversation)
        self.calls = happened(conversation.tool_calls)
        self._places = [self.order.place(call) for call in self.calls]
        self._by_name: dict[str, list[int]] = {}
        for index in sorted(range(len(self.calls)), key=lambda index: failed(self.calls[index])):
            self._by_name.setdefault(self.calls[index].name, []).append(index)

    @cached_property
    def pairs(self) -> dict[int, int]:
        """Expected call and made call, by index."""
        options = [
            [index for index in self._by_name.get(wanted["name"], ()) if self.answers_to(wanted, index)]
            for wanted in self.expected
        ]
        return assign(options, self.before if self.same_order else None)

    @cached_property
    def unpaired(self) -> list[ToolCall]:
        """Calls that answer no expectation."""
        paired = set(self.pairs.values())
        return [call for index, call in enumerate(self.calls) if index not in paired]

    @cached_property
    def answers(self) -> list[Answer]:
        """What became of each expected call, in the order of the expectation."""
        near = list(self.unpaired)
        return [self._answer(index, wanted, near) for index, wanted in enumerate(self.expected)]

    @cached_property
    def forbidden(self) -> list[ToolCall]:
        """Calls that match a forbidden entry."""
        return [
            call
            for call in self.calls
            if any(call.name == f["name"] and not differences(f, call, extra=True) for f in self.forbidden_entries)
        ]

    @cached_property
    def retried(self) -> list[ToolCall]:
        """Calls beyond the expected ones that belong to a retry after an error."""
        return [call for call in self.unpaired if tried_again(call, self.calls, self.order)]

    @cached_property
    def repeated(self) -> list[ToolCall]:
        """Calls beyond the expected ones that are identical to one that answers an expectation."""
        paired = [self.calls[index] for index in self.pairs.values()]
        rest = [call for call in self.unpaired if call not in self.retried]
        return [call for call in rest if any(identical(call, other) for other in paired)]

    @cached_property
    def extra(self) -> list[ToolCall]:
        """Calls that nobody expected, near misses among them."""
        return [call for call in self.unpaired if call not in self.retried and call not in self.repeated]

    def answers_to(self, wanted: dict[str, Any], index: int) -> bool:
        """Whether a made call is the wanted one."""
        call = self.calls[index]
        return bool(call.name == wanted["name"]) and not differences(wanted, call)

    def before(self, first: int, second: int) -> bool:
        """Whether one made call came before another, both by index."""
        return self._places[first].precedes(self._places[second])

    def _answer(self, index: int, wanted: dict[str, Any], near: list[ToolCall]) -> Answer:
        if index in self.pairs:
            return Answer(wanted=wanted, call=self.calls[self.pairs[index]], consent=self._consent(wanted))
        alike = [call for call in near if call.name == wanted["name"]]
        if not alike:
            paired = any(self.calls[taken].name == wanted["name"] for taken in self.pairs.values())
            return Answer(wanted=wanted, reasons=[f"{wanted['name']} was not called{' again' if paired else ''}"])
        nearest = min(alike, key=lambda call: len(differences(wanted, call)))
        near.remove(nearest)
        spelled = [one.spelled for one in mismatches([nearest], spelled_codes(self.conversation))]
        reasons = [f"{nearest.name}: {reason}" for reason in differences(wanted, nearest)]
        reasons += [f"the caller spelled {one.code!r}" for one in spelled]
        turns = [one.turn for one in spelled]
        return Answer(wanted=wanted, nearest=nearest, reasons=reasons, spelled=turns)

    def _consent(self, wanted: dict[str, Any]) -> Consent | None:
        """The least agreement among the calls that answer an expectation: each attempt needs the caller's word."""
        if not wanted.get("confirmed_first"):
            return None
        given = [
            consent(self.conversation, call, self.order)
            for index, call in enumerate(self.calls)
            if self.answers_to(wanted, index)
        ]
        return min(given, key=lambda one: (False, None, True).index(one.agreed))
