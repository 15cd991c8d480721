"""Judges as a chart shows them: every number of theirs stands with how far that judge version agrees with people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import cycle

READING = ("circle-open", "square-open", "triangle-up-open", "pentagon-open")
LISTENING = ("diamond-open", "star-open", "cross-open", "hexagram-open")


@dataclass(frozen=True)
class Linked:
    """A cell of a table, or a line beside a chart, that leads somewhere; in exports its text."""

    text: str
    url: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True, eq=False)
class Judge:
    """One judge version."""

    name: str
    listens: bool
    checked: Mapping[str, Linked]
    """per metric how far it agrees with people"""
    worth: Linked
    """the same of all of them, in a line"""

    def checked_on(self, metric: str) -> Linked:
        return self.checked[metric]


def symbols(judges: Iterable[Judge]) -> dict[Judge | None, str]:
    """The mark of each in a chart; of people, None, the filled one."""
    reading, listening = cycle(READING), cycle(LISTENING)
    return {None: "circle"} | {one: next(listening if one.listens else reading) for one in judges}
