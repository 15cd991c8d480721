"""A rubric as judges are asked it: its text, the shape of the answer, its name. Made once per rubric version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from evalhub.evaluators import digest
from evalhub.models import Criterion, RubricVersion
from evalhub.transcript.judging.prompt import schema_of, system_text


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """The questions that words can answer, and what is the same for every conversation they are asked about."""

    criteria: list[Criterion]
    text: str
    schema: dict[str, Any]
    cache_key: str
    """questions of the same start name the same key, so that OpenAI finds its cached start again"""


_made: WeakKeyDictionary[RubricVersion, Scorecard] = WeakKeyDictionary()


def scorecard_of(rubric: RubricVersion) -> Scorecard:
    """The scorecard of a rubric version, the same object as long as the version is."""
    if rubric not in _made:
        criteria = [criterion for criterion in rubric.criteria if criterion.modality != "audio"]
        text = system_text(criteria)
        _made[rubric] = Scorecard(criteria=criteria, text=text, schema=schema_of(criteria), cache_key=digest(text))
    return _made[rubric]
