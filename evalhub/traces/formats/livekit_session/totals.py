"""What a LiveKit session used in all, by kind of model, as its report tells it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalhub.models import Usage
from evalhub.traces.formats.loose import listing, mapping, number, words
from evalhub.traces.formats.realtime.accounts import meters

KINDS = {"llm_usage": "llm", "tts_usage": "tts", "stt_usage": "stt"}
OWN_METERS = {"tts": ("characters", "characters_count"), "stt": ("audio_seconds", "audio_duration")}
DETAILS = ("audio", "text", "image")
ByKind = dict[str, list[Usage]]


def models_of(report: dict[str, Any]) -> dict[str, Any]:
    """The first model of each kind; one that heard or gave sound is a speech-to-speech model."""
    named = ((_kind(kind, used), words(used.get("model"))) for kind, used in reversed([*_used(report)]))
    return {kind: model for kind, model in named if model}


def _kind(kind: str, used: dict[str, Any]) -> str:
    sounds = _count(used, "input_audio") + _count(used, "output_audio")
    return "s2s" if kind == "llm" and sounds else kind


def totals(report: dict[str, Any]) -> ByKind:
    """Quantities by kind of model (llm, tts, stt), of the whole session."""
    found: ByKind = {}
    for kind, used in _used(report):
        model = words(used.get("model"))
        for meter, quantity in _quantities(kind, used):
            id_ = f"session:{used.get('provider')}:{model}:{kind}:{meter}"
            row = Usage(id=id_, model=model, meter=meter, quantity=quantity)
            found.setdefault(kind, []).append(row)
    return found


def larger(traced: ByKind, told: ByKind) -> list[Usage]:
    """Each kind from one source: from spans, which know the turn, unless they lack some of what was used in all."""
    kept = []
    for kind in {**traced, **told}:
        ours, theirs = traced.get(kind, []), told.get(kind, [])
        kept += ours if _sum(ours) >= _sum(theirs) else theirs
    return kept


def _used(report: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for used in map(mapping, listing(report.get("usage"))):
        if kind := KINDS.get(str(used.get("type"))):
            yield kind, used


def _quantities(kind: str, used: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Seconds and characters where there are any, else tokens: they are the same use in two units."""
    meter, name = OWN_METERS.get(kind, ("", ""))
    own = number(used.get(name))
    if own and own > 0:
        yield meter, own
    else:
        yield from meters(_as_usage(used))


def _as_usage(used: dict[str, Any]) -> dict[str, Any]:
    """The counts in the shape of the Realtime API's usage object: LiveKit's totals hold the cached tokens."""
    given, spoken, cached = (
        {kind: _count(used, side, kind) for kind in DETAILS} for side in ("input", "output", "input_cached")
    )
    details: dict[str, Any] = {f"{kind}_tokens": count for kind, count in given.items()}
    details["cached_tokens"] = _count(used, "input_cached")
    if any(cached.values()):
        details["cached_tokens_details"] = {f"{kind}_tokens": count for kind, count in cached.items()}
    return {
        "input_tokens": _count(used, "input"),
        "output_tokens": _count(used, "output"),
        "input_token_details": details,
        "output_token_details": {f"{kind}_tokens": count for kind, count in spoken.items()},
    }


def _count(used: dict[str, Any], *path: str) -> float:
    return max(0.0, number(used.get("_".join([*path, "tokens"]))) or 0.0)


def _sum(rows: list[Usage]) -> float:
    return round(sum(row.quantity for row in rows), 3)
