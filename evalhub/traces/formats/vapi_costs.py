"""What Vapi bills for a call: quantities and dollars of each part, and by that which models served it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalhub.models import Conversation, Usage
from evalhub.traces.formats import reports
from evalhub.traces.formats.realtime.accounts import meters
from evalhub.traces.formats.realtime.fields import listed, name, text, thing
from evalhub.traces.formats.span_usage import CACHED_APART


def usage_of(report: dict[str, Any]) -> list[Usage]:
    """Quantities and dollars of each part of the call, once, and what `cost` holds beyond the list of `costs`."""
    rows = [row for index, part in enumerate(listed(report, "costs")) for row in _part(f"cost-{index + 1}", part)]
    return reports.numbered([*rows, *reports.rest(rows, "vapi", reports.count(report, "cost"))])


def _part(owner: str, part: dict[str, Any]) -> Iterator[Usage]:
    model = _model(part)
    for meter, quantity in _meters(part):
        yield Usage(id=f"{owner}:{meter}", model=model, meter=meter, quantity=quantity)
    yield from reports.cost(owner, model, reports.count(part, "cost"))


def _model(row: dict[str, Any]) -> str | None:
    """What it was that cost: a model, a voice's provider, the carrier, Vapi itself."""
    kind = text(row, "type") or ""
    thing_ = thing(row, kind) or thing(row, "model")
    return name(thing_, "model") or name(thing_, "provider") or name(row, "provider") or name(row, "type")


def _meters(row: dict[str, Any]) -> Iterator[tuple[str, float]]:
    cached, given = reports.count(row, "cachedPromptTokens") or 0.0, reports.count(row, "promptTokens") or 0.0
    apart = any(word in (text(row, "model", "provider") or "").lower() for word in CACHED_APART)
    yield from meters(
        {
            "input_tokens": given + (cached if apart else 0.0),
            "input_token_details": {"cached_tokens": cached},
            "output_tokens": reports.count(row, "completionTokens") or 0.0,
        }
    )
    if text(row, "type") == "transcriber" and (minutes := reports.count(row, "minutes")):
        yield "audio_seconds", round(minutes * 60, 3)
    if characters := reports.count(row, "characters"):
        yield "characters", characters


def name_models(conversation: Conversation, report: dict[str, Any]) -> None:
    """Which models the call was billed for; with one of each kind it was a chain of them."""
    of = {text(row, "type"): row for row in reversed(listed(report, "costs"))}
    found = {
        "stt": name(of.get("transcriber"), "transcriber", "model"),
        "llm": name(of.get("model"), "model", "model"),
        "tts": name(of.get("voice"), "voice", "model") or name(of.get("voice"), "voice", "provider"),
    }
    conversation.models = reports.known(found) or None
    conversation.voice = name(of.get("voice"), "voice", "voiceId")
    conversation.architecture = "chained" if all(found.values()) else None
