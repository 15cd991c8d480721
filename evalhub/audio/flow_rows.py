"""The score rows about the flow of a call: greeting, interruptions both ways, overlap, dead air, what was heard."""

from __future__ import annotations

from collections.abc import Iterator

from evalhub.audio.heard import heard_text
from evalhub.audio.interruptions import (
    RESUME_MS,
    STOP_MS,
    YIELD_MS,
    BargeIn,
    agent_interruptions,
    barge_ins,
    disturbances,
    unknown_kinds,
)
from evalhub.audio.intervals import Interval, total
from evalhub.audio.latency_rows import GAPS, names_of
from evalhub.audio.scoring import moment, row, wilson
from evalhub.audio.segments import NOT_A_TURN
from evalhub.audio.silence import FAIL_MS, WARN_MS, Silence, overlaps, silence, talk_ratio
from evalhub.audio.talk import Talk
from evalhub.audio.turns import interval_of
from evalhub.models import Conversation, Score

YIELD_POLICY = {"window_ms": YIELD_MS, **GAPS}
STOP_POLICY = {"stop_ms": STOP_MS, "resume_ms": RESUME_MS, **GAPS}
SILENCE_POLICY = {"warn_ms": WARN_MS, "fail_ms": FAIL_MS}
UNHEARD_MS = 400
"""a track that begins later than this may have missed the greeting; turns seldom begin further off than that"""
NOTED_MS = 2_000
"""shorter silences are part of talking"""


def flow_rows(conversation: Conversation, talk: Talk) -> Iterator[Score]:
    """Everything about who speaks over whom, and when nobody does."""
    yield _greeting(conversation, talk)
    yield _agent_interruptions(talk)
    yield from _yielding(talk)
    yield _false_stops(talk)
    yield from _silence(talk)
    yield from _heard(conversation, talk)


def _greeting(conversation: Conversation, talk: Talk) -> Score:
    if talk.agent_from_ms > UNHEARD_MS and not _greets_from(conversation, talk.agent_from_ms - UNHEARD_MS):
        begins = f"the agent's track begins {talk.agent_from_ms / 1000:.1f} s into the call"
        return row(
            "greeting_ms", None, reason=f"not measurable: {begins}, and no turn tells that nothing was said before"
        )
    first = min((segment.start_ms for segment in talk.agent), default=None)
    if first is None:
        return row("greeting_ms", None, reason="nothing to measure: the agent never spoke")
    return row("greeting_ms", first, evidence=[moment((0, first), "agent")])


def _greets_from(conversation: Conversation, from_ms: int) -> bool:
    """Whether the agent's first turn is known to begin at this time or later."""
    turns = conversation.turns_of("agent")
    interval = interval_of(turns[0]) if turns else None
    return interval is not None and interval[0] >= from_ms


def _agent_interruptions(talk: Talk) -> Score:
    cut, turns = agent_interruptions(talk)
    return row(
        "agent_interruptions_per_turn",
        len(cut) / turns if turns else None,
        reason=None if turns else "nothing to count: no caller turn",
        counts={"n": turns, "interruptions": len(cut)},
        policy=GAPS,
        evidence=[moment(segment.interval, "agent") for segment in cut],
    )


def _yielding(talk: Talk) -> Iterator[Score]:
    found = barge_ins(talk)
    yield from map(_yield, found, names_of((one.caller for one in found), "caller"))
    yielded = sum(one.yield_ms <= YIELD_MS for one in found)
    yield row(
        "yield_rate",
        yielded / len(found) if found else None,
        reason=None if found else "nothing to count: no caller turn began while the agent spoke",
        verdict="pass" if yielded == len(found) else "fail",
        explanation=f"the agent gave way to {yielded} of {len(found)} barge-ins" if found else None,
        counts={"n": len(found), "yielded": yielded} | wilson(yielded, len(found)),
        policy=YIELD_POLICY,
        evidence=[moment(one.both_speak, "agent") for one in found],
    )


def _yield(one: BargeIn, turn_id: str) -> Score:
    in_time = one.yield_ms <= YIELD_MS
    went_on = f"the agent spoke on for {one.yield_ms / 1000:.1f} s"
    return row(
        "yield_ms",
        one.yield_ms,
        turn_id=turn_id,
        verdict="pass" if in_time else "fail",
        explanation=went_on if in_time else f"{went_on}, more than {YIELD_MS / 1000:g} s",
        policy=YIELD_POLICY,
        evidence=[moment(one.both_speak, "agent", turn_id=next(iter(one.agent.turn_ids), None))],
    )


def _false_stops(talk: Talk) -> Score:
    found = disturbances(talk)
    stopped = [one for one in found if one.stopped]
    why = None if found else f"nothing to count: no {', '.join(NOT_A_TURN)} during agent speech"
    return row(
        "false_stop_rate",
        len(stopped) / len(found) if found else None,
        reason="not measurable: caller segments without a kind" if unknown_kinds(talk) else why,
        counts={"n": len(found), "stopped": len(stopped)} | wilson(len(stopped), len(found)),
        policy=STOP_POLICY,
        evidence=[moment((one.caller.start_ms, one.agent.end_ms), "agent") for one in stopped],
    )


def _silence(talk: Talk) -> Iterator[Score]:
    both = overlaps(talk)
    yield row("overlap_ms", total(both), counts={"n": len(both)}, evidence=[moment(one) for one in both])
    yield from silence_rows(silence(talk))
    share = talk_ratio(talk)
    yield row("talk_ratio", share, reason=None if share is not None else "nothing to measure: nobody spoke")


def silence_rows(quiet: Silence) -> Iterator[Score]:
    """Dead air, and silence while a tool works."""
    yield _longest_dead_air(quiet.longest)
    yield _dead_air(quiet.dead_air)
    tool = [moment(one) for one in quiet.tool]
    yield row("tool_silence_ms", total(quiet.tool), counts={"n": len(tool)}, evidence=tool)


def _dead_air(found: list[Interval]) -> Score:
    long = [moment(one) for one in found if one[1] - one[0] >= NOTED_MS]
    policy = SILENCE_POLICY | {"evidence_from_ms": NOTED_MS}
    return row("dead_air_ms.total", total(found), counts={"n": len(found)}, policy=policy, evidence=long)


def _longest_dead_air(longest: Interval | None) -> Score:
    ms = longest[1] - longest[0] if longest else 0
    level = "fail" if ms >= FAIL_MS else "warn" if ms >= WARN_MS else None
    at = f"{ms / 1000:.1f} s of silence at {longest[0] / 1000:.1f} s" if longest else "no silence"
    return row(
        "dead_air_ms.longest",
        ms,
        verdict="fail" if level == "fail" else "pass",
        label=level,
        explanation=f"{at}, {(FAIL_MS if level == 'fail' else WARN_MS) // 1000} s or more" if level else at,
        policy=SILENCE_POLICY,
        evidence=[moment(longest)] if longest else [],
    )


def _heard(conversation: Conversation, talk: Talk) -> Iterator[Score]:
    gave_way = [one.agent for one in barge_ins(talk) if one.yield_ms <= YIELD_MS]
    cut = {turn_id for speech in gave_way for turn_id in speech.turn_ids[-1:]}
    for turn in conversation.turns_of("agent"):
        was_cut = turn.id in cut if turn.interrupted is None else turn.interrupted
        heard = heard_text(turn, conversation, talk) if was_cut else None
        if heard:
            yield row(
                "heard_text",
                heard.share,
                turn_id=turn.id,
                label=heard.text,
                explanation=f'heard, by {heard.source.replace("_", " ")}: "{heard.text}"',
                policy={"source": heard.source},
                evidence=[{"turn_id": turn.id, "channel": "agent", "quote": heard.text}],
            )
