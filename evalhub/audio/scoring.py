"""Score rows as this tier writes them: contract version, rounding, and a reason wherever there is no value."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

from evalhub.audio.intervals import Interval
from evalhub.models import Score

CONTRACT = "1"
Z = 1.96


def row(
    metric: str,
    value: float | None,
    *,
    turn_id: str | None = None,
    unit: str | None = None,
    reason: str | None = None,
    **fields: Any,
) -> Score:
    """A score of a turn, or of the conversation. A reason takes the place of the value."""
    return Score(
        metric=metric,
        subject_type="conversation" if turn_id is None else "turn",
        subject_id=turn_id or "",
        value=None if reason or value is None else round(float(value), 4),
        unit=unit,
        reason=reason,
        contract=CONTRACT,
        **(fields if not reason else {key: part for key, part in fields.items() if key not in ("verdict", "label")}),
    )


def moment(interval: Interval, channel: str | None = None, **more: Any) -> dict[str, Any]:
    """A piece of evidence: where to listen."""
    where = {"start_ms": interval[0], "end_ms": interval[1], "channel": channel, **more}
    return {key: value for key, value in where.items() if value is not None}


def percentile(values: Sequence[float], share: float) -> float:
    """By linear interpolation between the sorted values; `share` from 0 to 1."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


def wilson(hits: int, n: int) -> dict[str, float]:
    """The 95 % interval of a rate, as `low` and `high`; nothing for no events."""
    if not n:
        return {}
    share, spread = hits / n, Z**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / n + spread / n / 4) / (1 + spread)
    return {"low": round(max(0.0, middle - half), 4), "high": round(min(1.0, middle + half), 4)}
