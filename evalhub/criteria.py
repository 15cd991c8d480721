"""A criterion as every model that answers it sees it: its words, the answers it allows, and the score they become."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evalhub.models import Conversation, Criterion, Score

PASS, FAIL, UNSURE, NOT_APPLICABLE = "pass", "fail", "unsure", "na"


def words_of(criterion: Criterion) -> list[str]:
    """The words a criterion may be answered with, "unsure" among them."""
    own = [PASS, FAIL] if criterion.type == "boolean" else [str(level["value"]) for level in criterion.levels or []]
    return [*own, UNSURE]


def told(criterion: Criterion) -> str:
    """The question with its levels and examples."""
    lines = [f"## {criterion.key}: {criterion.title}", criterion.question]
    if criterion.applies_to != "conversation":
        what = criterion.applies_to.replace("_", " ")
        lines.append(f"Asked of each {what}: fail if any {what} fails, and name those that do.")
    lines += [f"{level['value']}: {level['label']}. {level.get('anchor', '')}" for level in criterion.levels or []]
    lines.append("May be not applicable." if criterion.allow_na else "Always applicable.")
    lines += _examples("This IS a fail:", criterion.is_fail) + _examples("This is NOT a fail:", criterion.is_not_fail)
    return "\n".join(lines)


def asked_of_the_agent(conversation: Conversation) -> dict[str, Any]:
    """What the agent was told to be and how it was asked to sound, as far as that is known: who reads and who listens
    hold it against the same."""
    prompt = conversation.prompt
    asked = {
        "voice_style_asked_for": prompt.voice_style if prompt else None,
        "instructions_of_the_agent": prompt.instructions if prompt else None,
    }
    return {name: value for name, value in asked.items() if value}


def score_of(criterion: Criterion, word: str, **fields: Any) -> Score:
    """The row of one answer: 1 or 0 for pass and fail, of a graded criterion its level, nothing for doubt."""
    graded = criterion.type != "boolean" and word not in (UNSURE, NOT_APPLICABLE)
    level = next((one["value"] for one in criterion.levels or [] if str(one["value"]) == word), None)
    return Score(
        metric=f"criterion.{criterion.key}",
        value=float(level) if isinstance(level, int | float) else {PASS: 1.0, FAIL: 0.0}.get(word),
        verdict=None if graded else word,
        label=level if graded else None,
        **fields,
    )


def _examples(title: str, examples: Iterable[str]) -> list[str]:
    return [title, *(f"- {example}" for example in examples)] if examples else []
