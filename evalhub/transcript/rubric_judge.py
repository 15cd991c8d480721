"""The rubric judge: a language model answers a rubric's questions about a conversation, with quotes that are checked.

Definition: docs/metrics.md#rubric-judge. The metrics of single criteria, `criterion.<key>`, come from the rubric; the
fixed ones are listed below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalhub.errors import Failed, Skipped
from evalhub.evaluators import Context, Evaluator, Metric, digest
from evalhub.models import Conversation, Criterion, RubricVersion, Score
from evalhub.openai_client import Reply, ask_json, connected_model
from evalhub.transcript.judging.answers import Answer, NotTheAskedJson, read_answers
from evalhub.transcript.judging.items import FIRST_ITEMS, cut, items_of
from evalhub.transcript.judging.prompt import PROMPT_VERSION, messages_of, schema_of, system_text
from evalhub.transcript.judging.quotes import Quotable
from evalhub.transcript.judging.verdicts import UNSURE, decide, scores_of

PAGE = "docs/metrics.md#rubric-judge"


@dataclass(frozen=True, kw_only=True)
class RubricJudge(Evaluator):
    """A language model answers every transcript criterion of the project's rubric, with evidence.

    One request per conversation; criteria that need ears are left to people. Scores: `criterion.<key>` with verdict
    pass, fail, unsure or na (value 1, 0 or none; of a graded criterion its level), `rubric_judge.score` (0 to 1, the
    weighted share passed among what was answered) and, apart from it, `rubric_judge.auto_fail` (1 or 0). A quote that
    is not where the judge says makes the answer unsure, and so does a refusal. An answer that is not the asked JSON
    is sent back once and then fails the evaluation. `policy.judge_version` names rubric, prompt, model and parameters.
    """

    name = "rubric_judge"
    version = "1"
    kind_of_work = "judge"
    reads = frozenset({"facts", "turns", "tool_calls", "handoffs", "prompt", "rubric"})
    metrics = (
        Metric("rubric_judge.score", "Scorecard, by the judge", "ratio", "higher", PAGE),
        Metric("rubric_judge.auto_fail", "Critical fail, by the judge", None, "lower", PAGE),
    )

    rubric: str | None = None
    """answer only this rubric; the project's where nothing is named"""
    rubric_version: int | None = None
    max_chars: int = 120_000
    """a longer conversation is cut: the first items and as many of the last as fit are shown"""
    timeout_s: float = 60.0
    temperature: float | None = None
    """sent only where it is set: some models refuse it"""

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:
        """Scores of every criterion that words can answer."""
        connected_model(context.settings)
        rubric = self._rubric(context)
        criteria = [criterion for criterion in rubric.criteria if criterion.modality != "audio"]
        if not criteria:
            raise Skipped("no_transcript_criteria", "every criterion of this rubric needs ears")
        if not any(turn.text for turn in conversation.turns):
            raise Skipped("no_transcript", "no turn of this conversation has a text")
        items, left_out = cut(items_of(conversation), self.max_chars)
        replies = _Asking(self, context, criteria, messages_of(criteria, conversation, items))
        answers = replies.answers()
        quotable = Quotable(conversation)
        verdicts = [decide(criterion, answers[criterion.key], quotable) for criterion in criteria]
        return scores_of(verdicts, self._policy(rubric, context, left_out))

    def judge_version(self, rubric: RubricVersion, model: str) -> str:
        """The name of this judge: another rubric, prompt, model or parameter is another judge."""
        asked = {"rubric": rubric.definition_hash, "prompt": PROMPT_VERSION, "model": model}
        return digest(asked | {"max_chars": self.max_chars, "temperature": self.temperature})

    def _rubric(self, context: Context) -> RubricVersion:
        rubric = context.rubric
        if not isinstance(rubric, RubricVersion):
            raise Skipped("no_rubric", "the project has no rubric")
        wanted = (self.rubric or rubric.rubric, self.rubric_version or rubric.number)
        if wanted != (rubric.rubric, rubric.number):
            raise Skipped("other_rubric", f"asked for rubric {wanted[0]} version {wanted[1]}, which is not in use")
        return rubric

    def _policy(self, rubric: RubricVersion, context: Context, left_out: int) -> dict[str, Any]:
        model = connected_model(context.settings)
        return {
            "rubric": rubric.rubric,
            "rubric_version": rubric.number,
            "judge": context.details.get("model", model),
            "judge_version": self.judge_version(rubric, model),
            "prompt_version": PROMPT_VERSION,
            "max_chars": self.max_chars,
            "first_items": FIRST_ITEMS,
            "items_left_out": left_out,
        }


@dataclass
class _Asking:
    """One conversation put to the judge: a request, and one more if the answer is not the asked JSON."""

    judge: RubricJudge
    context: Context
    criteria: list[Criterion]
    messages: list[dict[str, Any]]

    def answers(self) -> dict[str, Answer]:
        self.context.details["prompt_hash"] = digest([system_text(self.criteria), schema_of(self.criteria)])
        reply = self._ask()
        if refused := _refusal(reply):
            return self._unsure(refused)
        try:
            return read_answers(reply.text, self.criteria)
        except NotTheAskedJson as problem:
            return self._second_try(reply, problem)

    def _second_try(self, first: Reply, problem: NotTheAskedJson) -> dict[str, Answer]:
        asked_again = f"That is not the asked JSON: {problem}. Answer again, with nothing but that JSON."
        self.messages += [
            {"role": "assistant", "content": first.text or "(nothing)"},
            {"role": "user", "content": asked_again},
        ]
        reply = self._ask()
        if refused := _refusal(reply):
            return self._unsure(refused)
        try:
            return read_answers(reply.text, self.criteria)
        except NotTheAskedJson as again:
            reason = f"judge answered something that is not the asked JSON, twice: {again}"
            raise Failed("unusable_answer", reason) from None

    def _ask(self) -> Reply:
        reply = ask_json(
            self.context.settings,
            self.messages,
            name="scorecard",
            schema=schema_of(self.criteria),
            timeout_s=self.judge.timeout_s,
            temperature=self.judge.temperature,
        )
        self._note(reply)
        if reply.finish_reason == "length":
            raise Failed("answer_cut_off", "judge's answer was cut off at its length limit")
        return reply

    def _note(self, reply: Reply) -> None:
        """Keep what was used, also of an answer that turns out useless: it was paid for."""
        details = self.context.details
        used = details.setdefault("usage", {})
        for meter, quantity in reply.usage.items():
            used[meter] = used.get(meter, 0) + quantity
        details["model"] = reply.model
        details["request_ids"] = [*details.get("request_ids", []), reply.request_id]

    def _unsure(self, refusal: str) -> dict[str, Answer]:
        """A refusal says nothing of the call, and such calls are often those people should hear: it goes to them."""
        answer = Answer(verdict=UNSURE, explanation=f"The judge refused to answer: {refusal!r}")
        return {criterion.key: answer for criterion in self.criteria}


def _refusal(reply: Reply) -> str | None:
    if reply.refusal:
        return reply.refusal
    return "stopped by its content filter" if reply.finish_reason == "content_filter" else None
