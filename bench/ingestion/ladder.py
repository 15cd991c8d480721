"""The search for the highest rate that a server keeps up."""

from dataclasses import dataclass, field
from math import sqrt

from ingestion.measures import Sustained

STEP = 1.15
FINE = 1.05
FIRST = 0.8


@dataclass
class Ladder:
    """Rungs a step apart: up while rates are held, down while they are not; then halfway until the two are near."""

    rate: float
    """that is tried next, spans/s"""
    tried: list[Sustained] = field(default_factory=list)

    @classmethod
    def below(cls, queryable_per_s: float) -> "Ladder":
        """Begins a little below what a burst was stored at."""
        return cls(queryable_per_s * FIRST)

    def note(self, result: Sustained) -> None:
        self.tried.append(result)
        if self.best and self.missed:
            self.rate = sqrt(self.best.rate * self.missed.rate)
        else:
            self.rate = result.rate * STEP if result.held else result.rate / STEP

    @property
    def is_over(self) -> bool:
        return bool(self.best and self.missed) and self.missed.rate <= self.best.rate * FINE

    @property
    def best(self) -> Sustained | None:
        """The highest rate that was held."""
        return max((one for one in self.tried if one.held), key=lambda one: one.rate, default=None)

    @property
    def missed(self) -> Sustained | None:
        """The lowest rate that was not."""
        return min((one for one in self.tried if not one.held), key=lambda one: one.rate, default=None)
