"""Without a server: files in, conversations in memory, scores out."""

from evalhub.offline.files import Loaded, load, read
from evalhub.offline.repeats import repeat_rows
from evalhub.offline.requirements import Requirement, check_requirements
from evalhub.offline.scoring import choose_evaluators, choose_rubric, read_prices, read_rules, score

__all__ = [
    "Loaded",
    "Requirement",
    "check_requirements",
    "choose_evaluators",
    "choose_rubric",
    "load",
    "read",
    "read_prices",
    "read_rules",
    "repeat_rows",
    "score",
]
