"""Everything evalhub raises on purpose, as one tree.

EvalhubError
├── SetupError      the machine or the settings are wrong: printed without a traceback, with the mend
├── BadInput        what a client sent cannot be used: names the place, the expectation and what was there
│   ├── Unreadable      cannot even be read (400)
│   ├── TooLarge        over a cap (413)
│   └── UnsupportedType a media type or format nobody here reads (415)
├── NotFound        a thing that is not there, or not yours
├── Conflict        somebody else was first (a lease that is gone, a name that is taken)
├── Unreached       another server did not give what it was asked for, or may not be asked
├── Skipped         an evaluator does not apply to this conversation
├── Blocked         an evaluator needs something that is not connected or not there yet
└── Retryable       an evaluator may succeed later: rate limited, server error, time-out
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


class EvalhubError(Exception):
    """Something went wrong in evalhub."""


@dataclass
class SetupError(EvalhubError):
    """The machine or the settings are wrong; `mend` says what to do about it."""

    message: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".strip()


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a body: where, what was expected, what was there."""

    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, got {self.got}"

    def as_json(self) -> dict[str, str]:
        return {"path": self.path, "expected": self.expected, "got": self.got}


@dataclass
class BadInput(EvalhubError):
    """Readable, but wrong (HTTP 422). `problems` holds every fault found, not just the first."""

    message: str
    problems: list[Problem] = field(default_factory=list)
    status = 422

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {problem}" for problem in self.problems)])


class Unreadable(BadInput):
    """The bytes are not what they say they are (HTTP 400)."""

    status = 400


class TooLarge(BadInput):
    """Over a cap (HTTP 413)."""

    status = 413


class UnsupportedType(BadInput):
    """A media type or format that nobody here reads (HTTP 415)."""

    status = 415


class NotFound(EvalhubError):
    """There is no such thing here."""


class Conflict(EvalhubError):
    """Somebody else was first."""


@dataclass
class Unreached(EvalhubError):
    """Another server did not give what it was asked for, or may not be asked; `again`: later it may."""

    message: str
    again: bool = False

    def __str__(self) -> str:
        return self.message


@dataclass
class Reasoned(EvalhubError):
    """Why an evaluator gave no score: a code for machines, a sentence for people."""

    code: str
    reason: str

    def __str__(self) -> str:
        return self.reason


class Skipped(Reasoned):
    """The evaluator does not apply to this conversation."""


class Blocked(Reasoned):
    """The evaluator needs something that is not connected, or not there yet."""


class Failed(Reasoned):
    """What the evaluator depends on gave something unusable, and trying again would not mend it."""


@dataclass
class Retryable(Reasoned):
    """May succeed later, not before `not_before` where the other side said so."""

    not_before: datetime | None = None


def describe(value: Any, limit: int = 80) -> str:
    """A value as an error message shows it: its type where it helps, never a whole payload."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
