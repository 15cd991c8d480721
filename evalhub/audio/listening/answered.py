"""Criteria that are asked together, on their way through a listener: answered before, or asked for now and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from evalhub.answers import Given
from evalhub.audio.listening.answers import decide
from evalhub.audio.listening.asking import Asking, listener
from evalhub.audio.listening.heard_turns import HeardTurn
from evalhub.bought import Definition, Purse
from evalhub.errors import EvalhubError
from evalhub.evaluators import Context, digest
from evalhub.models import Criterion, JudgeAnswer, Score


@dataclass(frozen=True, kw_only=True)
class ListenerDefinition(Definition):
    """What makes a judge that listens the one it is."""

    max_turns: int
    max_seconds: float
    turn_seconds: float
    back_end: str = "listening"


@dataclass(frozen=True, kw_only=True)
class Group:
    """Criteria that may read the same beside the sound, asked about the turns of one conversation."""

    criteria: Sequence[Criterion]
    turns: Sequence[HeardTurn]
    messages: Sequence[dict[str, Any]]
    asked: ListenerDefinition
    context: Context
    timeout_s: float

    def answer(self) -> JudgeAnswer:
        """The listener's answer, from memory or now.

        Raises:
            Failed, Blocked, Retryable, ModelError: see `Asking.answers`.
        """
        known = self._purse.known()
        answer = known or self._ask(0)
        if self._purse.asks_again:
            self._ask_again(answer)
        details = self.context.details
        details["from_memory"] = bool(known) and details.get("from_memory", True)
        details["model"] = answer.model
        return answer

    def scores(self, answer: JudgeAnswer, policy: Mapping[str, Any]) -> list[Score]:
        """What of an answer counts."""
        given = {key: _given(plain) for key, plain in answer.votes[0].items()}
        return [decide(one, given[one.key], self.turns, policy) for one in self.criteria]

    @cached_property
    def _purse(self) -> Purse:
        """Of everything the listener reads and hears."""
        return Purse(asked=self.asked, content_hash=digest(self.messages), context=self.context)

    def _ask(self, run: int) -> JudgeAnswer:
        settings = listener(self.context.settings)
        asking = Asking(settings, self.context, self.criteria, list(self.messages), self.timeout_s)
        votes = [{key: asdict(one) for key, one in asking.answers().items()}]
        took = {"usage": asking.usage, "cost_usd": asking.took.get("cost_usd")}
        answer = self._purse.keep(run, votes, model=asking.model, **took)
        answer.verdicts = {one.metric.removeprefix("criterion."): _word(one) for one in self.scores(answer, {})}
        return answer

    def _ask_again(self, first: JudgeAnswer) -> None:
        try:
            second: JudgeAnswer | EvalhubError = self._ask(1)
        except EvalhubError as error:
            second = error
        self._purse.told_again(first.verdicts, second)


def _given(plain: Mapping[str, Any]) -> Given:
    return Given(**{**plain, "evidence": [(turn_id, what) for turn_id, what in plain["evidence"]]})


def _word(score: Score) -> str:
    return score.verdict or str(score.label)
