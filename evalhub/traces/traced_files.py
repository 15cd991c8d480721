"""Files of spans without a server: the calls in them, read by their dialects, with the spans themselves."""

from __future__ import annotations

from collections.abc import Iterable

from evalhub.errors import BadInput
from evalhub.models import Span
from evalhub.traces import dialects
from evalhub.traces.formats import Parsed
from evalhub.traces.formats.otlp import Decoded
from evalhub.traces.grouping import calls_of
from evalhub.traces.spans import SpanRecord, TracedCall


def parse_records(bodies: Iterable[Decoded]) -> Parsed:
    """The calls in these records, put together across bodies.

    Raises:
        BadInput: there is no span in them.
    """
    found = list(bodies)
    calls = calls_of([span for body in found for span in body.spans], [log for body in found for log in body.logs])
    if not calls:
        raise BadInput("There are no spans here.")
    whole = Parsed()
    for call in calls:
        parsed = dialects.read(call)
        for conversation in parsed.conversations:
            conversation.spans = [_span(call, span, position) for position, span in enumerate(call.spans)]
        whole.conversations += parsed.conversations
        whole.audio += parsed.audio
    return whole


def _span(call: TracedCall, span: SpanRecord, position: int) -> Span:
    return Span(
        id=span.key,
        position=position,
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_id=span.parent_id,
        name=span.name,
        kind=dialects.kind_of(span),
        start_ms=call.ms(span.start_ns),
        end_ms=call.ms(span.end_ns),
        status=span.status,
        message=span.message,
        attributes=span.attributes,
        events=span.events,
    )
