"""What became of a call: cancelled, failed, tried again, made twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evalhub.models import ToolCall
from evalhub.transcript.calls.matchers import same
from evalhub.transcript.moments import Order

CANCELLED = ("cancelled", "canceled")
FAILED = ("failed", "error", "timeout", "timed_out")


def happened(calls: Iterable[ToolCall]) -> list[ToolCall]:
    """The calls without those that were cancelled: they did not happen."""
    return [call for call in calls if (call.status or "").lower() not in CANCELLED]


def failed(call: ToolCall) -> bool:
    """Whether the tool answered with an error."""
    return bool(call.error) or (call.status or "").lower() in FAILED


def identical(one: ToolCall, other: ToolCall) -> bool:
    """The same function with the same arguments."""
    return one.name == other.name and same(_arguments(one), _arguments(other))


def tried_again(call: ToolCall, calls: Sequence[ToolCall], order: Order) -> bool:
    """Whether a call belongs to a retry: it failed and its function was called again, or it repeats one that failed."""
    others = [other for other in calls if other is not call and other.name == call.name]
    gave_way = failed(call) and any(order.before(call, other) for other in others)
    return gave_way or any(failed(other) and identical(other, call) and order.before(other, call) for other in others)


def repeats(call: ToolCall, calls: Sequence[ToolCall], order: Order) -> bool:
    """Whether the very same call had been made before, and had not failed."""
    return any(
        other is not call and not failed(other) and identical(other, call) and not order.before(call, other)
        for other in calls[: _index(call, calls)]
    )


def _index(call: ToolCall, calls: Sequence[ToolCall]) -> int:
    return next(index for index, other in enumerate(calls) if other is call)


def _arguments(call: ToolCall) -> object:
    return {} if call.arguments is None else call.arguments
