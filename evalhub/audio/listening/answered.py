"""Criteria that are asked together, on their way through a listener: what it answered before is not asked again, what
it answers now is kept, and what it cost with it. Of calls drawn for it, the same is asked twice to see what flips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from evalhub.answers import Given
from evalhub.audio.listening.answers import decide
from evalhub.audio.listening.asking import Asking, listener
from evalhub.audio.listening.heard_turns import HeardTurn
from evalhub.errors import EvalhubError
from evalhub.evaluators import Context, digest
from evalhub.models import Criterion, JudgeAnswer, JudgeVersion, Score


@dataclass(frozen=True, kw_only=True)
class ListenerDefinition:
    """What makes a judge that listens the one it is."""

    rubric: str
    rubric_version: int
    rubric_hash: str
    prompt: str
    model: str
    max_turns: int
    max_seconds: float
    turn_seconds: float
    back_end: str = "listening"
    votes: int = 1

    @cached_property
    def id(self) -> str:
        return digest(asdict(self))

    def as_row(self) -> JudgeVersion:
        return JudgeVersion(id=self.id, rubric=self.rubric, rubric_version=self.rubric_version, definition=asdict(self))


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
        known = self._known(0)
        answer = known or self._ask(0)
        if self.context.ask_again and not self._known(1):
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
    def content_hash(self) -> str:
        """Of everything the listener reads and hears."""
        return digest(self.messages)

    def _known(self, run: int) -> JudgeAnswer | None:
        return self.context.known.get((self.asked.id, self.content_hash, run))

    def _ask(self, run: int) -> JudgeAnswer:
        settings = listener(self.context.settings)
        asking = Asking(settings, self.context, self.criteria, list(self.messages), self.timeout_s)
        given = asking.answers()
        snapshot = replace(self.asked, model=asking.model or self.asked.model)
        answer = JudgeAnswer(
            asked=self.asked.id,
            content_hash=self.content_hash,
            run=run,
            judge_version=snapshot.id,
            model=snapshot.model,
            votes=[{key: asdict(one) for key, one in given.items()}],
            verdicts={},
            usage=asking.usage,
            cost_usd=asking.took.get("cost_usd"),
        )
        scores = self.scores(answer, {})
        answer.verdicts = {score.metric.removeprefix("criterion."): _word(score) for score in scores}
        self.context.bought.append(answer)
        self.context.judges[snapshot.id] = snapshot.as_row()
        return answer

    def _ask_again(self, first: JudgeAnswer) -> None:
        """Nothing the second asking comes to takes the first answer away."""
        told = self.context.details.setdefault("asked_again", {"criteria": 0, "flipped": [], "failed": []})
        try:
            second = self._ask(1)
        except EvalhubError as error:
            told["failed"].append(str(error))
        else:
            told["criteria"] += len(first.verdicts)
            told["flipped"] += [key for key, word in first.verdicts.items() if second.verdicts.get(key) != word]


def _given(plain: Mapping[str, Any]) -> Given:
    return Given(**{**plain, "evidence": [(turn_id, what) for turn_id, what in plain["evidence"]]})


def _word(score: Score) -> str:
    return score.verdict or str(score.label)
