"""A conversation on one time axis: everything the page draws, as JSON. Times are milliseconds from its start."""

from collections.abc import Mapping, Sequence
from typing import Any

from evalhub.models import AudioAnalysis, Conversation, Recording, Score

QUICK_MS, SLOW_MS = 1_000, 3_000
"""answers up to the one feel immediate; those over the other fail (docs/metrics.md#turn-taking)"""
TRACK_ORDER = {"stereo": 0, "mixed": 1, "caller": 2, "agent": 3}


def timeline(
    conversation: Conversation, scores: Sequence[Score], analyses: Mapping[str, AudioAnalysis]
) -> dict[str, Any]:
    """Lanes of the page: recordings, turns, tool calls, hand-offs, guardrail trips, scores at their moments."""
    recordings = playable(conversation.recordings, analyses)
    return {
        "duration_ms": _duration(conversation, recordings),
        "recordings": recordings,
        "turns": [_turn(turn) for turn in conversation.turns],
        "tools": [_tool(call) for call in conversation.tool_calls],
        "handoffs": [{"at_ms": h.at_ms, "to": h.to_agent, "kind": h.kind} for h in conversation.handoffs],
        "trips": [{"at_ms": trip.at_ms, "name": trip.name} for trip in conversation.guardrail_trips],
        "moments": [moment for score in scores for moment in _moments(score)],
        "answers": [answer for score in scores for answer in _answers(score)],
        "overlaps": _stretches(scores, "overlap_ms"),
        "dead_air": _stretches(scores, "dead_air_ms.total"),
    }


def playable(recordings: Sequence[Recording], analyses: Mapping[str, AudioAnalysis]) -> list[dict[str, Any]]:
    """The recordings to play and draw: one of both sides where there is one, else a track each."""
    ready = [(r, a) for r in recordings if r.sha256 and (a := analyses.get(r.sha256)) and a.state == "ready"]
    ready.sort(key=lambda pair: TRACK_ORDER[pair[0].track])
    whole = [pair for pair in ready if pair[0].track in ("stereo", "mixed")][:1]
    return [_recording(recording, analysis) for recording, analysis in whole or ready]


def _recording(recording: Recording, analysis: AudioAnalysis) -> dict[str, Any]:
    return {
        "track": recording.track,
        "sha256": recording.sha256,
        "channels": (recording.channels or [recording.track])[: analysis.channel_count or 1],
        "offset_ms": recording.offset_ms or 0,
        "duration_ms": analysis.duration_ms,
        "voiced": analysis.voiced,
    }


def _duration(conversation: Conversation, recordings: Sequence[Mapping[str, Any]]) -> int:
    ends: list[int] = [recording["offset_ms"] + (recording["duration_ms"] or 0) for recording in recordings]
    ends += [turn.end_ms or 0 for turn in conversation.turns] + [call.end_ms or 0 for call in conversation.tool_calls]
    return max([conversation.duration_ms or 0, *ends])


def _turn(turn: Any) -> dict[str, Any]:
    fields = ("id", "speaker", "start_ms", "end_ms", "interrupted", "kind")
    return {name: getattr(turn, name) for name in fields}


def _tool(call: Any) -> dict[str, Any]:
    bad = call.error is not None or call.status not in (None, "completed")
    return {"id": call.id, "name": call.name, "start_ms": call.start_ms, "end_ms": call.end_ms, "bad": bad}


def _answers(score: Score) -> list[dict[str, Any]]:
    """How long the caller waited for a turn, and where."""
    if score.metric != "turn_latency_ms" or score.subject_type != "turn" or score.value is None or not score.evidence:
        return []
    level = "quick" if score.value <= QUICK_MS else "slow" if score.value > SLOW_MS else "noticeable"
    at = {name: score.evidence[0][name] for name in ("start_ms", "end_ms")}
    return [{"turn_id": score.subject_id, "ms": score.value, "level": level, **at}]


def _stretches(scores: Sequence[Score], metric: str) -> list[list[int]] | None:
    """From when to when, as a metric found them; None where it was not measured."""
    found = next((score for score in scores if score.metric == metric and score.value is not None), None)
    return None if found is None else [[one["start_ms"], one["end_ms"]] for one in found.evidence]


def _moments(score: Score) -> list[dict[str, Any]]:
    """Where a verdict rests: only verdicts with a place in time are drawn."""
    placed = [found for found in score.evidence if found.get("start_ms") is not None]
    if score.verdict not in ("fail", "unsure") or not placed:
        return []
    text = score.explanation or score.metric
    return [{"at_ms": found["start_ms"], "verdict": score.verdict, "text": text} for found in placed[:3]]
