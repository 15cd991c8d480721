"""Stage adherence: which conversation stages were reached, in what order, which required ones were skipped.

Definition: docs/metrics.md#stages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from evalhub.errors import Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.expectations import usable
from evalhub.models import Conversation, Score
from evalhub.transcript.moments import Evidence, at
from evalhub.transcript.stages.finding import Reach, StageFinder

PAGE = "docs/metrics.md#stages"
CONTRACT = "1"


@dataclass(frozen=True, kw_only=True)
class StageAdherence(Evaluator):
    """Whether the agent went through the stages of its prompt: all that are required, in their order.

    `stage_adherence` (1 or 0) for the conversation, `stage_adherence.reached` (share of the stages), and
    `stage.<id>` for each, with the turn where it began. What code cannot tell is `unsure`, with the reason. Required
    are the stages that the expectations name, else those that the prompt marks.
    """

    name = "stage_adherence"
    version = "1"
    kind_of_work = "text"
    reads = frozenset({"facts", "turns", "tool_calls", "prompt", "expectations"})
    metrics = (
        Metric("stage_adherence", "Stages followed", None, "higher", PAGE),
        Metric("stage_adherence.reached", "Stages reached", "ratio", "higher", PAGE),
    )

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002
        """A score for the whole and one for each stage."""
        described, required = _stages(conversation)
        if not any(turn.text for turn in conversation.turns) and not conversation.tool_calls:
            raise Skipped("no_transcript", "no turn of this conversation has a text, and no function was called")
        finder = StageFinder(conversation, described)
        reaches = [finder.find(stage) for stage in described]
        disorder = _disorder(reaches, conversation)
        yield _adherence(reaches, required, disorder)
        yield _reached(reaches)
        yield from (_of_stage(reach, required) for reach in reaches)


def _stages(conversation: Conversation) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """Stages by id in the order in which they should come, and those that may not be skipped."""
    stages = (conversation.prompt.stages or []) if conversation.prompt else []
    described = {stage["id"]: stage for stage in stages if isinstance(stage, dict) and stage.get("id")}
    expected = usable(conversation.expectations).get("stages")
    if expected:
        return {name: described.get(name, {}) for name in expected}, set(expected)
    if not described:
        raise Skipped("no_stages", "neither the prompt nor the expectations name any stage")
    return described, {name for name, stage in described.items() if stage.get("required")}


def _disorder(reaches: list[Reach], conversation: Conversation) -> list[tuple[Reach, Reach]]:
    """Neighbours of the expected order of which the later one began in an earlier turn."""
    places = {turn.id: index for index, turn in enumerate(conversation.turns)}
    begun = [reach for reach in reaches if reach.turn is not None and not reach.unasked]
    return [(a, b) for a, b in pairwise(begun) if a.turn and b.turn and places[b.turn.id] < places[a.turn.id]]


def _adherence(reaches: list[Reach], required: set[str], disorder: list[tuple[Reach, Reach]]) -> Score:
    skipped = [reach for reach in reaches if reach.reached is False and reach.stage in required]
    open_ones = [reach for reach in reaches if reach.reached is None and reach.stage in required]
    verdict = "fail" if skipped or disorder else "unsure" if open_ones else "pass"
    told = [f"{reach.stage} was skipped: {reach.why}" for reach in skipped]
    told += [f"{later.stage} began before {earlier.stage}" for earlier, later in disorder]
    told += [f"{reach.stage}: {reach.why}" for reach in open_ones if verdict == "unsure"]
    begun = sum(reach.reached is True for reach in reaches)
    return Score(
        metric="stage_adherence",
        value={"pass": 1.0, "fail": 0.0}.get(verdict),
        verdict=verdict,
        explanation="; ".join([f"{begun} of {len(reaches)} stages found", *told]),
        evidence=_places(disorder, open_ones),
        contract=CONTRACT,
        counts={"stages": len(reaches), "reached": begun, "skipped": len(skipped), "unsure": len(open_ones)},
        label=[reach.stage for reach in _in_order(reaches)],
        reason="a person or a judge has to tell" if verdict == "unsure" else None,
    )


def _places(disorder: list[tuple[Reach, Reach]], open_ones: list[Reach]) -> list[Evidence]:
    told = [*(reach for pair in disorder for reach in pair), *open_ones]
    return [place for reach in told for place in reach.evidence]


def _in_order(reaches: list[Reach]) -> list[Reach]:
    """The stages that were reached, as they began."""
    begun = [reach for reach in reaches if reach.reached]
    return sorted(begun, key=lambda reach: (reach.turn.start_ms or 0) if reach.turn else 0)


def _reached(reaches: list[Reach]) -> Score:
    known = [reach for reach in reaches if reach.reached is not None]
    begun = sum(reach.reached is True for reach in known)
    return Score(
        metric="stage_adherence.reached",
        value=begun / len(known) if known else None,
        unit="ratio",
        explanation=", ".join(
            f"{reach.stage}{at(reach.turn.start_ms) if reach.turn else ''}" for reach in _in_order(reaches)
        ),
        contract=CONTRACT,
        counts={"stages": len(reaches), "reached": begun, "unsure": len(reaches) - len(known)},
        reason=None if known else "not measurable: code cannot tell of any stage whether it was reached",
    )


def _of_stage(reach: Reach, required: set[str]) -> Score:
    missing = "fail" if reach.stage in required else "na"
    verdict = {True: "pass", False: missing, None: "unsure"}[reach.reached]
    return Score(
        metric=f"stage.{reach.stage}",
        value={"pass": 1.0, "fail": 0.0}.get(verdict),
        verdict=verdict,
        explanation=f"{reach.stage}: {reach.why}",
        evidence=list(reach.evidence),
        contract=CONTRACT,
        label=reach.turn.id if reach.turn else None,
        reason=reach.why if verdict == "unsure" else None,
    )
