"""One LiveKit session from two sources: its spans and its report. Each fact is taken once, from who knows it better.

- times, agents, stages, hand-offs, what was heard: spans; a turn or tool that only the report has is added
- words that spans lack (redacted, speech-to-speech callers) or that were cut at the interruption: the report
- usage: spans, which know the turn, unless the report counts more (totals.larger)
- prompt: spans, which have the tools' schemas; outcome, tags, close reason, the recording's start: the report
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from evalhub.models import Conversation, Handoff, ToolCall, Turn

NEAR_MS = 500
"""both sources take their times from the same moments: what starts further apart is another turn"""
SPOKEN_TO = ("speech_to_speech", "half_cascade")
"""architectures whose model hears the caller itself: what it heard is transcribed beside, later"""
FIELDS = ("ended_at", "origin", "user_id", "agent_name", "agent_version", "architecture", "prompt")
FACTS = ("id", "arguments", "result", "error", "agent_name", "turn_id", "start_ms", "end_ms")


def joined(traced: Conversation, told: Conversation) -> Conversation:
    """The session of the spans, completed by what its report tells. Usage is the caller's."""
    same = _same_turns(traced, told)
    for ours, theirs in same:
        _complete(ours, theirs)
    ids = {theirs.id: ours.id for ours, theirs in same}
    traced.turns = _in_order([*traced.turns, *(turn for turn in told.turns if turn.id not in ids)])
    traced.tool_calls = _tools(traced.tool_calls, told.tool_calls, ids)
    traced.handoffs = _handoffs(traced.handoffs, told.handoffs)
    traced.stage_timings += [stage for stage in told.stage_timings if stage.turn_id not in ids]
    traced.recordings = told.recordings
    traced.models = ((told.models or {}) | (traced.models or {})) or None
    traced.meta = ((told.meta or {}) | (traced.meta or {})) or None
    for name in FIELDS:
        if getattr(traced, name) is None:
            setattr(traced, name, getattr(told, name))
    return traced


def _same_turns(traced: Conversation, told: Conversation) -> list[tuple[Turn, Turn]]:
    """Turns that both sources have, each from the spans and from the report."""
    found = _noted_turns(traced, told.turns) if traced.architecture in SPOKEN_TO else []
    free = [turn for turn in traced.turns if turn not in [ours for ours, _ in found]]
    for theirs in (turn for turn in told.turns if not _is_noted(turn)):
        ours = _nearest(theirs, [turn for turn in free if turn.speaker == theirs.speaker])
        if ours is not None:
            free.remove(ours)
            found.append((ours, theirs))
    return found


def _noted_turns(traced: Conversation, told: Sequence[Turn]) -> list[tuple[Turn, Turn]]:
    """Words of a speech-to-speech caller, which are noted late, and when they were spoken.

    Where there are as many of them as stretches without words they belong together in order, else each to the latest
    stretch that began before.
    """
    noted = [turn for turn in told if _is_noted(turn) and turn.speaker == "caller"]
    bare = [turn for turn in traced.turns if turn.speaker == "caller" and not turn.text and turn.start_ms is not None]
    if len(bare) == len(noted):
        return list(zip(bare, noted, strict=True))
    found = []
    for theirs in noted:
        before = [turn for turn in bare if (turn.start_ms or 0) <= (theirs.start_ms or 0)]
        if before:
            bare.remove(before[-1])
            found.append((before[-1], theirs))
    return found


def _nearest(theirs: Turn, candidates: Iterable[Turn]) -> Turn | None:
    at = theirs.start_ms
    timed = [(abs(turn.start_ms - at), turn) for turn in candidates if turn.start_ms is not None and at is not None]
    near = [one for one in timed if one[0] <= NEAR_MS]
    return min(near, key=lambda one: one[0], default=(0, None))[1]


def _is_noted(turn: Turn) -> bool:
    return "start_basis" in (turn.extra or {})


def _complete(ours: Turn, theirs: Turn) -> None:
    ours.text = ours.text or theirs.text
    ours.end_ms = theirs.end_ms if ours.end_ms is None else ours.end_ms
    ours.agent_name = ours.agent_name or theirs.agent_name
    if ours.interrupted and theirs.text and _is_start(theirs.text, ours.text):
        ours.heard_text = theirs.text  # cut by the session itself, in step with what was played


def _is_start(part: str, whole: str | None) -> bool:
    return whole is not None and len(part) < len(whole.strip()) and whole.startswith(part.rstrip(" .…"))


def _tools(traced: list[ToolCall], told: Iterable[ToolCall], turn_ids: dict[str, str]) -> list[ToolCall]:
    known = {tool.id: tool for tool in traced}
    for theirs in told:
        theirs.turn_id = turn_ids.get(theirs.turn_id or "", theirs.turn_id)
        ours = known.get(theirs.id) or _same_tool(theirs, traced) or known.setdefault(theirs.id, theirs)
        for name in FACTS:
            if getattr(ours, name) is None and not (name == "result" and ours.error is not None):
                setattr(ours, name, getattr(theirs, name))
    return _in_order([*known.values()])


def _same_tool(theirs: ToolCall, traced: Iterable[ToolCall]) -> ToolCall | None:
    """Older spans do not name the call: then it is the tool of this name that began at that moment."""
    at = theirs.start_ms
    same = (one for one in traced if one.name == theirs.name and one.start_ms is not None and ":" in one.id)
    return next((one for one in same if at is not None and abs((one.start_ms or 0) - at) <= NEAR_MS), None)


def _handoffs(traced: list[Handoff], told: Sequence[Handoff]) -> list[Handoff]:
    """Spans tell when a hand-off began, the report when it was done: the same pair of agents is the same one."""
    left = [(one.from_agent, one.to_agent) for one in traced]
    for theirs in told:
        pair = (theirs.from_agent, theirs.to_agent)
        if pair in left:
            left.remove(pair)
        else:
            traced = [*traced, theirs]
    return _in_order(traced, key="at_ms")


def _in_order(items: list[Any], key: str = "start_ms") -> list[Any]:
    ordered = sorted(items, key=lambda one: (getattr(one, key) is None, getattr(one, key) or 0))
    for position, one in enumerate(ordered):
        one.position = position
    return ordered
