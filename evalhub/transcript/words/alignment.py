"""Two texts against each other, word by word and character by character. The one door to rapidfuzz.

rapidfuzz is what jiwer aligns with; called without jiwer's detours it is several times as fast, and answers the same on
every pair (a test and `bench/words.py` hold it to that).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

Chunk = tuple[str, int, int, int, int]
"""kind, from and to in what was said, from and to in what was heard"""
NAMES = {"replace": "substitute"}


@dataclass(frozen=True, kw_only=True)
class Edits:
    """How many units (words or characters) stayed, were taken for others, were left out, were made up."""

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: Edits) -> Edits:
        return Edits(**{name: count + getattr(other, name) for name, count in vars(self).items()})

    @property
    def reference(self) -> int:
        """Units of the reference."""
        return self.hits + self.substitutions + self.deletions

    @property
    def rate(self) -> float:
        """Errors per unit of the reference; over 1 where more was made up than was said."""
        return (self.substitutions + self.deletions + self.insertions) / self.reference


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One text against its reference."""

    words: Edits
    characters: Edits
    alignment: list[dict[str, Any]] = field(default_factory=list)
    """[{"type": equal | substitute | insert | delete, "reference": words, "hypothesis": words}], in order"""


def compare(reference: str, hypothesis: str) -> Comparison:
    """Align two normalised texts (words separated by one space). The reference must hold at least one word."""
    said, heard = reference.split(), hypothesis.split()
    chunks = _chunks(said, heard)
    alignment = [
        {"type": NAMES.get(kind, kind), "reference": " ".join(said[a:b]), "hypothesis": " ".join(heard[c:d])}
        for kind, a, b, c, d in chunks
    ]
    return Comparison(words=_counted(chunks), characters=character_edits(reference, hypothesis), alignment=alignment)


def character_edits(reference: str, hypothesis: str) -> Edits:
    """Only the counts of characters, spaces among them."""
    from rapidfuzz.distance import Levenshtein

    kinds = {"replace": 0, "delete": 0, "insert": 0}
    for kind, _, _ in cast("list[tuple[str, int, int]]", Levenshtein.editops(reference, hypothesis).as_list()):
        kinds[kind] += 1
    hits = len(reference) - kinds["replace"] - kinds["delete"]
    return Edits(hits=hits, substitutions=kinds["replace"], deletions=kinds["delete"], insertions=kinds["insert"])


def _chunks(said: Sequence[str], heard: Sequence[str]) -> list[Chunk]:
    """Runs of one kind, in order."""
    from rapidfuzz.distance import Levenshtein

    return cast("list[Chunk]", Levenshtein.opcodes(said, heard).as_list())


def _counted(chunks: Iterable[Chunk]) -> Edits:
    counts = {"equal": 0, "replace": 0, "delete": 0, "insert": 0}
    for kind, a, b, c, d in chunks:
        counts[kind] += max(b - a, d - c)
    return Edits(
        hits=counts["equal"],
        substitutions=counts["replace"],
        deletions=counts["delete"],
        insertions=counts["insert"],
    )
