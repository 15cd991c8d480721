"""A judge that reads, by everything that could change its answers."""

from __future__ import annotations

from dataclasses import dataclass

from evalhub.bought import Definition
from evalhub.transcript.judging.decided import SURE
from evalhub.transcript.judging.items import FIRST_TURNS, LONGEST_TEXT


@dataclass(frozen=True, kw_only=True)
class JudgeDefinition(Definition):
    """What makes a judge that reads the one it is."""

    transcript_source: str
    max_chars: int
    temperature: float | None
    first_turns: int = FIRST_TURNS
    longest_text: int = LONGEST_TEXT
    sure: float = SURE
