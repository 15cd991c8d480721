"""Where an answer's latency went, stage after stage, as bars under the turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalhub.audio.stages import STAGES, breakdown, reported_stages
from evalhub.models import Conversation

TITLES = {
    "end_of_turn_wait": "end-of-turn wait",
    "stt": "speech to text",
    "llm_first_token": "model's first token",
    "tool": "tools",
    "tts_first_byte": "first sound of the voice",
    "transport": "transport",
    "unexplained": "not explained",
}


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One stage. `at` and `width` are shares of the whole, 0 to 1."""

    stage: str
    title: str
    ms: float
    at: float
    width: float


def waterfalls(conversation: Conversation, latency_ms: Mapping[str, float | None]) -> dict[str, Sequence[Bar]]:
    """Bars by turn, for turns whose stages the client reports. `latency_ms`: the heard latency by turn, where known.

    Stages lie one after the other, as they do in a chain; what the heard latency holds beyond them comes last. Stages
    that sum to more than was heard ran beside each other: then nothing is unexplained.
    """
    stages = reported_stages(conversation)
    return {turn_id: _bars(breakdown(found, latency_ms.get(turn_id))) for turn_id, found in stages.items()}


def _bars(parts: Mapping[str, float | None]) -> Sequence[Bar]:
    known = [(stage, ms) for stage in (*STAGES, "unexplained") if (ms := parts.get(stage)) is not None and ms > 0]
    whole = sum(ms for _, ms in known) or 1.0
    bars, at = [], 0.0
    for stage, ms in known:
        bars.append(Bar(stage=stage, title=TITLES[stage], ms=ms, at=at / whole, width=ms / whole))
        at += ms
    return bars
