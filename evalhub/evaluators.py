"""The contract of an evaluator: what it is, what it may look at, what it answers, and the one place that runs it.

A new evaluator is one file in `evalhub/audio` or `evalhub/transcript` (or a package's `evalhub.evaluators` entry
point): a frozen dataclass deriving `Evaluator`. Its fields are its configuration, the first line of its docstring is
its help. It yields `Score` objects, and where it cannot answer it raises `Skipped`, `Blocked`, `Failed` or `Retryable`
with a reason. One that waits for servers derives `AsyncEvaluator`, so that many of it can wait at once.
"""

import asyncio
import hashlib
import json
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from evalhub.errors import Blocked, Failed, Reasoned, Retryable, Skipped
from evalhub.loops import finish
from evalhub.models import (
    BLOCKED,
    DONE,
    FAILED,
    PENDING,
    SKIPPED,
    Conversation,
    JudgeAnswer,
    JudgeVersion,
    Recording,
    Score,
)
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
    known: Mapping[tuple[str, str, int], JudgeAnswer] = field(default_factory=dict)
    """what judges answered about this conversation before, by (asked, content_hash, run)"""
    bought: list[JudgeAnswer] = field(default_factory=list)
    """what they answered now: to be kept, also where the evaluation fails afterwards"""
    judges: dict[str, JudgeVersion] = field(default_factory=dict)
    """the judges that answered, by their id"""
    ask_again: bool = False
    """whether this conversation was drawn to be judged twice, to see which answers flip"""

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


class AsyncEvaluator(Evaluator):
    """An evaluator that waits for servers: workers run many at once in one event loop."""

    @abstractmethod
    async def evaluate_async(self, conversation: Conversation, context: Context) -> Iterable[Score]:
        """As `evaluate`."""

    def evaluate(self, conversation: Conversation, context: Context) -> Iterable[Score]:
        return finish(self.evaluate_async(conversation, context))


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
    with _executing(context) as outcome:
        outcome.scores = _signed(evaluator.evaluate(conversation, context), evaluator)
    return outcome


async def run_async(evaluator: Evaluator, conversation: Conversation, context: Context) -> Outcome:
    """The same in an event loop; an evaluator that blocks runs in a thread."""
    if not isinstance(evaluator, AsyncEvaluator):
        return await asyncio.to_thread(run, evaluator, conversation, context)
    with _executing(context) as outcome:
        scores = await evaluator.evaluate_async(conversation, context)
        outcome.scores = _signed(scores, evaluator)
    return outcome


@contextmanager
def _executing(context: Context) -> Iterator[Outcome]:
    """An outcome to fill in, which takes up whatever is raised meanwhile."""
    started = time.monotonic()
    outcome = Outcome(status=DONE)
    with told(outcome):
        yield outcome
    outcome.details |= context.details | {"ms": round((time.monotonic() - started) * 1000)}


@contextmanager
def told(outcome: Outcome, *, passing: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """What is raised meanwhile does not leave, `passing` apart: the outcome says what and why."""
    try:
        yield
    except passing:
        raise
    except Reasoned as why:
        _reasoned(outcome, why)
    except Exception as error:  # the one broad except around evaluators: a crash is a row, not a dead worker
        outcome.status, outcome.reason_code, outcome.reason = FAILED, "crashed", f"{type(error).__name__}: {error}"
        outcome.details["traceback"] = traceback.format_exc(limit=-8)


def _reasoned(outcome: Outcome, why: Reasoned) -> None:
    statuses = {Skipped: SKIPPED, Blocked: BLOCKED, Failed: FAILED, Retryable: PENDING}
    outcome.status = next(status for kind, status in statuses.items() if isinstance(why, kind))
    outcome.reason_code, outcome.reason = why.code, why.reason
    outcome.not_before = why.not_before if isinstance(why, Retryable) else None


def _signed(scores: Iterable[Score], evaluator: Evaluator) -> list[Score]:
    config_hash, signed = evaluator.config_hash, []
    for score in scores:
        score.evaluator, score.version, score.config_hash = evaluator.name, evaluator.version, config_hash
        signed.append(score)
    return signed


def digest(value: Any) -> str:
    """A short stable name for a JSON value or dataclass: sha256 over its canonical form, 16 hex digits."""
    plain = value.__dict__ if is_dataclass(value) else value
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
