"""The search for the highest rate that a server keeps up."""

from dataclasses import dataclass, field

from ingestion.measures import Sustained

STEP = 1.15
FIRST = 0.8


@dataclass
class Ladder:
    """Rungs a step apart. It climbs while rates are held, goes down while they are not, and ends between the two."""

    rate: float
    """that is tried next, spans/s"""
    tried: list[Sustained] = field(default_factory=list)

    @classmethod
    def below(cls, queryable_per_s: float) -> "Ladder":
        """Begins a little below what a burst was stored at."""
        return cls(queryable_per_s * FIRST)

    def note(self, result: Sustained) -> None:
        self.tried.append(result)
        self.rate = result.rate * STEP if result.held else result.rate / STEP

    @property
    def is_over(self) -> bool:
        return {one.held for one in self.tried} == {True, False}

    @property
    def best(self) -> Sustained | None:
        """The highest rate that was held."""
        return max((one for one in self.tried if one.held), key=lambda one: one.rate, default=None)
