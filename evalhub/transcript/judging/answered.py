"""A conversation's answers: those that were bought before where there are any, else asked for, and kept.

Too long for the model: what is shown is halved, twice at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from evalhub.bought import Purse
from evalhub.costs import add_cost, cost_of_asking, price_table
from evalhub.errors import EvalhubError, Failed
from evalhub.evaluators import Context, digest
from evalhub.models import Conversation, Criterion, JudgeAnswer
from evalhub.openai_client.batched import PRICE_SHARE
from evalhub.openai_client.connections import connections
from evalhub.openai_client.failures import TooLong
from evalhub.transcript.judging.answers import Answer, as_plain
from evalhub.transcript.judging.asking import BackEnd, Case, Used
from evalhub.transcript.judging.items import Item, cut, items_of
from evalhub.transcript.judging.prompt import about
from evalhub.transcript.judging.quotes import Quotable
from evalhub.transcript.judging.scorecard import Scorecard
from evalhub.transcript.judging.verdicts import Verdict, decide
from evalhub.transcript.judging.versions import JudgeDefinition
from evalhub.transcript.judging.votes import agreed

HALVINGS = 2


@dataclass(kw_only=True)
class Answering:
    """One conversation on its way through a judge."""

    scorecard: Scorecard
    conversation: Conversation
    context: Context
    asked: JudgeDefinition
    back_end: BackEnd
    timeout_s: float
    verdicts: list[Verdict] = field(default_factory=list, init=False)
    _left_out: int = field(default=0, init=False)

    async def answer(self) -> JudgeAnswer:
        """The judge's answer, from memory or now. `context.details` tells which, and what it took."""
        shown, known = self._shown(self.asked.max_chars), self._purse.known()
        async with connections():
            answer = known or await self._ask(shown, 0)
            if self._purse.asks_again:
                await self._ask_again(shown, answer)
        self.verdicts = self.verdicts or verdicts_from(answer, self.scorecard.criteria, self.conversation)
        told = {"model": answer.model, "judge_version": answer.judge_version, "from_memory": known is not None}
        self.context.details |= told
        return answer

    @cached_property
    def items(self) -> list[Item]:
        return items_of(self.conversation)

    @cached_property
    def _purse(self) -> Purse:
        """Of everything there is to show; how much of it is shown, the judge's definition says."""
        everything = digest([about(self.conversation), [item.text for item in self.items]])
        return Purse(asked=self.asked, content_hash=everything, context=self.context)

    def _shown(self, max_chars: int) -> list[Item]:
        shown, self._left_out = cut(self.items, max_chars)
        return shown

    async def _ask(self, shown: list[Item], run: int) -> JudgeAnswer:
        used = Used()
        try:
            votes = [await self._vote(shown, used) for _ in range(self.asked.votes)]
        finally:
            self._note(used)
        return self._kept(votes, used, run)

    async def _vote(self, shown: list[Item], used: Used) -> dict[str, Answer]:
        for halving in range(HALVINGS + 1):
            try:
                return await self.back_end.ask(self._case(shown, used))
            except TooLong as error:
                told = error.reason
                shown = self._shown(sum(len(item.text) for item in shown) // 2)
                self.context.details["halved"] = halving + 1
        raise Failed("too_long", f"the conversation is too long for this model, even cut to a quarter: {told}")

    async def _ask_again(self, shown: list[Item], first: JudgeAnswer) -> None:
        try:
            second: JudgeAnswer | EvalhubError = await self._ask(shown, 1)
        except EvalhubError as error:
            second = error
        self._purse.told_again(first.verdicts, second)

    def _case(self, shown: list[Item], used: Used) -> Case:
        return Case(
            scorecard=self.scorecard,
            conversation=self.conversation,
            items=shown,
            settings=self.context.settings,
            model=self.asked.model,
            timeout_s=self.timeout_s,
            temperature=self.asked.temperature,
            used=used,
        )

    def _kept(self, votes: list[dict[str, Answer]], used: Used, run: int) -> JudgeAnswer:
        plain = [{key: as_plain(answer) for key, answer in vote.items()} for vote in votes]
        took = {"usage": used.tokens, "cost_usd": self._cost(used), "items_left_out": self._left_out}
        answer = self._purse.keep(run, plain, model=used.model, **took)
        verdicts = verdicts_from(answer, self.scorecard.criteria, self.conversation)
        answer.verdicts = {verdict.criterion.key: verdict.word for verdict in verdicts}
        if run == 0:
            self.verdicts = verdicts
        return answer

    def _cost(self, used: Used) -> float | None:
        settings, api = self.context.settings, self.asked.back_end
        prices, model = self.context.prices or price_table(), used.model or self.asked.model
        cost = cost_of_asking(prices, model, used.tokens, url=settings.judge_url, api=api)
        by_batch = settings.judge_batch and api != "decisions"
        return cost * PRICE_SHARE if cost is not None and by_batch else cost

    def _note(self, used: Used) -> None:
        """What was used stays with the evaluation, also where the answers turned out useless."""
        details = self.context.details
        before: dict[str, int] = details.get("usage", {})
        details["usage"] = {name: before.get(name, 0) + used.tokens.get(name, 0) for name in {**before, **used.tokens}}
        details["request_ids"] = [*details.get("request_ids", []), *used.request_ids]
        if used.request_ids:
            add_cost(details, self._cost(used))


def verdicts_from(answer: JudgeAnswer, criteria: Sequence[Criterion], conversation: Conversation) -> list[Verdict]:
    """What an answer comes to: the quotes of every vote checked, then the votes counted."""
    quotable = Quotable(conversation)
    votes = [{key: _answer(given) for key, given in vote.items()} for vote in answer.votes]
    return [agreed([decide(criterion, vote[criterion.key], quotable) for vote in votes]) for criterion in criteria]


def _answer(given: dict[str, Any]) -> Answer:
    return Answer(**given | {"quotes": [(place, quote) for place, quote in given["quotes"]]})
