"""A directed scene as a conversation in the native format."""

from datetime import datetime, timedelta
from typing import Any

from script import Scene
from telemetry import stage_timings, usage
from timeline import Timeline, Turn

LANGUAGE = "en-US"


def conversation(scene: Scene, timeline: Timeline) -> dict[str, Any]:
    """The object that goes into the file; what the scene says nothing about is left out."""
    whole = {
        "id": scene.id,
        "started_at": scene.started_at,
        "ended_at": later(scene.started_at, timeline.ms),
        "origin": "production",
        "channel": scene.channel,
        "language": LANGUAGE,
        "tags": scene.tags,
        "user_id": scene.user_id,
        "metadata": scene.metadata,
        **scene.agent,
        "turns": [turn_of(turn) for turn in sorted(timeline.turns, key=lambda turn: turn.start_ms)],
        "tool_calls": timeline.tool_calls,
        "handoffs": timeline.handoffs,
        "guardrails": scene.guardrails,
        "guardrail_trips": timeline.trips,
        "stage_timings": stage_timings(scene, timeline),
        "usage": usage(scene, timeline),
        "recordings": [{"track": "stereo", "channels": ["caller", "agent"], "path": f"{scene.case}.{scene.audio}"}],
        "end_state": scene.end_state,
        "outcome": scene.outcome,
        "expectations": scene.expectations,
        "feedback": scene.feedback,
    }
    return {key: value for key, value in whole.items() if value not in (None, [], {})}


def turn_of(turn: Turn) -> dict[str, Any]:
    say = turn.say
    entry = {"id": turn.id, "speaker": say.speaker, "agent_name": turn.agent_name}
    entry |= {"start_ms": turn.start_ms, "end_ms": turn.end_ms, "text": say.transcribed or say.text}
    entry |= {"reference_text": say.text if say.transcribed else None, "kind": say.kind}
    if turn.speech.text != say.text:
        entry |= {"heard_text": turn.speech.text, "interrupted": True}
    return {key: value for key, value in entry.items() if value is not None}


def later(started_at: str, ms: int) -> str:
    ended = datetime.fromisoformat(started_at) + timedelta(milliseconds=ms)
    return ended.isoformat(timespec="milliseconds").replace("+00:00", "Z")
