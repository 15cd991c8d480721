"""What a model server's answer comes to, whichever of its endpoints gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Token:
    """A piece of an answer, and how likely (0 to 1) this and other pieces were in its place."""

    text: str
    likely: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back: the text or the refusal, why it ended there, and what it took."""

    text: str
    refusal: str | None
    finish_reason: str | None
    model: str
    request_id: str | None
    usage: dict[str, int] = field(default_factory=dict)
    """input_tokens, output_tokens, and of the input cached_tokens, cache_write_tokens and audio_tokens; fewer where
    a server counts less"""
    tokens: list[Token] = field(default_factory=list)
    """empty where the server gives no log-probabilities"""

    @property
    def refused(self) -> str | None:
        """Why there is no answer, where the model or its filter would not give one."""
        if self.refusal:
            return self.refusal
        return "stopped by its content filter" if self.finish_reason == "content_filter" else None


def usage_of(usage: Mapping[str, Any] | None) -> dict[str, int]:
    """Tokens under one name each, as Chat Completions and Responses spell them; what is not counted is not there."""
    given = usage or {}
    details = given.get("prompt_tokens_details") or given.get("input_tokens_details") or {}
    counted = {
        "input_tokens": given.get("prompt_tokens", given.get("input_tokens")),
        "output_tokens": given.get("completion_tokens", given.get("output_tokens")),
        "cached_tokens": details.get("cached_tokens"),
        "cache_write_tokens": details.get("cache_write_tokens") or None,
        "audio_tokens": details.get("audio_tokens") or None,
    }
    return {name: count for name, count in counted.items() if isinstance(count, int)}
