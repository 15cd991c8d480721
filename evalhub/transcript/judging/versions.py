"""The name of a judge: a hash of everything that could change its answers. Another name is another judge."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property

from evalhub.evaluators import digest
from evalhub.models import JudgeVersion
from evalhub.transcript.judging.decided import SURE
from evalhub.transcript.judging.items import FIRST_TURNS, LONGEST_TEXT


@dataclass(frozen=True, kw_only=True)
class JudgeDefinition:
    """What makes a judge the one it is."""

    rubric: str
    rubric_version: int
    rubric_hash: str
    prompt: str
    back_end: str
    model: str
    transcript_source: str
    votes: int
    max_chars: int
    temperature: float | None
    first_turns: int = FIRST_TURNS
    longest_text: int = LONGEST_TEXT
    sure: float = SURE

    @cached_property
    def id(self) -> str:
        return digest(asdict(self))

    def as_row(self) -> JudgeVersion:
        return JudgeVersion(id=self.id, rubric=self.rubric, rubric_version=self.rubric_version, definition=asdict(self))
