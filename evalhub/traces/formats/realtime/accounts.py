"""What a session cost, each token once, and its responses as spans.

Meters never overlap: cached tokens are not counted as input again, audio and text are apart where the API says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from evalhub.models import Span, Usage
from evalhub.traces.formats.native_build import span_key
from evalhub.traces.formats.realtime.fields import amount, name, thing
from evalhub.traces.formats.realtime.log import Log, Response

KINDS = ("text", "audio", "image")
ToMs = Callable[[float | None], int | None]


def usage_of(log: Log, turn_ids: dict[str, str]) -> list[Usage]:
    """Quantities of every response, transcription and of a Live session. `turn_ids` by response id."""
    rows = []
    for response in log.responses.values():
        model = name(response.raw, "model") or response.settings.model
        for meter, quantity in meters(thing(response.raw, "usage")):
            rows.append(_row(response.id, model, meter, quantity, turn_ids.get(response.id)))
    for item_id, usage, model in log.transcriptions:
        for meter, quantity in meters(usage):
            rows.append(_row(f"{item_id}:transcription", model, meter, quantity, item_id))
    if log.live and log.live.seconds:
        rows.append(_row("session", log.settings.model, "audio_seconds", log.live.seconds, None))
    for position, row in enumerate(rows):
        row.position = position
    return rows


def _row(owner: str, model: str | None, meter: str, quantity: float, turn_id: str | None) -> Usage:
    return Usage(id=f"{owner}:{meter}", model=model, meter=meter, quantity=quantity, turn_id=turn_id)


def meters(usage: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """The quantities of one usage object that are not 0: apart by kind as far as the API tells them apart."""
    given, spoken = _details(usage, "input"), _details(usage, "output")
    cached, cached_by_kind = _tokens(given, "cached"), thing(given, "cached_tokens_details")
    found = {f"output_{kind}_tokens": _tokens(spoken, kind) for kind in KINDS}
    if not cached or cached_by_kind:
        found |= {f"input_{kind}_tokens": _tokens(given, kind) - _tokens(cached_by_kind, kind) for kind in KINDS}
        found |= {f"cached_input_{kind}_tokens": _tokens(cached_by_kind, kind) for kind in KINDS}
    else:
        found["cached_input_tokens"] = cached
    found["input_tokens"] = _tokens(usage, "input") - _sum(found, "input_")
    found["output_tokens"] = _tokens(usage, "output") - _sum(found, "output_")
    found["audio_seconds"] = amount(usage, "seconds") or 0.0
    yield from ((meter, float(quantity)) for meter, quantity in found.items() if quantity > 0)


def _details(usage: dict[str, Any], side: str) -> dict[str, Any]:
    return thing(usage, f"{side}_token_details") or thing(usage, f"{side}_tokens_details")


def _tokens(counts: dict[str, Any], kind: str) -> float:
    return amount(counts, f"{kind}_tokens") or 0.0


def _sum(found: dict[str, float], side: str) -> float:
    return sum(quantity for meter, quantity in found.items() if side in meter)


def spans_of(log: Log, to_ms: ToMs) -> list[Span]:
    """Every response as a span: of the speech-to-speech model, or of the back end's model in a Live session."""
    responses = enumerate(log.responses.values())
    return [_span(log, response, position, to_ms) for position, response in responses]


def _span(log: Log, response: Response, position: int, to_ms: ToMs) -> Span:
    model = name(response.raw, "model") or response.settings.model
    said = {
        key: response.raw.get(key) for key in ("status", "status_details", "usage", "metadata", "output_modalities")
    }
    return Span(
        id=span_key(log.session_id, response.id),
        position=position,
        trace_id=log.session_id,
        span_id=response.id,
        name=f"response {model}" if model else "response",
        kind="llm" if log.live else "s2s",
        start_ms=to_ms(response.created),
        end_ms=to_ms(response.done),
        status="error" if response.status == "failed" else "ok" if response.done or response.status else None,
        attributes={key: value for key, value in (said | {"model": model}).items() if value is not None},
    )
