"""Answers of judges, who reads and who listens alike: bought once about the same content, kept, and found again.

Of conversations drawn for it the same judge is asked the same a second time; what comes out differently has flipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from evalhub.errors import EvalhubError
from evalhub.evaluators import Context, digest
from evalhub.models import JudgeAnswer, JudgeVersion


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What makes a judge the one it is: all that could change its answers. Another one is another judge."""

    rubric: str
    rubric_version: int
    rubric_hash: str
    prompt: str
    back_end: str
    model: str
    votes: int = 1

    @cached_property
    def id(self) -> str:
        """The judge's name: a hash of all there is."""
        return digest(asdict(self))

    def as_row(self) -> JudgeVersion:
        return JudgeVersion(id=self.id, rubric=self.rubric, rubric_version=self.rubric_version, definition=asdict(self))


@dataclass(frozen=True, kw_only=True)
class Purse:
    """One judge and one content: what it answered about it before, and what it answers now."""

    asked: Definition
    content_hash: str
    """of everything the judge is shown"""
    context: Context

    def known(self, run: int = 0) -> JudgeAnswer | None:
        """What was answered before; `run` 1 is the second asking."""
        return self.context.known.get((self.asked.id, self.content_hash, run))

    @property
    def asks_again(self) -> bool:
        """Whether the same is to be asked a second time."""
        return self.context.ask_again and self.known(1) is None

    def keep(self, run: int, votes: list[dict[str, Any]], *, model: str | None, **took: Any) -> JudgeAnswer:
        """An answer that was paid for, kept also where the evaluation fails afterwards. Its verdicts are the caller's.

        Args:
            model: the snapshot that answered, where the server names one.
            took: `usage`, `cost_usd` and other columns of JudgeAnswer.
        """
        snapshot = replace(self.asked, model=model or self.asked.model)
        named: dict[str, Any] = {"asked": self.asked.id, "judge_version": snapshot.id, "model": snapshot.model}
        answer = JudgeAnswer(content_hash=self.content_hash, run=run, votes=votes, verdicts={}, **named, **took)
        self.context.bought.append(answer)
        self.context.judges[snapshot.id] = snapshot.as_row()
        return answer

    def told_again(self, first: Mapping[str, str], second: JudgeAnswer | EvalhubError) -> None:
        """Note in `details.asked_again` what a second asking came to; nothing takes the first answer away."""
        told = self.context.details.setdefault("asked_again", {"criteria": 0, "flipped": [], "failed": []})
        if isinstance(second, EvalhubError):
            told["failed"].append(str(second))
            return
        told["criteria"] += len(first)
        told["flipped"] += [key for key, word in first.items() if second.verdicts.get(key) != word]
