"""Two texts against each other, word by word and character by character. The one door to jiwer and rapidfuzz.

rapidfuzz is what jiwer aligns with. For characters it is asked directly: there jiwer's own way is thirty times as long,
and the counts are the same on every pair (a test and `bench/words.py` hold it to that).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast


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
    import jiwer

    found = jiwer.process_words(reference, hypothesis)
    said, heard = found.references[0], found.hypotheses[0]
    alignment = [
        {
            "type": chunk.type,
            "reference": " ".join(said[chunk.ref_start_idx : chunk.ref_end_idx]),
            "hypothesis": " ".join(heard[chunk.hyp_start_idx : chunk.hyp_end_idx]),
        }
        for chunk in found.alignments[0]
    ]
    counts = {name: getattr(found, name) for name in ("hits", "substitutions", "deletions", "insertions")}
    return Comparison(words=Edits(**counts), characters=character_edits(reference, hypothesis), alignment=alignment)


def character_edits(reference: str, hypothesis: str) -> Edits:
    """Only the counts of characters, spaces among them."""
    from rapidfuzz.distance import Levenshtein

    kinds = {"replace": 0, "delete": 0, "insert": 0}
    for kind, _, _ in cast("list[tuple[str, int, int]]", Levenshtein.editops(reference, hypothesis).as_list()):
        kinds[kind] += 1
    hits = len(reference) - kinds["replace"] - kinds["delete"]
    return Edits(hits=hits, substitutions=kinds["replace"], deletions=kinds["delete"], insertions=kinds["insert"])
