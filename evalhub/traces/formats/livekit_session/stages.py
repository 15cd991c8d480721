"""How long each stage before an answer took, from the metrics that LiveKit writes on messages. Seconds in, ms out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalhub.models import StageTiming, ToolCall
from evalhub.traces.formats.loose import number

S = 1000
"""ms"""


def waits(metrics: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
    heard, over = (number(metrics.get(f"{name}_delay")) for name in ("transcription", "end_of_turn"))
    yield "stt", heard
    yield "end_of_turn_wait", max(0.0, over - (heard or 0)) if over is not None else None


def first_outputs(metrics: dict[str, Any]) -> dict[str, float | None]:
    names = {"llm_first_token": "llm_node_ttft", "tts_first_byte": "tts_node_ttfb"}
    return {stage: number(metrics.get(name)) for stage, name in names.items()}


def spent(tools: list[ToolCall]) -> float | None:
    known = [tool.end_ms - tool.start_ms for tool in tools if tool.start_ms is not None and tool.end_ms is not None]
    return sum(known) / S if known else None


def stages(turn_id: str, seconds: dict[str, float | None]) -> Iterator[StageTiming]:
    for position, (stage, took) in enumerate(seconds.items()):
        if took is not None:
            yield StageTiming(
                id=f"{turn_id}:{stage}", position=position, turn_id=turn_id, stage=stage, ms=round(took * S, 3)
            )
