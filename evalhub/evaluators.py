"""The contract of an evaluator: what it is, what it may look at, what it answers, and the one place that runs it.

A new evaluator is one file in `evalhub/audio` or `evalhub/transcript` (or a package's `evalhub.evaluators` entry
point): a frozen dataclass deriving `Evaluator`. Its fields are its configuration, the first line of its docstring is
its help. It yields `Score` objects, and where it cannot answer it raises `Skipped`, `Blocked`, `Failed` or `Retryable`
with a reason.
"""

import hashlib
import json
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from evalhub.errors import Blocked, Failed, Reasoned, Retryable, Skipped
from evalhub.models import BLOCKED, DONE, FAILED, PENDING, SKIPPED, Conversation, Recording, Score
from evalhub.settings import Settings

KindOfWork = Literal["audio", "text", "judge"]
T = TypeVar("T")
Better = Literal["lower", "higher", "target", "none"]
Part = Literal[
    "facts", "turns", "tool_calls", "handoffs", "expectations", "recordings", "voiced", "prompt", "rubric", "usage"
]


@dataclass(frozen=True)
class Metric:
    """A number evalhub shows: its id, what to call it, its unit, which way is good, where it is defined."""

    id: str
    title: str
    unit: str | None
    better: Better
    page: str


@dataclass(kw_only=True)
class Context:
    """What an evaluator may use besides the conversation itself."""

    settings: Settings
    audio_path: Callable[[Recording], Path | None]
    """the local file of a recording, or None where its bytes are not here"""
    rubric: Any = None
    """the RubricVersion to answer, for evaluators that read one"""
    business_rules: Sequence[Any] = ()
    """the BusinessRules of the project"""
    prices: Any = None
    """the project's PriceTable; None: the built-in prices"""
    details: dict[str, Any] = field(default_factory=dict)
    """what the run used (tokens, model); stored with the evaluation"""
    shared: dict[Any, Any] = field(default_factory=dict)

    def once(self, key: Any, compute: Callable[[], T]) -> T:
        """Compute once, read many: evaluators that run on one conversation share costly results."""
        if key not in self.shared:
            self.shared[key] = compute()
        return self.shared[key]  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class Evaluator(ABC):
    """Code that reads a conversation and yields scores."""

    name: ClassVar[str]
    version: ClassVar[str]
    kind_of_work: ClassVar[KindOfWork]
    reads: ClassVar[frozenset[Part]]
    """which parts of a conversation its answer depends on: late data re-evaluates only what reads it"""
    metrics: ClassVar[tuple[Metric, ...]]

    @abstractmethod
    def evaluate(self, conversation: Conversation, context: Context) -> Iterable[Score]:
        """Scores of this conversation; raises Skipped, Blocked, Failed or Retryable instead of guessing."""

    @property
    def config(self) -> dict[str, Any]:
        """The fields that differ from their defaults: together with name and version they name this evaluator."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}

    @property
    def config_hash(self) -> str:
        return digest(self.config) if self.config else ""


@dataclass(kw_only=True)
class Outcome:
    """What one execution came to: a status, always with a reason where there are no scores."""

    status: str
    scores: list[Score] = field(default_factory=list)
    reason_code: str | None = None
    reason: str | None = None
    not_before: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)


def run(evaluator: Evaluator, conversation: Conversation, context: Context) -> Outcome:
    """Execute one evaluator. Whatever happens inside becomes an outcome; nothing is raised, nothing becomes a zero."""
    started = time.monotonic()
    try:
        outcome = Outcome(
            status=DONE,
            scores=[_signed(score, evaluator) for score in evaluator.evaluate(conversation, context)],
        )
    except Reasoned as why:
        outcome = _reasoned(why)
    except Exception as error:  # the one broad except around an evaluator: a crash is a row, not a dead worker
        outcome = Outcome(status=FAILED, reason_code="crashed", reason=f"{type(error).__name__}: {error}")
        outcome.details["traceback"] = traceback.format_exc(limit=-8)
    outcome.details |= context.details | {"ms": round((time.monotonic() - started) * 1000)}
    return outcome


def _reasoned(why: Reasoned) -> Outcome:
    status = {Skipped: SKIPPED, Blocked: BLOCKED, Failed: FAILED, Retryable: PENDING}[type(why)]
    not_before = why.not_before if isinstance(why, Retryable) else None
    return Outcome(status=status, reason_code=why.code, reason=why.reason, not_before=not_before)


def _signed(score: Score, evaluator: Evaluator) -> Score:
    score.evaluator, score.version, score.config_hash = (
        evaluator.name,
        evaluator.version,
        evaluator.config_hash,
    )
    return score


def digest(value: Any) -> str:
    """A short stable name for a JSON value or dataclass: sha256 over its canonical form, 16 hex digits."""
    plain = value.__dict__ if is_dataclass(value) else value
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
