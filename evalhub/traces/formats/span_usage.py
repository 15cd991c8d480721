"""What a model call cost, from the attributes of its span: GenAI, OpenInference, LiveKit and Pipecat names.

Totals of OpenAI-shaped services hold the cached tokens, those of Anthropic and Bedrock do not. Meters never overlap.
Call it for leaf model spans only: wrappers repeat their children.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalhub.models import Usage
from evalhub.traces.formats.loose import number
from evalhub.traces.formats.realtime.accounts import meters
from evalhub.traces.spans import SpanRecord

NAMES = {
    "input": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"),
    "output": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion"),
    "input_text": ("gen_ai.usage.text.input_tokens", "gen_ai.usage.input_text_tokens"),
    "input_audio": (
        "gen_ai.usage.audio.input_tokens",
        "gen_ai.usage.input_audio_tokens",
        "llm.token_count.prompt_details.audio",
    ),
    "output_text": ("gen_ai.usage.text.output_tokens", "gen_ai.usage.output_text_tokens"),
    "output_audio": (
        "gen_ai.usage.audio.output_tokens",
        "gen_ai.usage.output_audio_tokens",
        "llm.token_count.completion_details.audio",
    ),
    "cached": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.input_cached_tokens",
        "llm.token_count.prompt_details.cache_read",
    ),
    "cached_audio": ("gen_ai.usage.audio.cache_read.input_tokens",),
    "cached_text": ("gen_ai.usage.text.cache_read.input_tokens",),
}
MODELS = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.response.model_name",
    "llm.model_name",
    "llm.request.model_name",
)
PROVIDERS = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system")
CACHED_APART = ("anthropic", "bedrock")


def usage_of(span: SpanRecord, turn_id: str | None = None) -> list[Usage]:
    """The quantities of one model call; nothing for a span that names none."""
    model = model_of(span)
    rows = []
    for meter, quantity in meters(_as_usage(span)):
        rows.append(Usage(id=f"{span.key}:{meter}", model=model, meter=meter, quantity=quantity, turn_id=turn_id))
    return rows


def model_of(span: SpanRecord) -> str | None:
    """The model that answered, else the one that was asked."""
    found = span.first(*MODELS)
    return found if isinstance(found, str) and found else None


def _as_usage(span: SpanRecord) -> dict[str, Any]:
    """The counts in the shape of the Realtime API's usage object."""
    counts = {name: max(0.0, number(span.first(*keys)) or 0.0) for name, keys in NAMES.items()}
    provider = str(span.first(*PROVIDERS) or "").lower()
    apart = any(name in provider for name in CACHED_APART)
    return {
        "input_tokens": counts["input"] + (counts["cached"] if apart else 0),
        "output_tokens": counts["output"],
        "input_token_details": dict(_input_details(counts)),
        "output_token_details": {"text_tokens": counts["output_text"], "audio_tokens": counts["output_audio"]},
    }


def _input_details(counts: dict[str, float]) -> Iterator[tuple[str, Any]]:
    yield from (("text_tokens", counts["input_text"]), ("audio_tokens", counts["input_audio"]))
    yield "cached_tokens", counts["cached"]
    if counts["cached_audio"] or counts["cached_text"]:
        yield (
            "cached_tokens_details",
            {"text_tokens": counts["cached_text"], "audio_tokens": counts["cached_audio"]},
        )
