"""Gates on scores: `function_calls.correct>=1`, `turn_latency_ms.p95<=1500`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evalhub.errors import BadInput, Problem

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
FORM = re.compile(r"\s*([\w.\-]+)\s*(>=|<=|==|!=|>|<)\s*(-?\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True)
class Requirement:
    """Every value of a metric must compare so with a limit, and there must be one."""

    text: str
    metric: str
    compare: str
    limit: float

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """From `metric>=1`.

        Raises:
            BadInput: it is not of that form.
        """
        found = FORM.fullmatch(text)
        if not found:
            raise BadInput("Not a requirement.", [Problem("--require", "metric>=1 (or <=, >, <, ==, !=)", repr(text))])
        return cls(text, found[1], found[2], float(found[3]))

    def is_met_by(self, value: float) -> bool:
        return OPERATORS[self.compare](value, self.limit)


def check_requirements(requirements: Sequence[Requirement], rows: Sequence[dict[str, Any]]) -> list[str]:
    """One sentence for each row that does not meet a requirement, and for each metric that nothing measured."""
    return [sentence for requirement in requirements for sentence in _unmet(requirement, rows)]


def _unmet(requirement: Requirement, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    found = [row for row in rows if row["metric"] == requirement.metric]
    if not found:
        yield f"{requirement.text}: no conversation has this metric"
    for row in found:
        if row["value"] is None:
            yield f"{requirement.text}: {_where(row)} has no value: {row['reason'] or row['verdict']}"
        elif not requirement.is_met_by(row["value"]):
            yield f"{requirement.text}: {_where(row)} has {row['value']:g}"


def _where(row: dict[str, Any]) -> str:
    subject = row["subject"]
    inside = "" if subject["type"] == "conversation" else f", {subject['type'].replace('_', ' ')} {subject['id']}"
    return f"{row['conversation']}{inside}" if row["conversation"] else f"scenario {subject['id']}"
