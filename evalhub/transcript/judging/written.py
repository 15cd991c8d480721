"""Asking for the scorecard as JSON, by Chat Completions or Responses: evidence in quotes, then verdict.

What is not the asked JSON is sent back once. A refusal leaves every criterion `unsure`: it says nothing of the call,
and such calls are often those people should hear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evalhub.answers import NotTheAskedJson, sent_back
from evalhub.criteria import UNSURE
from evalhub.errors import Failed
from evalhub.models import Criterion
from evalhub.openai_client.replies import Reply
from evalhub.openai_client.structured import Question, ask
from evalhub.transcript.judging.answers import Answer, read_answers
from evalhub.transcript.judging.asking import Case
from evalhub.transcript.judging.likely import with_probabilities
from evalhub.transcript.judging.prompt import chat_messages, response_items


@dataclass(frozen=True)
class Written:
    """A back end whose judge writes its scorecard down."""

    name: Literal["chat", "responses"]

    async def ask(self, case: Case) -> dict[str, Answer]:
        """An answer to every criterion: one request, and one more if the answer is not the asked JSON."""
        told = chat_messages if self.name == "chat" else response_items
        messages = told(case.scorecard.text, case.conversation, case.items)
        reply = await self._reply(case, messages)
        try:
            return _answers(reply, case)
        except NotTheAskedJson as problem:
            messages += sent_back(reply.text, problem)
        try:
            return _answers(await self._reply(case, messages), case)
        except NotTheAskedJson as again:
            reason = f"judge answered something that is not the asked JSON, twice: {again}"
            raise Failed("unusable_answer", reason) from None

    async def _reply(self, case: Case, messages: list[dict[str, Any]]) -> Reply:
        question = Question(
            model=case.model,
            api=self.name,
            messages=messages,
            name="scorecard",
            schema=case.scorecard.schema,
            temperature=case.temperature,
            log_probabilities=not case.settings.judge_batch,  # a refusal would cost a day
            cache_key=case.scorecard.cache_key,
        )
        reply = await ask(case.settings, question, timeout_s=case.timeout_s)
        case.used.note(reply.model, reply.usage, [reply.request_id])
        if reply.finish_reason == "length":
            raise Failed("answer_cut_off", "judge's answer was cut off at its length limit")
        return reply


def _answers(reply: Reply, case: Case) -> dict[str, Answer]:
    if refused := reply.refused:
        return refusals(case.scorecard.criteria, refused)
    return with_probabilities(read_answers(reply.text, case.scorecard.criteria), reply, case.scorecard.criteria)


def refusals(criteria: Sequence[Criterion], said: str) -> dict[str, Answer]:
    """Every criterion unsure, because the judge would not answer."""
    answer = Answer(verdict=UNSURE, explanation=f"The judge refused to answer: {said!r}")
    return {criterion.key: answer for criterion in criteria}
