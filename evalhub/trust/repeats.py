"""pass^k: how reliably repeated runs of one scenario succeed. Source: Yao et al., tau-bench, arXiv 2406.12045."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import comb

INFRASTRUCTURE = ("infrastructure_error", "simulator_error", "grader_error")
"""ends of a run that say nothing of the agent"""


def pass_hat_k(passed: int, runs: int, k: int) -> float:
    """The chance that k runs drawn from these all passed: C(passed, k) / C(runs, k).

    Raises:
        ValueError: there are fewer than k runs, or more passed than ran.
    """
    if not 0 < k <= runs or not 0 <= passed <= runs:
        raise ValueError(f"k = {k} of {runs} runs, of which {passed} passed")
    return comb(passed, k) / comb(runs, k)


@dataclass(frozen=True)
class Repeats:
    """The runs of one scenario: how many passed and ran, and how many say nothing of the agent and why."""

    passed: int
    runs: int
    excluded: dict[str, int]

    @property
    def curve(self) -> dict[int, float]:
        """pass^k for every k from 1 to the number of runs."""
        return {k: pass_hat_k(self.passed, self.runs, k) for k in range(1, self.runs + 1)}


def count_repeats(results: Iterable[bool | str]) -> Repeats:
    """Count runs: True passed, False failed; a text says why a run is excluded; it is counted apart."""
    results = list(results)
    excluded = [result for result in results if isinstance(result, str)]
    valid = [result for result in results if not isinstance(result, str)]
    return Repeats(sum(valid), len(valid), {why: excluded.count(why) for why in dict.fromkeys(excluded)})
