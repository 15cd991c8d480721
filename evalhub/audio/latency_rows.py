"""The score rows about answers: latency per turn and over the call, the reported latency beside it, its stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from evalhub.audio.replies import ANSWERED, DEADLINE_MS, MISSED, Reply, counts, replies
from evalhub.audio.scoring import moment, percentile, row, wilson
from evalhub.audio.segments import Segment
from evalhub.audio.stages import breakdown, reported_stages
from evalhub.audio.talk import AGENT_GAP_MS, USER_GAP_MS, Talk
from evalhub.models import Conversation, Score

SLOW_P95_MS = 3000
SHARES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
GAPS = {"caller_gap_ms": USER_GAP_MS, "agent_gap_ms": AGENT_GAP_MS}
POLICY = {"deadline_ms": DEADLINE_MS, "fail_p95_over_ms": SLOW_P95_MS, **GAPS}

Answers = list[tuple[Reply, str]]
"""answered replies, each with the id its rows carry"""


def latency_rows(conversation: Conversation, talk: Talk) -> Iterator[Score]:
    """Everything about how soon the agent answers."""
    found = replies(talk)
    answers = _named([reply for reply in found if reply.outcome == ANSWERED])
    for reply, turn_id in answers:
        yield row("turn_latency_ms", reply.latency_ms, turn_id=turn_id, policy=POLICY, evidence=_evidence(reply))
    yield from _percentiles("", [reply for reply, _ in answers], counts(found))
    for split, after_tool in ((".with_tool", True), (".without_tool", False)):
        if chosen := [reply for reply, _ in answers if reply.after_tool is after_tool]:
            yield from _percentiles(split, chosen, {"n": len(chosen)})
    yield _response_rate(found)
    yield from _reported(conversation, talk, answers)
    yield from _stages(conversation, answers)


def names_of(segments: Iterable[Segment], side: str) -> list[str]:
    """The ids that rows about these segments carry: the first turn of each, else the moment it begins.

    Of several segments of one turn only the first takes the turn's id.
    """
    names: list[str] = []
    for segment in segments:
        turn_id = next(iter(segment.turn_ids), None)
        names.append(turn_id if turn_id and turn_id not in names else f"{side}@{segment.start_ms}")
    return names


def _named(answered: list[Reply]) -> Answers:
    """The agent turn that answers names the row."""
    return list(zip(answered, names_of((reply.agent for reply in answered if reply.agent), "agent"), strict=True))


def _percentiles(split: str, chosen: Sequence[Reply], found: dict[str, Any]) -> Iterator[Score]:
    latencies = [reply.latency_ms for reply in chosen]
    slowest = max(chosen, key=lambda reply: reply.latency_ms, default=None)
    for name, share in SHARES.items():
        value = percentile(latencies, share) if latencies else None
        is_judged, slow = name == "p95" and not split, _slow(value)
        yield row(
            f"turn_latency_ms{split}.{name}",
            value,
            reason=None if latencies else "nothing to measure: no caller turn was answered",
            verdict=("fail" if slow else "pass") if is_judged else None,
            explanation=slow if is_judged else None,
            counts=found,
            policy=POLICY,
            evidence=_evidence(slowest) if slowest else [],
        )


def _slow(p95_ms: float | None) -> str | None:
    """What to say of a p95 that is over the target."""
    if p95_ms is None or p95_ms <= SLOW_P95_MS:
        return None
    return f"slow answers: p95 {p95_ms / 1000:.1f} s, target {SLOW_P95_MS / 1000:.1f} s"


def _evidence(reply: Reply) -> list[dict[str, Any]]:
    turn_id = reply.agent.turn_ids[0] if reply.agent and reply.agent.turn_ids else None
    return [moment(reply.silence, "agent", turn_id=turn_id)]


def _response_rate(found: list[Reply]) -> Score:
    answered = sum(reply.outcome == ANSWERED for reply in found)
    missed = [reply.caller for reply in found if reply.outcome == MISSED]
    n = answered + len(missed)
    return row(
        "response_rate",
        answered / n if n else None,
        reason=None if n else "nothing to count: no caller turn was owed an answer",
        counts=counts(found) | wilson(answered, n),
        policy=POLICY,
        evidence=[moment((one.end_ms, one.end_ms + DEADLINE_MS), "agent") for one in missed],
    )


def _reported(conversation: Conversation, talk: Talk, answers: Answers) -> Iterator[Score]:
    """Heard against reported latency, where the two are independent of each other."""
    gaps = []
    for reply, turn_id in answers if talk.basis != "events" else []:
        reported = _reported_latency(conversation, reply)
        if reported is not None:
            gaps.append(reply.latency_ms - reported)
            what = f"heard after {reply.latency_ms} ms, reported {reported} ms"
            yield row("reported_gap_ms", gaps[-1], turn_id=turn_id, explanation=what, evidence=_evidence(reply))
    why = None if gaps else "not measurable: no latency was reported beside the one that was heard"
    yield row("reported_gap_ms.p50", percentile(gaps, 0.5) if gaps else None, reason=why, counts={"n": len(gaps)})


def _reported_latency(conversation: Conversation, reply: Reply) -> int | None:
    """What the client's own figure, else its turns' times, say about this answer."""
    asked = conversation.turn(reply.caller.turn_ids[-1] if reply.caller.turn_ids else None)
    answer = conversation.turn(reply.agent.turn_ids[0] if reply.agent and reply.agent.turn_ids else None)
    told = (answer.extra or {}).get("reported_latency_ms") if answer else None
    if isinstance(told, int | float):
        return round(told)
    if asked is None or answer is None or asked.end_ms is None or answer.start_ms is None:
        return None
    return answer.start_ms - asked.end_ms


def _stages(conversation: Conversation, answers: Answers) -> Iterator[Score]:
    latencies = {turn_id: reply.latency_ms for reply, turn_id in answers}
    for turn_id, stages in reported_stages(conversation).items():
        latency = latencies.get(turn_id)
        parts = breakdown(stages, latency)
        for stage, ms in stages.items():
            yield row(f"stage_ms.{stage}", ms, turn_id=turn_id)
        why = None if latency is not None else "not measurable: this turn's latency was not heard"
        yield row("stage_ms.unexplained", parts["unexplained"], turn_id=turn_id, reason=why, label=parts)
