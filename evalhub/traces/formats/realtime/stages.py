"""Where the time before a spoken answer went: until the model began, until its first output, tools in between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from evalhub.models import Conversation, StageTiming, ToolCall, Turn
from evalhub.traces.formats.realtime.dialogue import Clock
from evalhub.traces.formats.realtime.log import Log


def stages_of(log: Log, conversation: Conversation, turn_of: Mapping[str, str], clock: Clock) -> list[StageTiming]:
    """Of every agent turn whose responses are in a log with times, in ms. `turn_of` gives the turn of each response."""
    if not log.timed or log.live:
        return []
    begun = _begun(log, turn_of, clock)
    found = list(_each(log, conversation, begun, clock))
    for position, stage in enumerate(found):
        stage.position = position
    return found


def _begun(log: Log, turn_of: Mapping[str, str], clock: Clock) -> dict[str, int]:
    """When the first response for each turn was begun."""
    begun: dict[str, int] = {}
    for response in log.responses.values():
        turn_id, at = turn_of.get(response.id), clock.ms(response.created)
        if turn_id is not None and at is not None:
            begun[turn_id] = min(at, begun.get(turn_id, at))
    return begun


def _each(log: Log, conversation: Conversation, begun: Mapping[str, int], clock: Clock) -> Iterator[StageTiming]:
    tools: dict[str | None, list[ToolCall]] = defaultdict(list)
    for call in conversation.tool_calls:
        tools[call.turn_id].append(call)
    before: Turn | None = None
    for turn in conversation.turns:
        answered = clock.ms(log.items[turn.id].first_output_at)
        if turn.id in begun and answered is not None:
            waits = _waits(before, begun[turn.id], answered, tools[turn.id])
            for stage, ms in waits.items():
                if ms is not None and ms >= 0:
                    yield StageTiming(id=f"{turn.id}:{stage}"[-255:], turn_id=turn.id, stage=stage, ms=float(ms))
        before = turn


def _waits(before: Turn | None, begun: int, answered: int, tools: Iterable[ToolCall]) -> dict[str, int | None]:
    asked = before.end_ms if before is not None and before.speaker == "caller" else None
    worked = in_tools(tools, begun, answered)
    return {
        "end_of_turn_wait": begun - asked if asked is not None else None,
        "llm_first_token": answered - begun - worked,
        "tool": worked or None,
    }


def in_tools(calls: Iterable[ToolCall], begun: int, answered: int) -> int:
    """ms between the two in which a tool ran; tools at the same time count once."""
    total, counted = 0, begun
    times = sorted((one.start_ms, one.end_ms) for one in calls if one.start_ms is not None and one.end_ms is not None)
    for start, end in times:
        total += max(0, min(end, answered) - max(start, counted))
        counted = max(counted, end)
    return total
