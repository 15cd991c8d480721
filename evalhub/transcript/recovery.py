"""Recovery: what the agent did after a caller cut in, on what the caller had heard.

Definition: docs/metrics.md#recovery.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalhub.errors import Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.models import Conversation, Score
from evalhub.transcript.bargeins.checks import CHECKS, Verdict
from evalhub.transcript.bargeins.exchange import BargeIn, barge_ins
from evalhub.transcript.moments import turn_evidence
from evalhub.transcript.words.normalise import ENGLISH, normaliser_for

PAGE = "docs/metrics.md#recovery"
CONTRACT = "1"
VALUES = {"pass": 1.0, "fail": 0.0}
Found = list[tuple[BargeIn, Verdict]]


@dataclass(frozen=True, kw_only=True)
class Recovery(Evaluator):
    """After each barge-in: answered, resumed, repeated nothing heard, relied on nothing unheard (four booleans).

    Per interrupted turn and for the conversation, where the value is the share of barge-ins that passed. Reads
    `heard_text`; what has to be understood is `unsure`. The words it goes by are English.
    """

    name = "recovery"
    version = "1"
    kind_of_work = "text"
    reads = frozenset({"facts", "turns", "tool_calls"})
    metrics = (
        Metric("recovery.answered", "Interruption answered", None, "higher", PAGE),
        Metric("recovery.resumed", "Came back to the step", None, "higher", PAGE),
        Metric("recovery.repeated_nothing", "Nothing said twice", None, "higher", PAGE),
        Metric("recovery.relied_on_nothing_unheard", "Nothing unheard taken for known", None, "higher", PAGE),
    )

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002
        """Four rows per barge-in, and four for the conversation."""
        found = list(barge_ins(conversation))
        if not found:
            raise Skipped("no_barge_in", "no agent turn was interrupted by words of the caller")
        if normaliser_for(conversation.language) is not ENGLISH:
            raise Skipped("language", f"the words of recovery are not known for the language {conversation.language!r}")
        for name, check in CHECKS.items():
            verdicts = [(barge, check(barge)) for barge in found]
            yield from (_score(name, verdict, subject_type="turn", subject_id=b.cut.id) for b, verdict in verdicts)
            yield _of_conversation(name, verdicts)


def _score(name: str, found: Verdict, **subject: Any) -> Score:
    return Score(
        metric=f"recovery.{name}",
        value=VALUES.get(found.verdict or ""),
        verdict=found.verdict,
        explanation=found.why,
        evidence=[turn_evidence(turn) for turn in found.turns],
        contract=CONTRACT,
        reason=found.why if found.verdict in (None, "unsure") else None,
        **subject,
    )


def _of_conversation(name: str, verdicts: Found) -> Score:
    """The worst verdict, with what it rests on; its value is the share that passed of those decided."""
    counts = Counter(verdict.verdict or "unknown" for _, verdict in verdicts)
    worst = next(one for one in ("fail", "unsure", "pass", None, "na") if any(v.verdict == one for _, v in verdicts))
    told = next(verdict for _, verdict in verdicts if verdict.verdict == worst)
    score = _score(name, told)
    decided = counts["pass"] + counts["fail"]
    score.value = counts["pass"] / decided if decided and worst != "unsure" else None
    score.counts = {"barge_ins": len(verdicts), **counts}
    return score
