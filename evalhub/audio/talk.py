"""Who spoke when: the one thing turn-taking reads, from sound, from annotation or from the turns' own times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from evalhub.audio.intervals import Interval, union
from evalhub.audio.segments import Segment, from_intervals, from_turns, merged
from evalhub.audio.tracks import Tracks
from evalhub.audio.turns import call_length_ms
from evalhub.models import Conversation, ToolCall

USER_GAP_MS, AGENT_GAP_MS = 600, 500


@dataclass(frozen=True, kw_only=True)
class Talk:
    """The segments of both sides on one clock, the observed part of the call, and when tools worked."""

    caller: tuple[Segment, ...]
    agent: tuple[Segment, ...]
    observed: Interval
    basis: str
    """audio | annotated | events"""
    agent_from_ms: int = 0
    """from when on the agent would have been heard: its track may begin later than the call"""
    tools: tuple[Interval, ...] = ()
    tool_turns: frozenset[str] = frozenset()
    """agent turns that had a tool call whose times nobody knows"""

    @property
    def caller_turns(self) -> list[Segment]:
        """U*: caller segments with gaps of at most 600 ms merged."""
        return merged(self.caller, USER_GAP_MS)

    @property
    def agent_turns(self) -> list[Segment]:
        """A*: agent segments with gaps of at most 500 ms merged."""
        return merged(self.agent, AGENT_GAP_MS)


def talk_of(conversation: Conversation, tracks: Tracks) -> Talk | None:
    """The best source there is: both tracks, else `voiced`, else the turns' times; None where nobody knows."""
    return _from_audio(conversation, tracks) or _from_annotation(conversation) or _from_events(conversation)


def _from_audio(conversation: Conversation, tracks: Tracks) -> Talk | None:
    if not tracks.both:
        return None
    caller, agent = tracks.both
    observed = max(caller.span[0], agent.span[0]), min(caller.span[1], agent.span[1])
    talk = _talk(conversation, caller.voiced, agent.voiced, observed=observed, basis="audio")
    return replace(talk, agent_from_ms=agent.span[0])


def _from_annotation(conversation: Conversation) -> Talk | None:
    given = conversation.voiced or {}
    if not given.get("caller") and not given.get("agent"):
        return None
    caller, agent = (union((int(a), int(b)) for a, b in given.get(side) or []) for side in ("caller", "agent"))
    return _talk(conversation, caller, agent, observed=_whole(conversation, caller + agent), basis="annotated")


def _from_events(conversation: Conversation) -> Talk | None:
    caller, agent = from_turns(conversation.turns_of("caller")), from_turns(conversation.turns_of("agent"))
    if not caller or not agent:
        return None
    observed = _whole(conversation, [segment.interval for segment in caller + agent])
    return _with_tools(conversation, caller, agent, observed=observed, basis="events")


def _whole(conversation: Conversation, spoken: Iterable[Interval]) -> Interval:
    """From connect to hang-up, or to the last word where nobody knows when that was."""
    last = max((end for _, end in spoken), default=0)
    return 0, max(call_length_ms(conversation) or 0, last)


def _talk(
    conversation: Conversation, caller: list[Interval], agent: list[Interval], *, observed: Interval, basis: str
) -> Talk:
    return _with_tools(
        conversation,
        from_intervals(caller, conversation.turns_of("caller")),
        from_intervals(agent, conversation.turns_of("agent")),
        observed=observed,
        basis=basis,
    )


def _with_tools(
    conversation: Conversation, caller: list[Segment], agent: list[Segment], *, observed: Interval, basis: str
) -> Talk:
    return Talk(
        caller=tuple(caller),
        agent=tuple(agent),
        observed=observed,
        basis=basis,
        tools=tools_of(conversation),
        tool_turns=frozenset(call.turn_id for call in _made(conversation) if call.turn_id and call.start_ms is None),
    )


def tools_of(conversation: Conversation) -> tuple[Interval, ...]:
    """When tools worked, in order."""
    return tuple(sorted(interval for call in _made(conversation) if (interval := _worked(call))))


def _made(conversation: Conversation) -> list[ToolCall]:
    return [call for call in conversation.tool_calls if call.status != "cancelled"]


def _worked(call: ToolCall) -> Interval | None:
    if call.start_ms is None:
        return None
    return call.start_ms, max(call.start_ms, call.end_ms or call.start_ms)
