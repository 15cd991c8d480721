"""The contract of a judge back end: a case goes in, an answer to every criterion comes out.

Back ends differ in what they can tell (`docs/metrics.md#rubric-judge`): quotes, places, probabilities. What of an
answer is believed is decided afterwards and alike for all of them, in `verdicts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from evalhub.models import Conversation
from evalhub.settings import Settings
from evalhub.transcript.judging.answers import Answer
from evalhub.transcript.judging.items import Item
from evalhub.transcript.judging.scorecard import Scorecard


@dataclass
class Used:
    """What asking took so far, also for answers that turned out useless: they were paid for."""

    tokens: dict[str, int] = field(default_factory=dict)
    model: str | None = None
    request_ids: list[str | None] = field(default_factory=list)

    def note(self, model: str, tokens: Mapping[str, int], request_ids: Sequence[str | None]) -> None:
        """Add what one answer took."""
        for meter, quantity in tokens.items():
            self.tokens[meter] = self.tokens.get(meter, 0) + quantity
        self.model = model or self.model
        self.request_ids += request_ids


@dataclass(frozen=True, kw_only=True)
class Case:
    """One conversation before a judge: what is asked, what is shown of it, and how to ask."""

    scorecard: Scorecard
    conversation: Conversation
    items: Sequence[Item]
    settings: Settings
    model: str
    timeout_s: float
    temperature: float | None
    used: Used


class BackEnd(Protocol):
    """One way to ask."""

    @property
    def name(self) -> str:
        """What the result calls it."""

    async def ask(self, case: Case) -> dict[str, Answer]:
        """An answer to every criterion.

        Raises:
            Blocked, Retryable, ModelError: no answer, for the reasons of `openai_client.connections.post`.
            Failed: an answer that cannot be used.
        """
