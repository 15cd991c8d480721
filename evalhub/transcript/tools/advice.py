"""Advice on an agent's tools from how they were used: too many, never used, failing, not declared.

A model chooses worse the more tools it is offered. Source of the limit: OpenAI's guide to function calling, "aim for
fewer than 20 functions at any one time".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from evalhub.models import Conversation
from evalhub.transcript.calls.attempts import failed, happened
from evalhub.transcript.calls.schemas import declared_tools

MANY = 20
ENOUGH_CALLS = 20
"""so many conversations have to be looked at before a tool is called unused"""
FAILS_OFTEN = 0.1
ENOUGH_USES = 3
MOST_NAMED = 10


@dataclass(kw_only=True)
class ToolUse:
    """How the tools of one agent (or one version of it) were used."""

    conversations: int = 0
    declared: set[str] = field(default_factory=set)
    used: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    @property
    def unused(self) -> list[str]:
        return sorted(self.declared - self.used.keys())

    @property
    def undeclared(self) -> list[str]:
        return sorted(self.used.keys() - self.declared) if self.declared else []

    @property
    def failing(self) -> dict[str, float]:
        """Share of failed calls of the tools that fail often, the worst first."""
        shares = {name: self.failed[name] / uses for name, uses in self.used.items() if uses >= ENOUGH_USES}
        return dict(sorted(((n, s) for n, s in shares.items() if s >= FAILS_OFTEN), key=lambda one: -one[1]))


def tool_use(conversations: Iterable[Conversation]) -> ToolUse:
    """Counts over some conversations."""
    use = ToolUse()
    for conversation in conversations:
        use.conversations += 1
        use.declared |= declared_tools(conversation.prompt).keys()
        calls = happened(conversation.tool_calls)
        use.used.update(call.name for call in calls)
        use.failed.update(call.name for call in calls if failed(call))
    return use


def advice(use: ToolUse) -> Iterator[str]:
    """What to do about them, the most pressing first; nothing where nothing stands out."""
    for name, share in list(use.failing.items())[:MOST_NAMED]:
        yield f"{name} failed in {use.failed[name]} of {use.used[name]} uses ({share:.0%}): see what its errors say."
    if use.undeclared:
        yield f"Called, but not declared in the prompt: {_named(use.undeclared)}."
    many = len(use.declared) > MANY
    if many:
        yield f"{len(use.declared)} tools are declared; models choose better among {MANY} or fewer."
    if use.unused and use.conversations >= ENOUGH_CALLS:
        mend = "Take them out, or give them to an agent behind this one." if many else "Are they still needed?"
        yield f"Never used in {use.conversations} calls: {_named(use.unused)}. {mend}"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
