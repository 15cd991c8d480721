"""Where an answer's latency went, from the stages the client reports against what was heard."""

from __future__ import annotations

from collections import defaultdict

from evalhub.models import Conversation

STAGES = ("end_of_turn_wait", "stt", "llm_first_token", "tool", "tts_first_byte", "transport")


def reported_stages(conversation: Conversation) -> dict[str, dict[str, float]]:
    """Milliseconds by agent turn and stage; a stage reported several times (two tools) is summed."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for timing in conversation.stage_timings:
        if timing.turn_id and timing.stage in STAGES:
            stages = found[timing.turn_id]
            stages[timing.stage] = stages.get(timing.stage, 0.0) + timing.ms
    return dict(found)


def breakdown(stages: dict[str, float], latency_ms: float | None) -> dict[str, float | None]:
    """Every stage (None where unknown) and `unexplained`: what the heard latency holds beyond the known stages."""
    known: dict[str, float | None] = {stage: stages.get(stage) for stage in STAGES}
    rest = None if latency_ms is None else latency_ms - sum(stages.values())
    return known | {"unexplained": rest}
