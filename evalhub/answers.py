"""A model's answer to a scorecard, read: what is not exactly what was asked for is no answer, and never a pass.

Who reads and who listens is asked for the same JSON; only what they call their evidence differs. A fence of backticks
around it, or a level as a number, is no fault: models that know no structured outputs write so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhub.criteria import words_of
from evalhub.errors import EvalhubError
from evalhub.models import Criterion

FENCE = re.compile(r"^```(?:json)?\s*|\s*```$")


class NotTheAskedJson(EvalhubError):
    """What is wrong with an answer, in words the model and a person understand."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a model says of one criterion; `evidence` as (turn id, words)."""

    verdict: str
    applicable: bool = True
    explanation: str = ""
    evidence: list[tuple[str, str]] = field(default_factory=list)


def read_answers(text: str, criteria: Sequence[Criterion], *, evidence: str, words: str) -> dict[str, Given]:
    """One answer per criterion.

    Args:
        evidence: the key under which an answer has its evidence, objects with `turn_id` and
        words: the key of what was said or heard there.

    Raises:
        NotTheAskedJson: the text is no JSON object, or a criterion is missing or answered in another shape.
    """
    try:
        content = json.loads(FENCE.sub("", text.strip()))
    except ValueError as error:
        raise NotTheAskedJson(f"it is no JSON ({error}): {text[:120]!r}") from None
    if not isinstance(content, dict):
        raise NotTheAskedJson(f"it is no JSON object: {text[:120]!r}")
    return {one.key: _given(content.get(one.key), one, evidence, words) for one in criteria}


def sent_back(text: str, problem: NotTheAskedJson) -> list[dict[str, Any]]:
    """The messages that ask once more for the asked JSON."""
    asked_again = f"That is not the asked JSON: {problem}. Answer again, with nothing but that JSON."
    return [{"role": "assistant", "content": text or "(nothing)"}, {"role": "user", "content": asked_again}]


def _given(given: Any, criterion: Criterion, evidence: str, words: str) -> Given:
    if not isinstance(given, dict):
        raise NotTheAskedJson(f"criterion {criterion.key!r} is missing")
    verdict, found = given.get("verdict"), given.get(evidence)
    if isinstance(verdict, bool) or str(verdict) not in words_of(criterion):
        allowed = ", ".join(words_of(criterion))
        raise NotTheAskedJson(f"the verdict of {criterion.key!r} is {verdict!r}, not one of {allowed}")
    if not isinstance(given.get("applicable"), bool):
        raise NotTheAskedJson(f"`applicable` of {criterion.key!r} is neither true nor false")
    if not isinstance(found, list) or not all(_is_evidence(one, words) for one in found):
        raise NotTheAskedJson(f"`{evidence}` of {criterion.key!r} is no list of turn_id and {words}")
    return Given(
        verdict=str(verdict),
        applicable=given["applicable"],
        explanation=str(given.get("explanation") or ""),
        evidence=[(one["turn_id"].strip(), one[words]) for one in found],
    )


def _is_evidence(value: Any, words: str) -> bool:
    return isinstance(value, dict) and isinstance(value.get("turn_id"), str) and isinstance(value.get(words), str)
