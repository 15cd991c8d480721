"""Short ways to write what a conversation should have come to."""

from typing import Any

from script import Expected


def call(name: str, /, *, critical: bool = False, confirmed_first: bool = False, **arguments: Any) -> dict[str, Any]:
    """An expected call: a plain argument must be equal, a matcher object is taken as it is."""
    matchers = {key: value if isinstance(value, dict) else {"equals": value} for key, value in arguments.items()}
    return {"name": name, "arguments": matchers, "critical": critical, "confirmed_first": confirmed_first}


def calls(*expected: dict[str, Any], forbidden: tuple[str, ...] = (), extra: str = "forbidden") -> dict[str, Any]:
    return {
        "order": "any",
        "extra_calls": extra,
        "missing_calls": "forbidden",
        "calls": list(expected),
        "forbidden": [{"name": name} for name in forbidden],
    }


ANY = {"any": True}
SOLVED = {"resolved": True, "ended_by": "caller", "transferred_to": None, "reason": "resolved"}


def csat(value: int, comment: str) -> list[dict[str, Any]]:
    return [{"name": "csat", "value": value, "scale": [1, 5], "comment": comment}]


def exactly(evaluator: str, metric: str, value: float, **more: Any) -> Expected:
    """The evaluator must answer this very value."""
    return Expected(evaluator=evaluator, metric=metric, low=value, high=value, **more)


def expected_call(index: int) -> dict[str, str]:
    """The subject of scores about the expected call at this place of the list."""
    return {"type": "expected_call", "id": str(index)}
