"""The rubric judge: a language model answers a rubric's questions about a conversation, with evidence that is checked.

Definition: docs/metrics.md#rubric-judge. The metrics of single criteria, `criterion.<key>`, come from the rubric; the
fixed ones are listed below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalhub.errors import Skipped
from evalhub.evaluators import AsyncEvaluator, Context, Metric
from evalhub.models import Conversation, JudgeAnswer, RubricVersion, Score
from evalhub.openai_client import connected_model
from evalhub.transcript.judging.answered import Answering
from evalhub.transcript.judging.back_ends import back_end_for
from evalhub.transcript.judging.items import transcript_source
from evalhub.transcript.judging.prompt import PROMPT_VERSION
from evalhub.transcript.judging.scorecard import scorecard_of
from evalhub.transcript.judging.verdicts import scores_of
from evalhub.transcript.judging.versions import JudgeDefinition

PAGE = "docs/metrics.md#rubric-judge"


@dataclass(frozen=True, kw_only=True)
class RubricJudge(AsyncEvaluator):
    """A language model answers every transcript criterion of the project's rubric, with evidence.

    Criteria that need ears are left to people. Scores: `criterion.<key>` with verdict pass, fail, unsure or na (value
    1, 0 or none; of a graded criterion its level), `rubric_judge.score` (0 to 1, the weighted share passed among what
    was answered) and, apart from it, `rubric_judge.auto_fail` (1 or 0). A quote that is not where the judge says makes
    the answer unsure, and so does a refusal. An answer that is not the asked JSON is sent back once and then fails the
    evaluation. What was answered before about the same content by the same judge is not asked again.
    `policy.judge_version` names rubric, prompt, model snapshot, parameters and transcript source.
    """

    name = "rubric_judge"
    version = "2"
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
    """a longer conversation is cut: the first turns and as many of the last as fit are shown"""
    timeout_s: float = 60.0
    temperature: float | None = None
    """sent only where it is set: some models refuse it"""
    votes: int | None = None
    """how often the same is asked for one verdict; the setting's where nothing is named"""

    async def evaluate_async(self, conversation: Conversation, context: Context) -> Iterator[Score]:
        """Scores of every criterion that words can answer."""
        connected_model(context.settings)
        rubric = self._rubric(context)
        scorecard = scorecard_of(rubric)
        if not scorecard.criteria:
            raise Skipped("no_transcript_criteria", "every criterion of this rubric needs ears")
        if not any(turn.text for turn in conversation.turns):
            raise Skipped("no_transcript", "no turn of this conversation has a text")
        answering = Answering(
            scorecard=scorecard,
            conversation=conversation,
            context=context,
            asked=self.definition(rubric, conversation, context),
            back_end=back_end_for(context.settings),
            timeout_s=self.timeout_s,
        )
        answer = await answering.answer()
        return scores_of(answering.verdicts, self._policy(answering, answer))

    def definition(self, rubric: RubricVersion, conversation: Conversation, context: Context) -> JudgeDefinition:
        """This judge, as it is asked for: by the model's configured name."""
        back_end = back_end_for(context.settings).name
        return JudgeDefinition(
            rubric=rubric.rubric,
            rubric_version=rubric.number,
            rubric_hash=rubric.definition_hash,
            prompt=PROMPT_VERSION,
            back_end=back_end,
            model=connected_model(context.settings),
            transcript_source=transcript_source(conversation),
            votes=1 if back_end == "decisions" else self.votes or context.settings.judge_votes,
            max_chars=self.max_chars,
            temperature=self.temperature,
        )

    def _rubric(self, context: Context) -> RubricVersion:
        rubric = context.rubric
        if not isinstance(rubric, RubricVersion):
            raise Skipped("no_rubric", "the project has no rubric")
        wanted = (self.rubric or rubric.rubric, self.rubric_version or rubric.number)
        if wanted != (rubric.rubric, rubric.number):
            raise Skipped("other_rubric", f"asked for rubric {wanted[0]} version {wanted[1]}, which is not in use")
        return rubric

    def _policy(self, answering: Answering, answer: JudgeAnswer) -> dict[str, object]:
        asked = answering.asked
        return {
            "rubric": asked.rubric,
            "rubric_version": asked.rubric_version,
            "judge": answer.model,
            "judge_version": answer.judge_version,
            "back_end": asked.back_end,
            "prompt_version": asked.prompt,
            "transcript_source": asked.transcript_source,
            "votes": asked.votes,
            "max_chars": asked.max_chars,
            "first_turns": asked.first_turns,
            "items_left_out": answer.items_left_out,
        }
