"""What the reports of hosted platforms have in common: a dialogue in order, waits without ids, sums of money."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from evalhub.models import Conversation, StageTiming, ToolCall, Turn, Usage
from evalhub.traces.bodies import warning
from evalhub.traces.formats.native_fields import MAX_COUNT, MAX_MS
from evalhub.traces.formats.realtime.actions import decoded
from evalhub.traces.formats.realtime.fields import amount

COST = "cost_usd"
LATEST_MS = 4_102_444_800_000
UNPAIRED = "{count} waits ({stage}) were reported for {answers} answers: which belongs to which cannot be known"


def moment(value: Any) -> datetime | None:
    """A time as platforms write it: ISO 8601, or milliseconds since 1970."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        ms = amount({"at": value}, "at")
        return datetime.fromtimestamp(ms / 1000, UTC) if ms and ms < LATEST_MS else None
    except (ValueError, OverflowError):
        return None


def count(data: Any, *path: str) -> float | None:
    """The quantity there, 0 or more."""
    value = amount(data, *path)
    return value if value is not None and value <= MAX_COUNT else None


def counts(values: Any) -> list[float]:
    """The quantities of a list."""
    found = [count({"n": value}, "n") for value in values] if isinstance(values, list) else []
    return [value for value in found if value is not None]


def clock_ms(data: Any, *path: str) -> int | None:
    """The seconds there, as milliseconds of a call."""
    seconds = count(data, *path)
    return round(seconds * 1000) if seconds is not None and seconds * 1000 <= MAX_MS else None


def mark_interrupted(turns: Sequence[Turn]) -> None:
    """An agent's turn was interrupted where the caller begins before it ends. What is reported of it is what was said
    until then; what else was generated, no report tells."""
    spoken = sorted((turn for turn in turns if turn.kind is None and turn.start_ms is not None), key=_start)
    for turn, after in zip_longest(spoken, spoken[1:]):
        if turn.speaker == "agent" and turn.end_ms is not None:
            turn.interrupted = after is not None and after.speaker == "caller" and _start(after) < turn.end_ms
        if turn.interrupted:
            turn.heard_text = turn.text
            turn.extra = (turn.extra or {}) | {"heard_source": "transcript"}


def _start(turn: Turn) -> int:
    return turn.start_ms or 0


def answers(turns: Iterable[Turn]) -> list[Turn]:
    """The turns in which the agent answers: the first one of its own after each of the caller's."""
    found, before = [], None
    for turn in turns:
        if turn.kind is None:
            if turn.speaker == "agent" and before == "caller":
                found.append(turn)
            before = turn.speaker
    return found


def stage_timings(
    told: Sequence[Turn], waits: Mapping[str, Sequence[float]], warnings: list[dict[str, str]]
) -> list[StageTiming]:
    """Waits by stage, in order, each with the answer it led to; without a turn where there are more or fewer of them
    than answers."""
    rows = []
    for stage, values in waits.items():
        paired = len(values) == len(told)
        if values and not paired:
            warnings.append(warning(stage, UNPAIRED.format(count=len(values), stage=stage, answers=len(told))))
        for index, ms in enumerate(values):
            turn_id = told[index].id if paired else None
            rows.append(StageTiming(id=f"{stage}-{index + 1}", turn_id=turn_id, stage=stage, ms=round(ms, 3)))
    return numbered(rows)


def tool_waits(conversation: Conversation) -> list[StageTiming]:
    """How long tools held up the answer they led to."""
    starts = {turn.id: turn.start_ms for turn in conversation.turns}
    return [
        StageTiming(id=f"tool-{call.id}"[:255], turn_id=call.turn_id, stage="tool", ms=call.end_ms - call.start_ms)
        for call in conversation.tool_calls
        if call.start_ms is not None
        and call.end_ms is not None
        and call.start_ms <= call.end_ms <= (starts.get(call.turn_id or "") or -1)
    ]


def note_latency(told: Sequence[Turn], values: Sequence[float]) -> None:
    """The whole wait before each answer, as the platform measured it."""
    if len(told) == len(values):
        for turn, ms in zip(told, values, strict=True):
            turn.extra = (turn.extra or {}) | {"reported_latency_ms": round(ms)}


def cost(owner: str, name: str | None, dollars: float | None) -> Iterator[Usage]:
    """What one thing cost, in dollars."""
    if dollars:
        yield Usage(id=f"{owner}:{COST}", model=name, meter=COST, quantity=dollars)


def rest(rows: Sequence[Usage], platform: str, total: float | None) -> Iterator[Usage]:
    """What the whole call cost beyond the parts that are told; all of it where none are."""
    told = sum(row.quantity for row in rows if row.meter == COST)
    yield from cost(
        "rest", f"{platform}, not itemised" if told else platform, round(max(0.0, (total or 0.0) - told), 8)
    )


def error_in(result: Any) -> Any:
    """What a tool's answer says went wrong."""
    return (result.get("error") or None) if isinstance(result, dict) else None


def answered(call: ToolCall, content: Any, *, failed: bool | None = None) -> None:
    """What a tool gave, and whether it did what it should."""
    call.result = decoded(content)
    call.error = error_in(call.result)
    if failed and call.error is None:
        call.error = call.result if call.result is not None else "failed"
    call.status = "failed" if call.error is not None or failed else "completed"


def give_turns(dialogue: Sequence[Turn | ToolCall]) -> None:
    """Each call belongs to the answer it leads to: the next one before the caller speaks, else the last one."""
    for index, call in enumerate(dialogue):
        if isinstance(call, ToolCall):
            near = _until_caller(dialogue[index + 1 :]) or _until_caller(dialogue[:index][::-1])
            call.turn_id = near.id if near else None


def _until_caller(items: Sequence[Turn | ToolCall]) -> Turn | None:
    first = next((item for item in items if isinstance(item, Turn) and item.kind is None), None)
    return first if first is not None and first.speaker == "agent" else None


def numbered(items: list[Any]) -> list[Any]:
    """The same items, each with its position."""
    for position, item in enumerate(items):
        item.position = position
    return items


def known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is neither missing nor empty."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
