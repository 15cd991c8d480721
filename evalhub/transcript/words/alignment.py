"""Two texts against each other, word by word and character by character. The one door to jiwer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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

    words = jiwer.process_words(reference, hypothesis)
    characters = jiwer.process_characters(reference, hypothesis)
    said, heard = words.references[0], words.hypotheses[0]
    alignment = [
        {
            "type": chunk.type,
            "reference": " ".join(said[chunk.ref_start_idx : chunk.ref_end_idx]),
            "hypothesis": " ".join(heard[chunk.hyp_start_idx : chunk.hyp_end_idx]),
        }
        for chunk in words.alignments[0]
    ]
    return Comparison(words=_edits(words), characters=_edits(characters), alignment=alignment)


def _edits(output: Any) -> Edits:
    return Edits(
        hits=output.hits,
        substitutions=output.substitutions,
        deletions=output.deletions,
        insertions=output.insertions,
    )
